"""From rows of the store's tables to the values they hold; whatever does not fit together is an `InputError`.

Rows come as blocks: the columns of a thousand rows at a time, so that their vectors are joined while they are still
in the processor's cache.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from storage.dtypes import decoded, row_type
from storage.embeddings import Embeddings, Floats, is_finite
from storage.errors import InputError, SettingError
from storage.maps import Map
from storage.models import ModelInfo
from storage.ngrams import Ngrams
from storage.subwords import Subwords

Blocks = Iterable[tuple[tuple[Any, ...], ...]]


class Cuts(NamedTuple):
    """How a model cuts words into pieces, and how many rows it has for these."""

    ngrams: Ngrams
    rows: int

    def about(self) -> dict[str, int]:
        """Plain JSON values, as `Subwords.about` has them."""
        return {**vars(self.ngrams), "rows": self.rows}


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


def words_of(_: ModelInfo, blocks: Blocks) -> tuple[str, ...]:
    """A model's words alone, from the column word."""
    return tuple(word for (words,) in blocks for word in words)


def cuts_of(_: ModelInfo, blocks: Blocks) -> Cuts | None:
    """How a model cuts words into pieces, from the columns min_n, max_n, buckets, rows; None where there is no row."""
    cut = [row for block in blocks for row in zip(*block, strict=True)]
    if not cut:
        return None
    *ngrams, rows = cut[0]
    try:
        return Cuts(Ngrams(*ngrams), rows)
    except SettingError as error:
        raise InputError(f"how words are cut is damaged: {error}") from error


def subwords_of(info: ModelInfo, cut: Blocks, blocks: Blocks) -> Subwords | None:
    """A model's rows for pieces of words, from how it cuts words, and the columns bucket, vector (float32)."""
    cuts = cuts_of(info, cut)
    if cuts is None:
        return None
    buckets: list[int] = []
    vectors = bytearray()
    for some_buckets, blobs in blocks:
        if set(map(len, blobs)) != {row_type("float32", info.dimensions).itemsize}:
            raise InputError(f"the row of bucket {some_buckets[0]} or of one soon after it is of a wrong size")
        buckets += some_buckets
        vectors += b"".join(blobs)
    if len(buckets) != cuts.rows:
        raise InputError(f"it has {len(buckets)} rows for pieces of words where {cuts.rows} were published")
    ids = np.array(buckets, np.int64).clip(-1, cuts.ngrams.buckets).astype(np.int32)  # (B,)
    found = Subwords(cuts.ngrams, ids, decoded(vectors, "float32", info.dimensions))
    found.check_numbers()
    return found


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
