"""The heads of a Parquet file's pages: what each will take when it is unpacked, known before anything is.

They are in Thrift's compact protocol (apache/parquet-format, README.md and parquet.thrift; apache/thrift,
doc/specs/thrift-compact-protocol.md). A file's own metadata says the same in sum, but can lie.
"""

from collections.abc import Iterator
from typing import IO, Any, NamedTuple

_HEAD = 1 << 12  # bytes of a head, most often; statistics can make it longer
_LONGEST_HEAD = 1 << 20
_UNPACKED, _PACKED = 2, 3  # fields of a head: bytes
_OF_KINDS, _VALUES = (5, 7, 8), 1  # fields for each kind of page, and in these: how many values it has
_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _STRUCT = 0, 1, 2, 3, 7, 8, 12
_NUMBERS, _LISTS, _MAP = (4, 5, 6), (9, 10), 11


class Page(NamedTuple):
    """What a page's head says of it.

    Attributes:
        unpacked: bytes of it when it is unpacked.
        values: how many values can come out of it: an encoding can repeat one as often as it likes.
    """

    unpacked: int
    values: int


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
        packed = head.get(_PACKED, -1)
        told = [head[kind] for kind in _OF_KINDS if isinstance(head.get(kind), dict)]
        page = Page(head.get(_UNPACKED, -1), max((kind.get(_VALUES, -1) for kind in told), default=0))
        if packed < 0 or min(page) < 0:
            raise ValueError(f"a page at byte {place} has less than no bytes")
        yield page
        place += bytes_of_head + packed


def _head(file: IO[bytes], place: int) -> tuple[dict[int, Any], int]:
    """The head at a place, and how many bytes it has."""
    size = _HEAD
    while True:
        file.seek(place)
        compact = _Compact(file.read(size))
        try:
            return compact.struct(), compact.at
        except IndexError:
            if len(compact.data) < size or size >= _LONGEST_HEAD:
                raise
        size *= 16


class _Compact:
    """Reads Thrift's compact protocol: whole numbers and structs by the numbers of their fields; the rest it passes."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self) -> dict[int, Any]:
        fields: dict[int, Any] = {}
        number = 0
        while (head := self._byte()) != _STOP:
            number = number + (head >> 4) if head >> 4 else self._number()
            fields[number] = self._value(head & 15)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._number()
        if kind == _STRUCT:
            return self.struct()
        if kind == _BYTE:
            self._pass(1)
        elif kind == _DOUBLE:
            self._pass(8)
        elif kind == _BINARY:
            self._pass(self._varint())
        elif kind in _LISTS:
            self._list()
        elif kind == _MAP:
            self._map()
        elif kind not in (_TRUE, _FALSE):
            raise ValueError(f"{kind} is no type of Thrift's compact protocol")
        return None

    def _list(self) -> None:
        head = self._byte()
        for _ in range(self._varint() if head >> 4 == 15 else head >> 4):
            self._element(head & 15)

    def _map(self) -> None:
        size = self._varint()
        kinds = self._byte() if size else 0
        for _ in range(size):
            self._element(kinds >> 4)
            self._element(kinds & 15)

    def _element(self, kind: int) -> None:
        self._value(_BYTE if kind in (_TRUE, _FALSE) else kind)  # outside of fields a truth value has its own byte

    def _byte(self) -> int:
        self._pass(1)
        return self.data[self.at - 1]

    def _pass(self, length: int) -> None:
        self.at += length
        if self.at > len(self.data):
            raise IndexError("it is cut off")

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise ValueError("a number of more than 64 bits")
        return value | byte << shift

    def _number(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
