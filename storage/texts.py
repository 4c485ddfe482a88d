"""`Texts`: many short texts in one array of bytes, which a file can hold, decoded only when they are asked for."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from operator import index
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

_AT_ONCE = 4096  # texts decoded together while all are read


class Texts(Sequence[str]):
    """V texts in UTF-8, each with a line feed behind it; a sequence of strings, which may be memory-mapped.

    Args:
        encoded: (B,) uint8, one text after the other.
        offsets: (V + 1,) int64, where each begins, and the end.
    """

    def __init__(self, encoded: NDArray[np.uint8], offsets: NDArray[np.int64]) -> None:
        self.encoded = encoded
        self.offsets = offsets
        self._bytes, self._begins = encoded.data, offsets.data  # memoryviews, whose single items are found faster

    @classmethod
    def of(cls, texts: Sequence[str]) -> "Texts":
        """The same texts, encoded."""
        encoded = [text.encode() for text in texts]
        offsets = np.zeros(len(texts) + 1, np.int64)
        np.cumsum([len(text) + 1 for text in encoded], out=offsets[1:])
        return cls(np.frombuffer(b"\n".join([*encoded, b""]), np.uint8), offsets)

    def __len__(self) -> int:
        return len(self._begins) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        """A text, or a list of several."""
        if isinstance(place, slice):
            start, stop, step = place.indices(len(self))
            return self._run(start, stop) if step == 1 else [self[at] for at in range(start, stop, step)]
        at = index(place)
        if not 0 <= at < len(self):
            at = range(len(self))[at]  # counted from the end, or an IndexError
        return str(self._bytes[self._begins[at] : self._begins[at + 1] - 1], "utf-8")

    def __iter__(self) -> Iterator[str]:
        return chain.from_iterable(self._run(at, at + _AT_ONCE) for at in range(0, len(self), _AT_ONCE))

    def _run(self, start: int, stop: int) -> list[str]:
        """Texts one after the other: split, which is fast, where none holds a line feed; else cut at the offsets."""
        offsets = self.offsets[start : stop + 1]
        encoded = self.encoded[offsets[0] : offsets[-1]].tobytes() if len(offsets) > 1 else b""
        texts = encoded.decode().split("\n")[:-1]
        if len(texts) == max(len(offsets) - 1, 0):
            return texts
        places = (offsets - offsets[0]).tolist()
        return [encoded[begin : end - 1].decode() for begin, end in pairwise(places)]


class Places(Mapping[str, int]):
    """Where each of V different texts stands, found by halving their order, which takes microseconds and no memory.

    Args:
        texts: the V texts.
        order: (V,) their places, in the order of the texts.
    """

    def __init__(self, texts: Sequence[str], order: NDArray[np.signedinteger[Any]]) -> None:
        self._texts = texts
        self._order = order.data  # a memoryview, whose single items are found faster

    def __getitem__(self, text: str) -> int:
        """The place of a text.

        Raises:
            KeyError: it is none of them.
        """
        at = bisect_left(self._order, text, key=self._texts.__getitem__)
        if at < len(self._order) and self._texts[place := self._order[at]] == text:
            return place
        raise KeyError(text)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


def order_of(texts: Sequence[str]) -> NDArray[np.intp]:
    """(V,) places of V texts, in the order of their characters' code points; equal ones in the order they stand."""
    listed = list(texts)
    return np.array(sorted(range(len(listed)), key=listed.__getitem__), np.intp)
