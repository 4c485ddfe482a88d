"""Counted cells become tiles: one pass over the cells in their order, a band of rows at a time."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from pipeline.cooccurrence.cells import Cells, Piece
from pipeline.cooccurrence.units import Int64s
from pipeline.training.glove.tiles import Place, Tiles
from storage.files import whole_file

GOLDEN = 0x9E3779B97F4A7C15  # 2^64 / the golden ratio: its multiples are spread evenly


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
    places: list[Place] = []
    with ExitStack() as opened:
        writer = Writer(*(opened.enter_context(whole_file(folder / name)) for name in ("starts", "columns", "logs")))
        for a in range(len(edges) - 1):
            piece = _of_rows(cells, int(edges[a]), int(edges[a + 1]))
            if held_out:
                piece = _only(piece, is_held_out(piece, cells.size_v, held_out) == held)
            for b, tile in _by_column_band(piece, edges):
                rows, columns = sorted((a, b))
                full = _as_kept(tile, a, b, cells.symmetric)
                places.append(writer.write(full, edges[rows : rows + 2], int(edges[columns])))
    return Tiles(folder, edges, cells.symmetric, places)


class Writer:
    """Writes tiles one behind the other, and knows how far it is."""

    def __init__(self, starts: IO[bytes], columns: IO[bytes], logs: IO[bytes]) -> None:
        self._starts, self._columns, self._logs = starts, columns, logs
        self._start = self._pair = 0

    def write(self, piece: Piece, rows: Int64s, first_column: int) -> Place:
        """Write the pairs of a tile whose rows go from one rank to another, (2,); returns where it is."""
        first, last = rows.tolist()
        lengths = np.bincount(piece.rows - first, minlength=last - first)
        self._starts.write(np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32).data)
        self._columns.write((piece.columns - first_column).astype(np.int32).data)
        self._logs.write(np.log(piece.weights).astype(np.float32).data)
        made = Place(self._pair, len(piece.rows), self._start, len(lengths) + 1)
        self._pair, self._start = self._pair + made.pairs, self._start + made.starts
        return made


def is_held_out(piece: Piece, size_v: int, share: float) -> NDArray[np.bool_]:
    """Which pairs are held out, evenly spread and always the same: by a number made of both words."""
    keys = np.minimum(piece.rows, piece.columns) * size_v + np.maximum(piece.rows, piece.columns)
    found: NDArray[np.bool_] = (keys.astype(np.uint64) * np.uint64(GOLDEN)) >> np.uint64(32) < share * 2**32
    return found


def _of_rows(cells: Cells, first: int, last: int) -> Piece:
    begin, end = np.searchsorted(cells.keys, [first * cells.size_v, last * cells.size_v])
    return cells.piece(int(begin), int(end))


def _only(piece: Piece, which: NDArray[Any]) -> Piece:
    return Piece(piece.rows[which], piece.columns[which], piece.weights[which])


def _by_column_band(piece: Piece, edges: Int64s) -> Iterator[tuple[int, Piece]]:
    """The pairs of a band of rows for each band of columns."""
    bands = np.searchsorted(edges, piece.columns, side="right") - 1
    order = np.argsort(bands.astype(np.uint16), kind="stable")
    ends = np.cumsum(np.bincount(bands, minlength=len(edges) - 1))
    for b, chosen in enumerate(np.split(order, ends[:-1])):
        yield b, _only(piece, chosen)


def _as_kept(piece: Piece, a: int, b: int, symmetric: bool) -> Piece:
    """The pairs of row band `a` and column band `b`, in full, as `Tiles` keeps them and in that order."""
    if a > b:
        return _sorted(Piece(piece.columns, piece.rows, piece.weights))
    if a < b or not symmetric:
        return piece
    off = np.flatnonzero(piece.rows != piece.columns)
    rows = np.concatenate([piece.rows, piece.columns[off]])
    columns = np.concatenate([piece.columns, piece.rows[off]])
    return _sorted(Piece(rows, columns, np.concatenate([piece.weights, piece.weights[off]])))


def _sorted(piece: Piece) -> Piece:
    return _only(piece, np.lexsort((piece.columns, piece.rows)))
