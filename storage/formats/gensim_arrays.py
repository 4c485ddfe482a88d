"""The arrays of a file that gensim saved: in the pickle itself, or in .npy files beside it, which are mapped."""

import struct
import warnings
import zipfile
import zlib
from tokenize import TokenError
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import InputError
from storage.formats.machine import Record
from storage.formats.numpy_records import DescribedArray
from storage.formats.source import Source
from storage.packed import PACKINGS

_DAMAGE = (  # what NumPy and zipfile raise where bytes are wrong
    *(ValueError, KeyError, TypeError, OverflowError, SyntaxError, TokenError, RecursionError, MemoryError),
    *(OSError, EOFError, NotImplementedError, RuntimeError, struct.error, zlib.error, zipfile.BadZipFile),
)
_MOST_UNPACKED = 100  # times the bytes of an .npz, as of any packed file
_UNPACKED_ANYWAY = 1 << 26


class SavedArrays:
    """Finds arrays by the names of the attributes that hold them.

    Args:
        source: the pickle.
        within: how the object whose attributes they are is reached from the saved one, `.wv` for a model's vectors.
    """

    def __init__(self, source: Source, record: Record, within: str = "") -> None:
        self._source, self._record, self._within = source, record, within
        apart = record.state.get("__numpys")
        self._apart = set(apart) if isinstance(apart, list) else set()

    def has(self, name: str) -> bool:
        """Whether there is an array of that name."""
        return isinstance(self._record.state.get(name), DescribedArray) or name in self._apart

    def matrix(self, name: str) -> NDArray[Any]:
        """A matrix of numbers.

        Raises:
            InputError: there is none, or it is damaged; names the file.
        """
        array = self.array(name)
        if array.ndim != 2:
            raise self._source.wrong(f"its {name} has the shape {array.shape}, not that of vectors")
        return array

    def array(self, name: str) -> NDArray[Any]:
        """An array of numbers.

        Raises:
            InputError: there is none, or it is damaged; names the file.
        """
        if name in self._apart:
            return self._beside(name)
        held = self._record.state.get(name)
        if not isinstance(held, DescribedArray):
            raise self._source.wrong(f"it has no array {name!r}")
        try:
            return held.value()
        except InputError as error:
            raise self._source.wrong(f"its {name} cannot be read: {error}") from None

    def _beside(self, name: str) -> NDArray[Any]:
        path = self._source.path
        packed = path.suffix in PACKINGS
        beside = path.with_name(f"{path.name}{self._within}.{name}.{'npz' if packed else 'npy'}")
        if not beside.is_file():
            raise self._source.wrong(f"its {name} is in {beside.name}, which is not there")
        other = self._source.beside(beside)
        other.seekable().close()  # reads it once, for its hash
        return _packed_array(other) if packed else _mapped_array(other)


def _mapped_array(source: Source) -> NDArray[Any]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it was written by Python 2
            array = np.load(source.path, mmap_mode="r", allow_pickle=False)
    except _DAMAGE as error:
        raise source.wrong(f"it is no array of numbers that can be mapped: {error}") from None
    return _of_numbers(source, array)


def _packed_array(source: Source) -> NDArray[Any]:
    try:
        with zipfile.ZipFile(source.path) as packed:
            unpacked = packed.getinfo("val.npy").file_size
        if unpacked > _UNPACKED_ANYWAY + _MOST_UNPACKED * source.size:
            raise source.wrong(f"more than {_MOST_UNPACKED} times its bytes come out of it, which no vectors do")
        with np.load(source.path, allow_pickle=False) as arrays:
            array = arrays["val"]
    except _DAMAGE as error:
        raise source.wrong(f"it is no packed array of numbers: {error}") from None
    return _of_numbers(source, array)


def _of_numbers(source: Source, array: Any) -> NDArray[Any]:
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise source.wrong("it does not hold numbers")
    return array
