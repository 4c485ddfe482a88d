"""Memory that processes share, and arrays in it."""

import math
import multiprocessing
from collections.abc import Sequence
from ctypes import Array
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Layout = list[tuple[str, tuple[int, ...], int]]
"""Type, shape and offset of arrays in a block of memory."""
ALIGNMENT = 64


class Block:
    """Bytes that a process made and its children inherit; nothing is used of it before it is written."""

    def __init__(self, size: int) -> None:
        self._memory: Array[Any] = multiprocessing.get_context("spawn").RawArray("b", max(size, 1))
        self._bytes = _bytes(self._memory)

    def __getstate__(self) -> "Array[Any]":
        return self._memory

    def __setstate__(self, memory: "Array[Any]") -> None:
        self._memory, self._bytes = memory, _bytes(memory)

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self._memory)

    def array(self, dtype: DTypeLike, shape: tuple[int, ...], offset: int = 0) -> NDArray[Any]:
        """An array over a part of the block."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        return self._bytes[offset : offset + size].view(dtype).reshape(shape)

    def write(self, arrays: Sequence[NDArray[Any]], offset: int = 0) -> Layout:
        """Copy arrays into the block, one after the other."""
        layout = Layout()
        for array in arrays:
            self.array(array.dtype, array.shape, offset)[...] = array
            layout.append((array.dtype.str, array.shape, offset))
            offset += padded(array.nbytes)
        return layout

    def read(self, layout: Layout) -> list[NDArray[Any]]:
        """The arrays that were written; views."""
        return [self.array(dtype, shape, offset) for dtype, shape, offset in layout]


def padded(size: int) -> int:
    """The next multiple of a cache line, so that no two arrays share one."""
    return -(-size // ALIGNMENT) * ALIGNMENT


def _bytes(memory: "Array[Any]") -> NDArray[np.uint8]:
    return np.frombuffer(memoryview(memory).cast("B"), np.uint8)
