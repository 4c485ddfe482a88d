"""Thrift's compact protocol, read into plain values: in it are a Parquet file's metadata and the heads of its pages.

After apache/thrift, doc/specs/thrift-compact-protocol.md.
"""

from typing import Any

_STOP, _TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _MAP, _STRUCT = 0, 1, 2, 3, 7, 8, 11, 12
_NUMBERS, _LISTS = (4, 5, 6), (9, 10)
_MOST_BITS = 64

Struct = dict[int, Any]


class Compact:
    """Reads structs by the numbers of their fields; values that nobody here asks for are passed, and are None.

    Attributes:
        at: how many bytes have been read.
    """

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def struct(self) -> Struct:
        """A struct: whole numbers, bytes, lists and structs.

        Raises:
            ValueError: it is none, or has a field twice, of which readers might take the one or the other.
            IndexError: it is cut off.
        """
        fields: Struct = {}
        number = 0
        while (head := self._byte()) != _STOP:
            number = number + (head >> 4) if head >> 4 else self._number()
            if number in fields:
                raise ValueError(f"field {number} comes twice")
            fields[number] = self._value(head & 15)
        return fields

    def _value(self, kind: int) -> Any:
        if kind in _NUMBERS:
            return self._number()
        if kind == _BINARY:
            return self._bytes(self._varint())
        if kind in _LISTS:
            return self._list()
        if kind == _STRUCT:
            return self.struct()
        self._pass(kind)
        return None

    def _pass(self, kind: int) -> None:
        if kind == _MAP:
            self._map()
        elif kind in (_BYTE, _DOUBLE):
            self._bytes(1 if kind == _BYTE else 8)
        elif kind not in (_TRUE, _FALSE):
            raise ValueError(f"{kind} is no type of Thrift's compact protocol")

    def _list(self) -> list[Any]:
        head = self._byte()
        return [self._element(head & 15) for _ in range(self._varint() if head >> 4 == 15 else head >> 4)]

    def _map(self) -> None:
        size = self._varint()
        kinds = self._byte() if size else 0
        for _ in range(size):
            self._element(kinds >> 4)
            self._element(kinds & 15)

    def _element(self, kind: int) -> Any:
        return self._value(_BYTE if kind in (_TRUE, _FALSE) else kind)  # outside of fields, truth has its own byte

    def _bytes(self, length: int) -> bytes:
        begin, self.at = self.at, self.at + length
        if self.at > len(self.data):
            raise IndexError("it is cut off")
        return self.data[begin : self.at]

    def _byte(self) -> int:
        return self._bytes(1)[0]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) & 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift >= _MOST_BITS:
                raise ValueError("a number of more than 64 bits")
        return value | byte << shift

    def _number(self) -> int:
        value = self._varint()
        return value >> 1 ^ -(value & 1)
