"""The messages of an Arrow stream: what each will take when it is unpacked, known before anything is.

Each is told by a FlatBuffer (apache/arrow, format/Message.fbs; docs/source/format/Columnar.rst), and a packed buffer
begins with its unpacked length.
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

_CONTINUES = -1  # before the length of a message; files of Arrow before 0.15 lack it
_DICTIONARY, _BATCH = 2, 3  # kinds of messages that have buffers
_KIND, _HEADER, _BODY = 1, 2, 3  # fields of Message
_DATA = 1  # field of DictionaryBatch: a RecordBatch
_BUFFERS, _COMPRESSION = 2, 3  # fields of RecordBatch
_RECORD_BATCHES = 3  # field of Footer
_MAGIC = b"ARROW1"
_END = struct.Struct("<i6s")  # bytes of the footer before, and the magic number once more
_AS_IT_IS = -1  # a buffer that packing would not have made smaller
_BY_HAND = b"ARROW:experimental_compression"  # how Arrow 0.17 said what is packed


def unpacked(file: IO[bytes]) -> Iterator[int]:
    """Bytes of each message when it is unpacked, from the file's place to the end of the stream.

    Raises:
        ValueError: a length is below zero, or it is packed as no Arrow from 1.0 on does.
        struct.error: it is damaged or cut off.
    """
    while (length := _length(file)) > 0:
        metadata = file.read(length)
        if _BY_HAND in metadata:
            raise ValueError("it is packed as Arrow 0.17 did")
        message, place = _Table(metadata, _uint(metadata, 0)), file.tell()
        size = message.number(_BODY, "<q")
        if size < 0:
            raise ValueError(f"a message of {size} bytes")
        yield size + sum(_packed(message, file, place))
        file.seek(place + size)


def promised(file: IO[bytes]) -> int:
    """How many record batches a file has, as its end says.

    pyarrow's own reader of that end uses a thread of its own.

    Raises:
        ValueError: it does not end as such a file does.
        struct.error: the same.
        OSError: the same.
    """
    file.seek(-_END.size, os.SEEK_END)
    length, magic = _END.unpack(file.read(_END.size))
    if magic != _MAGIC:
        raise ValueError("it is cut off")
    file.seek(-_END.size - length, os.SEEK_END)
    data = file.read(length)
    return _Table(data, _uint(data, 0)).count(_RECORD_BATCHES)


def _length(file: IO[bytes]) -> int:
    """The bytes of the next message's FlatBuffer; 0 where no more come."""
    for _ in range(2):
        before = file.read(4)
        length = struct.unpack("<i", before)[0] if len(before) == 4 else 0
        if length != _CONTINUES:
            return int(length)
    return 0


def _packed(message: "_Table", file: IO[bytes], place: int) -> Iterator[int]:
    """The unpacked length of each packed buffer of a message whose body is at a place."""
    kind = message.number(_KIND, "<B")
    rows = message.table(_HEADER) if kind in (_DICTIONARY, _BATCH) else None
    if rows and kind == _DICTIONARY:
        rows = rows.table(_DATA)
    if rows is None or rows.table(_COMPRESSION) is None:
        return
    for offset, length in rows.pairs(_BUFFERS):
        if length >= 8:
            file.seek(place + offset)
            (size,) = struct.unpack("<q", file.read(8))
            if size < _AS_IT_IS:
                raise ValueError(f"a buffer of {size} bytes")
            yield max(size, 0)


@dataclass(frozen=True)
class _Table:
    """A table in a FlatBuffer, which begins with the way back to the places of its fields."""

    data: bytes
    at: int

    def number(self, field: int, kind: str) -> int:
        """A number; 0 where the field is not there."""
        place = self._place(field)
        return int(struct.unpack_from(kind, self.data, place)[0]) if place else 0

    def table(self, field: int) -> "_Table | None":
        """Another table, if there is one."""
        place = self._place(field)
        return _Table(self.data, place + _uint(self.data, place)) if place else None

    def pairs(self, field: int) -> Iterator[tuple[int, int]]:
        """A vector of pairs of whole numbers."""
        if place := self._place(field):
            first = place + _uint(self.data, place)
            for number in range(self.count(field)):
                yield struct.unpack_from("<qq", self.data, first + 4 + 16 * number)

    def count(self, field: int) -> int:
        """How many elements a vector has."""
        place = self._place(field)
        return _uint(self.data, place + _uint(self.data, place)) if place else 0

    def _place(self, field: int) -> int:
        fields = self.at - struct.unpack_from("<i", self.data, self.at)[0]
        (size,) = struct.unpack_from("<H", self.data, fields)
        offset = 4 + 2 * field
        (found,) = struct.unpack_from("<H", self.data, fields + offset) if offset < size else (0,)
        return self.at + found if found else 0


def _uint(data: bytes, place: int) -> int:
    return int(struct.unpack_from("<I", data, place)[0])
