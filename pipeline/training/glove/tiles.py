"""`Tiles`: the counted pairs on disk, band by band, as the steps take them.

A tile is the pairs of a band of rows and a band of columns, as sparse rows. Of its two bands that of the more frequent
words, which are fewer, is kept as the rows: the tile of bands (a, b) with a > b has its sides exchanged. Where counts
are symmetric that is the very tile of (b, a), and it is kept only once.

    columns    (pairs,) int32, counted from the band's first
    logs       (pairs,) float32, log X
    starts     for each tile rows + 1 numbers, int32: where each row begins, from the tile's first pair on
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.cooccurrence.units import Int64s
from pipeline.training.batch import Floats

Int32s = NDArray[np.int32]


class Tile(NamedTuple):
    """n pairs as sparse rows.

    Attributes:
        starts: (R + 1,) where each of R rows begins.
        columns: (n,) of each pair, less than `size`.
        logs: (n,) log X of each.
        size: S, how many columns it has.
    """

    starts: Int32s
    columns: Int32s
    logs: Floats
    size: int

    @property
    def rows(self) -> Int32s:
        """(n,) of each pair."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


class Place(NamedTuple):
    """Where a tile is kept: its first pair, its first start, and how many of them there are."""

    pair: int
    pairs: int
    start: int
    starts: int


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles in a folder.

    Attributes:
        folder: with the files.
        edges: (M + 1,) of the bands.
        symmetric: whether a tile of two bands stands for two.
        places: of the tile of row band a and column band b, as number a * M + b.
    """

    folder: Path
    edges: Int64s
    symmetric: bool
    places: list[Place]

    @property
    def bands(self) -> int:
        """M."""
        return len(self.edges) - 1

    @property
    def pairs(self) -> int:
        """How many there are, each of two that are kept as one."""
        return sum(self.size(a, b) for a in range(self.bands) for b in range(self.bands))

    def size(self, a: int, b: int) -> int:
        """How many pairs a tile has."""
        return self._place(a, b).pairs

    def tile(self, a: int, b: int) -> Tile:
        """The tile of row band `a` and column band `b`; where a > b, with its sides exchanged."""
        place, column_band = self._place(a, b), self.span(max(a, b))
        return Tile(
            self._read("starts", np.int32, place.start, place.starts),
            self._read("columns", np.int32, place.pair, place.pairs),
            self._read("logs", np.float32, place.pair, place.pairs),
            column_band.stop - column_band.start,
        )

    def span(self, band: int) -> slice:
        """The ranks of a band."""
        return slice(int(self.edges[band]), int(self.edges[band + 1]))

    def _place(self, a: int, b: int) -> Place:
        a, b = (b, a) if self.symmetric and a > b else (a, b)
        return self.places[a * self.bands + b]

    def _read(self, name: str, dtype: type, first: int, count: int) -> NDArray[Any]:
        return np.fromfile(self.folder / name, dtype, count, offset=first * np.dtype(dtype).itemsize)
