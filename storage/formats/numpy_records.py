"""NumPy's arrays, types and numbers as pickles describe them, and the few containers whose making is known.

What is described is kept until somebody asks for the numbers, and only then checked: a pickle holds much that nobody
asks for. The bytes of an array must be as many as its shape says; only numbers are made, never objects.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import InputError

_NUMBERS = re.compile(r"[biuf](1|2|4|8)|bool")
KEYS = (str, bytes, int, float, type(None))
"""Keys that take a moment to be hashed; what has parts can be made to take years."""
_LARGEST_KEY = 2**61 - 1  # larger integers can be made to have all the same hash


class Unreadable(InputError):
    """Pickled data that cannot be read; the message says why, whoever knows the file adds its name."""


@dataclass(eq=False)
class DescribedType:
    """A type of numbers: `f4` and the order of its bytes."""

    code: Any
    order: Any = "="

    def value(self) -> np.dtype[Any]:
        """The type.

        Raises:
            Unreadable: it is not one of numbers.
        """
        if not (isinstance(self.code, str) and _NUMBERS.fullmatch(self.code) and self.order in ("<", ">", "=", "|")):
            raise Unreadable(f"an array of {str(self.code)[:40]!r}, not of numbers")
        found: np.dtype[Any] = np.dtype(self.code).newbyteorder(self.order)
        return found


@dataclass(eq=False)
class DescribedArray:
    """An array: what its bytes mean."""

    shape: Any = None
    type: Any = None
    by_columns: Any = False
    data: Any = None

    def value(self) -> NDArray[Any]:
        """The array, of its bytes.

        Raises:
            Unreadable: it does not hold numbers, or not as many as it says.
        """
        if not isinstance(self.type, DescribedType) or not _is_shape(self.shape):
            raise Unreadable("an array without a shape or a type")
        dtype = self.type.value()
        data = (
            self.data.encode("latin-1") if isinstance(self.data, str) else self.data
        )  # Python 2 had one type for both
        size = math.prod(self.shape) * dtype.itemsize
        if not isinstance(data, (bytes, bytearray)) or len(data) != size:
            raise Unreadable(f"an array of {self.shape} {dtype} is promised, and other data is there")
        found: NDArray[Any] = np.frombuffer(data, dtype).reshape(self.shape, order="F" if self.by_columns else "C")
        return found


def _is_shape(shape: Any) -> bool:
    return isinstance(shape, tuple) and len(shape) <= 2 and all(isinstance(n, int) and n >= 0 for n in shape)


def is_key(value: Any) -> bool:
    """Whether a value can be the key of a dictionary here."""
    return isinstance(value, KEYS) and not (isinstance(value, int) and abs(value) >= _LARGEST_KEY)


def _pairs(arguments: Any) -> dict[Any, Any]:
    """A dictionary of pairs, as `OrderedDict` was made from in Python 2; one that is filled later is empty."""
    listed = arguments[-1] if arguments and isinstance(arguments[-1], list) else []
    pairs = [pair for pair in listed if isinstance(pair, (list, tuple)) and len(pair) == 2]
    return {key: value for key, value in pairs if is_key(key)}


def _set(arguments: Any) -> set[Any]:
    listed = arguments[0] if arguments and isinstance(arguments[0], (list, tuple, set)) else ()
    return {each for each in listed if is_key(each)}


def _bytes(arguments: Any) -> Any:
    """Bytes as they are, or as Python 3 writes them for Python 2: a text, each character of which is one."""
    if len(arguments) < 2:
        return arguments[0] if arguments and isinstance(arguments[0], (bytes, bytearray)) else b""
    text, encoding = arguments
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Unreadable("bytes that are written in an unknown way")
    return text.encode("latin-1")


def _number(arguments: Any) -> Any:
    described, data = arguments if len(arguments) == 2 else (None, None)
    return DescribedArray((1,), described, data=data).value()[0].item()


def _array_of_buffer(arguments: Any) -> DescribedArray:
    data, described, shape, order = arguments
    return DescribedArray(shape, described, order == "F", data)


_CORES = ("numpy.core", "numpy._core")  # before and from NumPy 2 on
REDUCERS: dict[str, Callable[[Any], Any]] = {
    "numpy.dtype": lambda arguments: DescribedType(arguments[0]),
    **{f"{core}.multiarray._reconstruct": lambda _: DescribedArray() for core in _CORES},
    **{f"{core}.multiarray.scalar": _number for core in _CORES},
    **{f"{core}.numeric._frombuffer": _array_of_buffer for core in _CORES},
    **dict.fromkeys(("_codecs.encode", "builtins.bytes", "__builtin__.bytes"), _bytes),
    **dict.fromkeys(("collections.OrderedDict", "collections.defaultdict", "UserString.defaultdict"), _pairs),
    **dict.fromkeys(("builtins.set", "builtins.frozenset", "__builtin__.set", "__builtin__.frozenset"), _set),
}
"""What is understood of all that a pickle can call, by its name; nothing else is made."""


def build(made: DescribedType | DescribedArray, state: Any) -> None:
    """Put into an array or a type what belongs to it, as NumPy's `__setstate__` has it.

    Raises:
        Unreadable: it is something else.
    """
    if isinstance(made, DescribedType) and isinstance(state, tuple) and len(state) >= 2:
        made.order = state[1]
    elif isinstance(made, DescribedArray) and isinstance(state, tuple) and len(state) in (4, 5):
        made.shape, made.type, made.by_columns, made.data = state[-4:]
    else:
        raise Unreadable("an array or its type with an unknown state")
