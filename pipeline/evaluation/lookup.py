"""Finding a test file's words in a model, whatever their case."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from storage.embeddings import Floats


class CaseBlindLookup:
    """Rows of a model's words when capitals do not count: the questions say "Paris", most models "paris".

    Words are compared in capitals, as gensim does. Where several words of a model differ only by case, the first of
    them stands for all: the most frequent one.
    """

    def __init__(self, words: Sequence[str]) -> None:
        self.spellings = [word.upper() for word in words]

    @cached_property
    def rows(self) -> dict[str, list[int]]:
        """For each spelling in capitals, the rows of its words, most frequent first."""
        rows: dict[str, list[int]] = {}
        for row, spelling in enumerate(self.spellings):
            rows.setdefault(spelling, []).append(row)
        return rows

    def find(self, words: Sequence[str]) -> list[int] | None:
        """The row of each word, or None when one of them is missing."""
        found = [self.rows.get(word.upper()) for word in words]
        rows = [candidates[0] for candidates in found if candidates]
        return rows if len(rows) == len(words) else None


def unit_rows(matrix: Floats) -> Floats:
    """The vectors at length 1, the same shape; a zero vector stays zero."""
    lengths = np.sqrt(np.einsum("vd,vd->v", matrix, matrix, dtype=np.float64)).astype(np.float32)  # (V,)
    lengths[lengths == 0] = 1.0
    unit: Floats = matrix / lengths[:, np.newaxis]
    return unit
