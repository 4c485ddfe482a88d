"""`Embeddings`: words, their counts and their vectors; what training hands over and queries read."""

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
        words: the V words, each once.
        counts: (V,) how often each stood in the corpus.
        matrix: (V, D) float32, row i is the vector of words[i].

    Raises:
        InputError: shapes that do not fit, a repeated word, or a number that is not finite.
    """

    words: tuple[str, ...]
    counts: Counts
    matrix: Floats

    def __post_init__(self) -> None:
        """Refuse what no query could answer from."""
        rows = len(self.words)
        if self.matrix.ndim != 2 or self.matrix.shape[0] != rows or self.counts.shape != (rows,):
            raise InputError(
                f"{rows} words, counts {self.counts.shape} and vectors {self.matrix.shape} do not fit together"
            )
        if self.matrix.dtype != np.float32 or self.counts.dtype != np.int64:
            raise InputError(f"vectors are {self.matrix.dtype} and counts {self.counts.dtype}, not float32 and int64")
        if len(self.rows) != rows:
            raise InputError(f"{rows - len(self.rows)} words are repeated")
        if not np.isfinite(self.matrix).all():
            bad = int(np.flatnonzero(~np.isfinite(self.matrix).all(axis=1))[0])
            raise InputError(f"the vector of {self.words[bad]!r} holds a number that is not finite")

    @cached_property
    def rows(self) -> dict[str, int]:
        """Each word's row in the matrix."""
        return {word: row for row, word in enumerate(self.words)}

    @property
    def dimensions(self) -> int:
        """D, the length of each vector."""
        return int(self.matrix.shape[1])
