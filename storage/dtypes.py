"""How the numbers of a vector are kept: float32, float16, or int8 with a scale for each row; read, all are float32.

A row of D numbers is one blob of 4 D, 2 D or 4 + D bytes, little-endian. That of int8 begins with its scale s, a
float32, of which the numbers are multiples: the largest magnitude of the row is 127 s.
"""

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats, is_finite
from storage.errors import InputError, SettingError
from storage.models import DTYPES

_LARGEST = 127  # of int8; -128 is not used, so that a row and its opposite are kept alike
_ROWS_AT_ONCE = 8192


def row_type(dtype: str, dimensions: int) -> np.dtype[Any]:
    """What a row's blob is: D numbers; for int8 a `scale` and D `numbers`."""
    if dtype == "int8":
        return np.dtype([("scale", "<f4"), ("numbers", "i1", (dimensions,))])
    return np.dtype(({"float32": "<f4", "float16": "<f2"}[dtype], (dimensions,)))


def encoded(matrix: Floats, dtype: str) -> NDArray[Any]:
    """(V, ...) a matrix as it is kept, whose every row is a blob; float32 that lies row after row is not copied.

    Args:
        matrix: (V, D) finite float32.
        dtype: one of DTYPES.

    Raises:
        SettingError: there is no such type.
        InputError: a number is too large for it.
    """
    if dtype not in DTYPES:
        raise SettingError(f"dtype is {dtype!r}; allowed: {', '.join(DTYPES)}")
    if dtype == "float32":
        return np.ascontiguousarray(matrix, dtype="<f4")
    rows = np.empty(len(matrix), row_type(dtype, matrix.shape[1]))
    for at in _places(len(matrix)):
        _encode(matrix[at], rows[at], dtype)
    return rows.view(np.uint8).reshape(len(matrix), -1)


def decoded(blobs: Any, dtype: str, dimensions: int) -> Floats:
    """(V, D) float32 from the bytes of V blobs; those of float32 are not copied."""
    rows = np.frombuffer(blobs, row_type(dtype, dimensions))
    if dtype == "int8":
        with np.errstate(over="ignore", invalid="ignore"):  # whoever takes the result refuses what is not finite
            multiples: Floats = np.multiply(rows["numbers"], rows["scale"][:, None], dtype=np.float32)
        return multiples
    return rows.astype(np.float32, copy=False)


def as_kept(matrix: Floats, dtype: str) -> Floats:
    """(V, D) what is read back of a matrix that is kept as `dtype`; raises as `encoded` does."""
    return decoded(encoded(matrix, dtype).data.cast("B"), dtype, matrix.shape[1])


def sha256_of_kept(rows: NDArray[Any], dtype: str, dimensions: int) -> str:
    """Hash of what is read back of `encoded` rows, as (V, D) little-endian float32."""
    digest = hashlib.sha256()
    for at in _places(len(rows)):
        digest.update(decoded(rows[at].data.cast("B"), dtype, dimensions).data)
    return digest.hexdigest()


def _encode(block: Floats, rows: NDArray[Any], dtype: str) -> None:
    with np.errstate(over="ignore"):  # infinity is refused below
        if dtype == "int8":
            scale = np.abs(block).max(axis=1) / np.float32(_LARGEST)  # (n,)
            multiples = np.rint(block / np.where(scale, scale, 1)[:, None])
            rows["scale"] = scale
            rows["numbers"] = np.clip(multiples, -_LARGEST, _LARGEST)  # a denormal scale has lost its last digits
            kept = scale * np.float32(_LARGEST)
        else:
            rows[...] = kept = block.astype(np.float16)
    if not is_finite(kept):
        raise InputError(f"a number of the vectors is too large for {dtype}; store them as float32")


def _places(rows: int) -> Iterator[slice]:
    return (slice(at, at + _ROWS_AT_ONCE) for at in range(0, rows, _ROWS_AT_ONCE))
