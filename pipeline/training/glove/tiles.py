"""`Tiles`: the counted pairs on disk, band by band, as the steps take them.

A tile is the pairs of a band of rows and a band of columns, as sparse rows. Where the counts are symmetric the tile of
bands (a, b) is that of (b, a) with its sides exchanged, and only one of them is kept: a <= b.

    columns    (pairs,) int32, counted from the band's first
    logs       (pairs,) float32, log X
    starts     for each tile rows + 1 numbers, int32: where each row begins, from the tile's first pair on
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.cooccurrence.cells import Cells, Piece
from pipeline.cooccurrence.units import Int64s
from pipeline.training.batch import Floats
from storage.files import whole_file

Int32s = NDArray[np.int32]
GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / the golden ratio: its multiples are spread evenly


class Tile(NamedTuple):
    """n pairs as sparse rows.

    Attributes:
        starts: (R + 1,) where each of R rows begins.
        columns: (n,) of each pair.
        logs: (n,) log X of each.
        size: number of columns that the band has.
    """

    starts: Int32s
    columns: Int32s
    logs: Floats
    size: int

    @property
    def rows(self) -> Int32s:
        """(n,) of each pair."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), np.diff(self.starts))


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles in a folder.

    Attributes:
        folder: with the files.
        edges: (M + 1,) of the bands.
        symmetric: whether a tile stands for two.
        first_pair: (M * M + 1,) for each tile, in the order of a * M + b, where its pairs begin.
        first_start: (M * M + 1,) and where its starts do.
    """

    folder: Path
    edges: Int64s
    symmetric: bool
    first_pair: Int64s
    first_start: Int64s

    @property
    def bands(self) -> int:
        """M."""
        return len(self.edges) - 1

    @property
    def pairs(self) -> int:
        """How many the tiles have, both of two that are kept as one."""
        sizes = np.diff(self.first_pair).reshape(self.bands, self.bands)
        return int(sizes.sum() * 2 - np.trace(sizes)) if self.symmetric else int(sizes.sum())

    def size(self, a: int, b: int) -> int:
        """How many pairs a tile has."""
        a, b = (b, a) if self.exchanged(a, b) else (a, b)
        place = a * self.bands + b
        return int(self.first_pair[place + 1] - self.first_pair[place])

    def exchanged(self, a: int, b: int) -> bool:
        """Whether the tile of rows `a` and columns `b` is kept as that of (b, a)."""
        return self.symmetric and a > b

    def tile(self, a: int, b: int) -> Tile:
        """The tile of rows of band `a` and columns of band `b`, as it is kept: see `exchanged`."""
        a, b = (b, a) if self.exchanged(a, b) else (a, b)
        place, size = a * self.bands + b, int(self.edges[b + 1] - self.edges[b])
        first, last = self.first_pair[place : place + 2]
        starts = self._part("starts", np.int32, *self.first_start[place : place + 2])
        columns, logs = self._part("columns", np.int32, first, last), self._part("logs", np.float32, first, last)
        return Tile(starts, columns, logs, size)

    def span(self, band: int) -> slice:
        """The ranks of a band."""
        return slice(int(self.edges[band]), int(self.edges[band + 1]))

    def _part(self, name: str, dtype: type, first: int, last: int) -> NDArray[Any]:
        return np.fromfile(self.folder / name, dtype, int(last - first), offset=int(first) * np.dtype(dtype).itemsize)


def arrange(cells: Cells, edges: Int64s, folder: Path, *, held_out: float = 0.0, held: bool = False) -> Tiles:
    """Write the tiles of counted cells.

    Args:
        cells: all of them.
        edges: (M + 1,) of the bands.
        folder: for the files; made.
        held_out: share of the pairs that are held out, both of (i, j) and (j, i).
        held: arrange these, or else the others.
    """
    folder.mkdir(parents=True)
    bands = len(edges) - 1
    pairs, starts = np.zeros((bands, bands), np.int64), np.zeros((bands, bands), np.int64)
    with (
        whole_file(folder / "columns") as columns_file,
        whole_file(folder / "logs") as logs_file,
        whole_file(folder / "starts") as starts_file,
    ):
        files = columns_file, logs_file, starts_file
        for a in range(bands):
            rows = _of_rows(cells, edges[a], edges[a + 1])
            if held_out:
                rows = _only(rows, is_held_out(rows.rows, rows.columns, cells.size_v, held_out) == held)
            for b, piece in _by_column_band(rows, edges, a if cells.symmetric else None):
                pairs[a, b] = len(piece.rows)
                starts[a, b] = edges[a + 1] - edges[a] + 1
                _write(piece, int(edges[a]), int(edges[a + 1]), int(edges[b]), files)
    firsts = (np.concatenate([[0], np.cumsum(sizes)]) for sizes in (pairs, starts))
    return Tiles(folder, edges, cells.symmetric, *firsts)


def is_held_out(rows: Int64s, columns: Int64s, size_v: int, share: float) -> NDArray[np.bool_]:
    """Which pairs are held out, evenly spread and always the same: by a number made of both words."""
    keys = (np.minimum(rows, columns) * size_v + np.maximum(rows, columns)).astype(np.uint64)
    found: NDArray[np.bool_] = (keys * np.uint64(GOLDEN)) >> np.uint64(32) < share * 2**32
    return found


def _of_rows(cells: Cells, first: int, last: int) -> Piece:
    begin, end = np.searchsorted(cells.keys, [first * cells.size_v, last * cells.size_v])
    return cells.piece(int(begin), int(end))


def _only(piece: Piece, which: NDArray[Any]) -> Piece:
    return Piece(piece.rows[which], piece.columns[which], piece.weights[which])


def _by_column_band(piece: Piece, edges: Int64s, diagonal: int | None) -> Iterator[tuple[int, Piece]]:
    """The pairs of a band of rows for each band of columns; on the diagonal of symmetric counts both halves."""
    bands = np.searchsorted(edges, piece.columns, side="right") - 1
    order = np.argsort(bands.astype(np.uint16), kind="stable")
    ends = np.cumsum(np.bincount(bands, minlength=len(edges) - 1))
    for b, chosen in enumerate(np.split(order, ends[:-1])):
        part = _only(piece, chosen)
        if b == diagonal:
            part = _both_halves(part)
        if diagonal is None or b >= diagonal:
            yield b, part


def _both_halves(piece: Piece) -> Piece:
    off = np.flatnonzero(piece.rows != piece.columns)
    rows = np.concatenate([piece.rows, piece.columns[off]])
    columns = np.concatenate([piece.columns, piece.rows[off]])
    order = np.lexsort((columns, rows))
    return Piece(rows[order], columns[order], np.concatenate([piece.weights, piece.weights[off]])[order])


def _write(piece: Piece, first: int, last: int, first_column: int, files: tuple[IO[bytes], ...]) -> None:
    lengths = np.bincount(piece.rows - first, minlength=last - first)
    arrays = (
        (piece.columns - first_column).astype(np.int32),
        np.log(piece.weights).astype(np.float32),
        np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32),
    )
    for array, file in zip(arrays, files, strict=True):
        file.write(array.data)
