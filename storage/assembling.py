"""From rows of the store's tables to the values they hold; whatever does not fit together is an `InputError`.

Rows come as blocks: the columns of a thousand rows at a time, so that their vectors are joined while they are still
in the processor's cache.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from storage.dtypes import decoded, row_type
from storage.embeddings import Embeddings, Floats, is_finite
from storage.errors import InputError
from storage.maps import Map
from storage.models import ModelInfo

Blocks = Iterable[tuple[tuple[Any, ...], ...]]


def embeddings_of(info: ModelInfo, blocks: Blocks) -> Embeddings:
    """A model's embeddings, from the columns row, word, count, vector."""
    words: list[str] = []
    counts: list[int] = []
    vectors = bytearray()
    for ranks, some_words, some_counts, blobs in blocks:
        _check_rows(info, len(words), ranks, blobs)
        words += some_words
        counts += some_counts
        vectors += b"".join(blobs)
    _check_number(info, len(words))
    return Embeddings(tuple(words), np.array(counts, dtype=np.int64), _matrix(info, vectors))


def contexts_of(info: ModelInfo, blocks: Blocks) -> Floats | None:
    """A model's (V, D) context vectors, from the columns row, vector; None where there is no row."""
    rows, vectors = 0, bytearray()
    for ranks, blobs in blocks:
        _check_rows(info, rows, ranks, blobs)
        rows += len(ranks)
        vectors += b"".join(blobs)
    if rows == 0:
        return None
    _check_number(info, rows)
    contexts = _matrix(info, vectors)
    if not is_finite(contexts):
        raise InputError("a context vector holds a number that is not finite")
    return contexts


def map_of(info: ModelInfo, blocks: Blocks) -> Map | None:
    """A model's map, from the columns row, x, y, cluster; None where there is no row."""
    columns: tuple[list[Any], ...] = ([], [], [], [])
    for block in blocks:
        for whole, part in zip(columns, block, strict=True):
            whole.extend(part)
    rows, x, y, clusters = columns
    if not rows:
        return None
    if rows[-1] >= info.words:
        raise InputError(f"its map has row {rows[-1]} where {info.words} words were published")
    with np.errstate(over="ignore"):  # infinity is refused by the map itself
        points = np.array([x, y], np.float64).T.astype(np.float32)  # (n, 2)
    return Map(np.array(rows, np.int64), points, np.array(clusters, np.int64))


def _check_rows(info: ModelInfo, first: int, ranks: tuple[int, ...], vectors: tuple[bytes, ...]) -> None:
    """Refuse a block of rows that does not go on at `first`, or holds a vector of a wrong size."""
    # ranks ascend: where the first and the last are right, all are
    in_order = (ranks[0], ranks[-1]) == (first, first + len(ranks) - 1)
    if not in_order or set(map(len, vectors)) != {row_type(info.dtype, info.dimensions).itemsize}:
        raise InputError(f"row {first} or one soon after it is missing or of a wrong size")


def _check_number(info: ModelInfo, rows: int) -> None:
    if rows != info.words:
        raise InputError(f"it has {rows} words where {info.words} were published")


def _matrix(info: ModelInfo, vectors: bytearray) -> Floats:
    return decoded(vectors, info.dtype, info.dimensions)  # (V, D)
