"""`Cells`: which words stand near each other and how much, counted and kept on disk in order.

    keys    (n,) int64, row * V + column, ascending
    units   (n,) int64, how much: `units.WHOLE` of them are a weight of 1

Counted to both sides the matrix of words by words is symmetric, and only its upper half is kept: row <= column.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.cooccurrence.units import WHOLE, Int64s

KEYS, UNITS = "keys", "units"


class Piece(NamedTuple):
    """Some cells: row and column, (n,), and the weight X, (n,) float64."""

    rows: Int64s
    columns: Int64s
    weights: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cells:
    """The cells that a counting has left in a folder.

    Attributes:
        folder: with the files.
        size_v: V.
        symmetric: whether a cell stands for two, row and column exchanged.
    """

    folder: Path
    size_v: int
    symmetric: bool

    def __len__(self) -> int:
        return (self.folder / KEYS).stat().st_size // 8

    @property
    def keys(self) -> Int64s:
        """(n,) mapped into memory."""
        return _mapped(self.folder / KEYS)

    def pieces(self, most: int) -> Iterator[Piece]:
        """All cells in order, at most so many at a time."""
        for start in range(0, len(self), most):
            yield self.piece(start, start + most)

    def piece(self, start: int, stop: int) -> Piece:
        """The cells from `start` to `stop`."""
        rows, columns = np.divmod(self.keys[start:stop], self.size_v)
        return Piece(rows, columns, _mapped(self.folder / UNITS)[start:stop] / WHOLE)

    def sample(self, most: int) -> NDArray[np.float64]:
        """Weights of cells at even distances, all or at most so many, (n,)."""
        step = -(-len(self) // most)
        return _mapped(self.folder / UNITS)[:: max(1, step)] / WHOLE

    def pairs(self, most: int) -> Int64s:
        """(V,) how many pairs each word is in, as row and as column, both halves of a symmetric matrix counted.

        There a pair of a word with itself, which is in neither half, counts as if it were in both.
        """
        found = np.zeros(self.size_v, np.int64)
        for piece in self.pieces(most):
            found += np.bincount(piece.rows, minlength=self.size_v) + np.bincount(piece.columns, minlength=self.size_v)
        return found * 2 if self.symmetric else found


def _mapped(path: Path) -> Int64s:
    return np.memmap(path, "<i8", "r") if path.stat().st_size else np.empty(0, np.int64)
