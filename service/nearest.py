"""The one routine that ranks: which rows of a matrix of unit vectors are nearest to given vectors, exactly.

V words, D dimensions, n candidates, k answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats

_ROWS_AT_ONCE = 8192

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be found.

    Attributes:
        vector: (D,) float64 of length 1.
        k: how many rows.
        banned: rows that are left out.
        allowed: (V,) bool, the rows among which is chosen; None for all.
        least: the smallest cosine that counts.
    """

    vector: Doubles
    k: int
    banned: Sequence[int] = ()
    allowed: NDArray[np.bool_] | None = None
    least: float = -1.0


@dataclass(frozen=True, eq=False)
class Found:
    """The k nearest rows, or all there are; ties by row, so k = 5 is a prefix of k = 50.

    Attributes:
        rows: (n,) rows, nearest first.
        scores: (n,) their cosines, exact in float64 for the float32 rows.
    """

    rows: Rows
    scores: Doubles


class Index:
    """Finds the nearest rows of a (V, D) matrix of unit vectors; only ever read, so threads can share it."""

    def __init__(self, unit: Floats) -> None:
        self.unit = unit
        # how far a float32 score can be from the float64 one: D products and sums, and the rounded unit vectors
        self._rounding = (unit.shape[1] + 8) * float(np.finfo(np.float32).eps)

    def nearest(self, wanted: Sequence[Wanted]) -> list[Found]:
        """What each of them asks for; the answer to one does not depend on the others."""
        return [self._nearest(each) for each in wanted]

    def cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines of n rows with a (D,) unit vector; 0 for zero vectors, never outside [-1, 1]."""
        blocks = (rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE))
        parts = [_cosines(self.unit[block].astype(np.float64), vector) for block in blocks]
        return np.concatenate(parts) if parts else np.zeros(0)

    def _nearest(self, wanted: Wanted) -> Found:
        """The nearest rows for one of them.

        One float32 product over all rows chooses the candidates: whoever may be among the k best, given how far
        float32 can be off. Float64 then ranks them, each row computed by itself, so that equal vectors score equal
        wherever they stand.
        """
        rough = self.unit @ wanted.vector.astype(np.float32)  # (V,)
        rough[list(wanted.banned)] = -np.inf
        if wanted.allowed is not None:
            rough[~wanted.allowed] = -np.inf
        k = min(wanted.k, int(np.count_nonzero(rough > -np.inf)))
        if k == 0:
            return Found(np.zeros(0, np.intp), np.zeros(0))
        kth = np.partition(rough, len(rough) - k)[len(rough) - k]
        candidates = np.flatnonzero(rough >= kth - 2 * self._rounding)  # (n,), n >= k
        scores = self.cosines(candidates, wanted.vector)  # (n,)
        best = np.lexsort((candidates, -scores))[:k]
        best = best[scores[best] >= wanted.least]
        return Found(candidates[best], scores[best])


def unit_rows(matrix: Floats) -> Floats:
    """The (V, D) matrix with each row divided by its length; zero rows stay zero.

    Rows are first divided by their largest number, so that neither 1e30 nor 1e-30 leaves the range when squared.
    """
    largest = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))  # (V,)
    unit: Floats = matrix / np.where(largest == 0, np.float32(1), largest)[:, np.newaxis]  # (V, D)
    lengths = np.sqrt(np.einsum("vd,vd->v", unit, unit))  # (V,)
    unit /= np.where(lengths == 0, np.float32(1), lengths)[:, np.newaxis]
    return unit


def unit_vector(vector: Doubles) -> Doubles:
    """The (D,) vector with length 1; the zero vector stays zero."""
    length = float(np.linalg.norm(vector))
    return vector / (length or 1.0)


def _cosines(block: Doubles, vector: Doubles) -> Doubles:
    # sums along each row by itself: a matrix product may add in another order at another place of the matrix
    lengths = np.sqrt((block * block).sum(axis=1))  # (n,)
    scores: Doubles = (block * vector).sum(axis=1) / np.where(lengths == 0, 1.0, lengths)
    return scores.clip(-1.0, 1.0)
