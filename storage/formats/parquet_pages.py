"""What a Parquet file will take when it is unpacked, known before anything is: its chunks, and their pages' heads.

After apache/parquet-format, README.md and parquet.thrift. The metadata says in sum what the heads say, but can lie; and
pyarrow 26 aborts the process where damaged metadata of a column is looked at through Python.
"""

import os
import struct
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from storage.formats.thrift import Compact, Struct

_HEAD = 1 << 12  # bytes of a head, most often; statistics can make it longer
_LONGEST_HEAD, _LONGEST_METADATA = 1 << 20, 1 << 22
_END = struct.Struct("<I4s")  # bytes of the metadata before, and a magic number
_GROUPS = 4  # fields of FileMetaData
_CHUNKS, _ROWS = 1, 3  # of RowGroup
_ABOUT = 3  # of ColumnChunk
_VALUES, _PACKED, _DATA, _DICTIONARY = 5, 7, 9, 11  # of ColumnMetaData
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3  # of PageHeader
_OF_KINDS, _PAGE_VALUES = (5, 7, 8), 1  # of PageHeader, for each kind of page, and in these


class Chunk(NamedTuple):
    """A column's part in a group of rows.

    Attributes:
        first: where it begins.
        length: its bytes.
        values: how many it has.
        rows: of its group.
        in_dictionary: whether it begins with a page of values that others refer to.
    """

    first: int
    length: int
    values: int
    rows: int
    in_dictionary: bool


class Page(NamedTuple):
    """What a page's head says of it.

    Attributes:
        unpacked: bytes of it when it is unpacked.
        values: how many values can come out of it: an encoding can repeat one as often as it likes.
    """

    unpacked: int
    values: int


def chunks(file: IO[bytes]) -> list[Chunk]:
    """All chunks of a file.

    Raises:
        ValueError: its metadata is not that of a Parquet file, or is too long.
        IndexError, KeyError, OSError, struct.error: it is cut off or damaged.
    """
    file.seek(-_END.size, os.SEEK_END)
    length, _ = _END.unpack(file.read(_END.size))
    if length > _LONGEST_METADATA:
        raise ValueError(f"its metadata has {length:,} bytes, of {_LONGEST_METADATA:,} at most")
    file.seek(-_END.size - length, os.SEEK_END)
    groups = Compact(file.read(length)).struct().get(_GROUPS, [])
    return [_chunk(chunk[_ABOUT], group[_ROWS]) for group in groups for chunk in group[_CHUNKS]]


def _chunk(about: Struct, rows: int) -> Chunk:
    data, dictionary = about[_DATA], about.get(_DICTIONARY) or 0
    if min(about[_PACKED], about[_VALUES], rows) < 0:
        raise ValueError("a chunk has less than nothing")
    in_dictionary = 0 < dictionary < data  # else old writers have left something there
    return Chunk(dictionary if in_dictionary else data, about[_PACKED], about[_VALUES], rows, in_dictionary)


def pages(file: IO[bytes], first: int, length: int) -> Iterator[Page]:
    """The pages of a column's chunk.

    Args:
        file: the Parquet file.
        first: where the chunk begins.
        length: its bytes.

    Raises:
        ValueError: there are other bytes than heads and pages.
        IndexError: it is cut off.
    """
    place = first
    while place < first + length:
        head, bytes_of_head = _head(file, place)
        packed = head.get(_PAGE_PACKED, -1)
        told = [head[kind] for kind in _OF_KINDS if isinstance(head.get(kind), dict)]
        page = Page(head.get(_PAGE_UNPACKED, -1), max((kind.get(_PAGE_VALUES, -1) for kind in told), default=0))
        if packed < 0 or min(page) < 0:
            raise ValueError(f"a page at byte {place} has less than no bytes")
        yield page
        place += bytes_of_head + packed


def _head(file: IO[bytes], place: int) -> tuple[dict[int, Any], int]:
    """The head at a place, and how many bytes it has."""
    size = _HEAD
    while True:
        file.seek(place)
        compact = Compact(file.read(size))
        try:
            return compact.struct(), compact.at
        except IndexError:
            if len(compact.data) < size or size >= _LONGEST_HEAD:
                raise
        size *= 16
