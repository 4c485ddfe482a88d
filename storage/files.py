"""Files that appear whole or not at all, and the hashes that name their contents."""

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

from storage.beside import made_beside
from storage.json_text import json_text


@contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file beside `path`; when the block ends without error it is synced and takes the name `path`.

    Whatever was at `path` stays untouched until then.
    """
    with made_beside(path) as (beside, file):
        yield file
        file.flush()
        os.fsync(file.fileno())
        if os.name == "nt":
            file.close()  # it renames no open file; elsewhere the lock is held until the end
        beside.replace(path)
    sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    """Write `value` as readable JSON, whole or not at all."""
    with whole_file(path) as file:
        file.write(json_text(value, indent=2).encode() + b"\n")


def write_array(path: Path, array: "np.ndarray[Any, Any]") -> None:
    """Write an array as .npy, whole or not at all; unlike that of `np.save`, an error tells of a full disk."""
    with whole_file(path) as file:
        file.write(npy_header(array.shape, array.dtype))
        file.write(bytes_of(array))


def sha256_of_array(array: "np.ndarray[Any, Any]") -> str:
    """Hex digest of the file that `write_array` would write."""
    digest = hashlib.sha256(npy_header(array.shape, array.dtype))
    digest.update(bytes_of(array))
    return digest.hexdigest()


def npy_header(shape: tuple[int, ...], dtype: "np.dtype[Any]") -> bytes:
    """What stands before the numbers of an array in C order."""
    header = io.BytesIO()
    about = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, about)
    return header.getvalue()


def bytes_of(array: "np.ndarray[Any, Any]") -> memoryview:
    """The numbers of an array in C order, copied only where they lie otherwise."""
    return np.ascontiguousarray(array).data.cast("B")


def sync_folder(folder: Path) -> None:
    """Make a rename inside `folder` survive a power cut (a no-op where folders cannot be opened)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sha256_of_file(path: Path) -> str:
    """Hex digest of a file's bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_json(value: Any) -> str:
    """Hex digest of a value's canonical JSON: sorted keys, no spaces."""
    text = json_text(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
