"""Rankings by something else than one cosine, exactly: bounds from float32 choose whom float64 ranks.

V words, n vectors, m candidates, k answers. A product over the whole matrix in float32 says of each word's score only
between which bounds it lies. Whoever may be among the k best is then scored in float64, each word by itself, so that
equal words score equal wherever they stand.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from service.engine.patterns import Mask
from service.engine.space import Selection
from service.nearest import Doubles, Found, Rows
from service.nearest.scan import float_error
from storage.embeddings import Floats

_ROWS_IN_CACHE = 1024  # read from memory once, however many vectors they are multiplied with
_ROWS_AT_ONCE = 8192


@dataclass(frozen=True, eq=False)
class Scores:
    """The scores of all words, as far as they are known.

    Attributes:
        low: (V,) none is smaller; -inf for words that have no score.
        high: (V,) none is larger.
        exact: gives the (m,) scores of m rows.
    """

    low: Doubles
    high: Doubles
    exact: Callable[[Rows], Doubles]


def best(scores: Scores, selection: Selection, more: int = 0) -> Found:
    """The `topn` (and some more) best of the selected words, or all there are; ties by row."""
    low, rows = scores.low, np.flatnonzero(_qualifies(scores, selection))  # (n,)
    k = min(selection.topn + more, len(rows))
    if k == 0:
        return Found(np.zeros(0, np.intp), np.zeros(0))
    kth = np.partition(low[rows], len(rows) - k)[len(rows) - k]
    candidates = rows[scores.high[rows] >= kth]  # (m,), m >= k
    exact = scores.exact(candidates)
    order = np.lexsort((candidates, -exact))[:k]
    order = order[exact[order] >= selection.least]
    return Found(candidates[order], exact[order])


def _qualifies(scores: Scores, selection: Selection) -> Mask:
    """(V,) bool, the words that have a score and are selected."""
    qualifies = scores.low > -np.inf
    if selection.allowed is not None:
        qualifies &= selection.allowed
    qualifies[list(selection.denied)] = False
    return qualifies


def cosine_bounds(unit: Floats, vectors: Doubles) -> tuple[Doubles, Doubles]:
    """(n, V) bounds of the cosines of V unit rows with n vectors of length 1, or zero."""
    vectors = vectors.astype(np.float32)
    rough = np.empty((len(vectors), len(unit)))  # (n, V)
    for start in range(0, len(unit), _ROWS_IN_CACHE):
        block = unit[start : start + _ROWS_IN_CACHE]
        for each, vector in zip(rough, vectors, strict=True):
            each[start : start + len(block)] = block @ vector
    off = float_error(unit.shape[1])
    return (rough - off).clip(-1, 1), (rough + off).clip(-1, 1)


def in_blocks(rows: Rows, score: Callable[[Rows], Doubles]) -> Doubles:
    """(n,) the scores of n rows, some thousand at a time, for their vectors take room."""
    parts = [score(rows[start : start + _ROWS_AT_ONCE]) for start in range(0, len(rows), _ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0)
