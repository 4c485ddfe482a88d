"""`Embeddings`: words, their counts and their vectors; what training hands over and queries read."""

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from storage.errors import InputError

Floats = NDArray[np.float32]
Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """V words with one vector each, most frequent first.

    Attributes:
        words: the V words, each once; none is empty, each can be written as UTF-8.
        counts: (V,) int64, how often each stood in the corpus.
        matrix: (V, D) float32, row i is the vector of words[i].

    Raises:
        InputError: no words, shapes that do not fit, a repeated or unusable word, or a number that is not finite.
    """

    words: tuple[str, ...]
    counts: Counts
    matrix: Floats

    def __post_init__(self) -> None:
        """Refuse what no query could answer from."""
        _check_shapes(self.words, self.counts, self.matrix)
        if len(self.rows) != len(self.words):
            word, times = Counter(self.words).most_common(1)[0]
            raise InputError(f"{len(self.words) - len(self.rows)} words are repeated, {word!r} stands {times} times")
        _check_words(self.words, self.rows)
        _check_finite(self.words, self.matrix)

    def check_contexts(self, contexts: Floats) -> None:
        """Refuse context vectors that are not (V, D) finite float32, one for each word.

        Raises:
            InputError: says what does not fit.
        """
        if contexts.shape != self.matrix.shape or contexts.dtype != np.float32:
            raise InputError(
                f"contexts {contexts.shape} {contexts.dtype} do not fit vectors {self.matrix.shape} float32"
            )
        _check_finite(self.words, contexts)

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def rows(self) -> dict[str, int]:
        """Each word's row in the matrix."""
        return {word: row for row, word in enumerate(self.words)}

    @property
    def dimensions(self) -> int:
        """D, the length of each vector."""
        return int(self.matrix.shape[1])


def _check_shapes(words: tuple[str, ...], counts: Counts, matrix: Floats) -> None:
    rows = len(words)
    if matrix.ndim != 2 or matrix.shape[0] != rows or counts.shape != (rows,):
        raise InputError(f"{rows} words, counts {counts.shape} and vectors {matrix.shape} do not fit together")
    if matrix.size == 0:
        raise InputError(f"vectors {matrix.shape} hold no number; at least one word and one dimension are needed")
    if matrix.dtype != np.float32 or counts.dtype != np.int64:
        raise InputError(f"vectors are {matrix.dtype} and counts {counts.dtype}, not float32 and int64")


def _check_words(words: tuple[str, ...], rows: dict[str, int]) -> None:
    if "" in rows:
        raise InputError(f"the word of row {rows['']} is empty")
    try:
        "".join(words).encode()
    except UnicodeEncodeError as error:
        bad = error.object[error.start]
        word = next(word for word in words if bad in word)
        raise InputError(f"the word {word!r} of row {rows[word]} cannot be written as UTF-8") from None


def is_finite(matrix: Floats) -> bool:
    """Whether every number of a matrix is finite."""
    return bool(np.isfinite(matrix.min()) and np.isfinite(matrix.max()))  # NaN spreads to both; no array of booleans


def _check_finite(words: tuple[str, ...], matrix: Floats) -> None:
    if is_finite(matrix):
        return
    bad = int(np.flatnonzero(~np.isfinite(matrix).all(axis=1))[0])
    raise InputError(f"the vector of {words[bad]!r} holds a number that is not finite")
