"""A folder of arrays that are mapped into memory, not read: it appears whole, and is believed only as it was written.

Beside the .npy files lies a header with what they were made of, and of each file its size, its time of change and
checksums: of its own head, which has type and shape, and of its numbers. Opening looks at all of these but the last,
which would mean to read everything; it is compared where a file was touched since.
"""

import errno
import json
import secrets
import shutil
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import InputError
from storage.files import bytes_of, npy_header, sha256_of_json, sync_folder, whole_file, write_json

HEADER = "header.json"
_FORMAT = 1

Array = NDArray[Any]


class ArrayWriter:
    """Writes arrays into a folder that is not in its place yet.

    Args:
        folder: where, for now.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, array: Array) -> None:
        """Write an array.

        Raises:
            OSError: there is no room, or no permission.
        """
        self.add_rows(name, array.shape, array.dtype, [np.ascontiguousarray(array)])

    def add_rows(self, name: str, shape: tuple[int, ...], dtype: "np.dtype[Any]", blocks: Iterable[Array]) -> Array:
        """Write an array of which never more than a block is in memory; returns it, mapped and read-only.

        Args:
            name: of its file.
            shape: of the whole.
            dtype: of its numbers.
            blocks: consecutive rows, each block in C order.

        Raises:
            OSError: there is no room, or no permission.
        """
        path, crc32 = self._folder / f"{name}.npy", 0
        with whole_file(path) as file:
            file.write(npy_header(shape, dtype))
            head_bytes = file.tell()
            for block in blocks:
                file.write(bytes_of(block))
                crc32 = zlib.crc32(bytes_of(block), crc32)
        found = path.stat()
        about = {"bytes": found.st_size, "data_bytes": found.st_size - head_bytes, "modified_ns": found.st_mtime_ns}
        self.files[name] = {**about, "head_crc32": _head(path, about), "crc32": crc32}
        return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))


@contextmanager
def writing_arrays(folder: Path, about: Mapping[str, Any]) -> Iterator[ArrayWriter]:
    """Write arrays and, at the end, their header; `folder` appears whole, in place of what was there, or not at all.

    Args:
        folder: where; the folder it lies in is made when missing.
        about: what the arrays were made of, as JSON values.

    Raises:
        OSError: there is no room, or no permission.
    """
    beside = _beside(folder)
    try:
        writer = ArrayWriter(beside)
        yield writer
        header = {"format": _FORMAT, "about": about, "files": writer.files}
        write_json(beside / HEADER, {**header, "sha256": sha256_of_json(header)})
        _put_in_place(beside, folder)
    finally:
        remove(beside)


def map_arrays(folder: Path, about: Mapping[str, Any], *, thorough: bool = False) -> dict[str, Array]:
    """The arrays of a folder, mapped and read-only; if `thorough`, the numbers of all are compared, which reads them.

    Raises:
        InputError: they were made of something else, or are damaged: says what does not fit.
        OSError: there is no such folder, or no permission.
    """
    header = _header(folder)
    if header["about"] != about:
        raise InputError("it was made of something else")
    files = header["files"].items()
    return {name: _mapped(folder / f"{name}.npy", entry, thorough=thorough) for name, entry in files}


def remove(path: Path) -> None:
    """Take away a file, or a folder with all that is in it, as far as that can be done."""
    with suppress(OSError):
        path.unlink() if path.is_symlink() or path.is_file() else shutil.rmtree(path)


def _beside(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.{secrets.token_hex(6)}")


def _put_in_place(beside: Path, folder: Path) -> None:
    """Rename, after what was there; who has that mapped keeps it."""
    before = _beside(folder)
    with suppress(FileNotFoundError):
        folder.rename(before)
    try:
        beside.rename(folder)
    except OSError as error:  # another process was faster, and has written the same; a third may have moved that away
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST) and not folder.is_dir():
            raise
    sync_folder(folder.parent)
    remove(before)


def _header(folder: Path) -> dict[str, Any]:
    try:
        header = json.loads((folder / HEADER).read_text("utf-8"))
        written = header.pop("sha256")
    except (ValueError, KeyError, AttributeError) as error:
        raise InputError(f"its {HEADER} is damaged") from error
    if written != sha256_of_json(header):
        raise InputError(f"its {HEADER} is damaged")
    if header["format"] != _FORMAT:
        raise InputError(f"it is of format {header['format']}, not {_FORMAT}")
    return dict(header)


def _mapped(path: Path, entry: Mapping[str, Any], *, thorough: bool) -> Array:
    found = path.stat()
    if found.st_size != entry["bytes"]:
        raise InputError(f"{path.name} has {found.st_size} bytes where {entry['bytes']} were written")
    if _head(path, entry) != entry["head_crc32"]:  # what NumPy would parse
        raise InputError(f"{path.name} is damaged")
    try:
        array = np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
    except ValueError as error:
        raise InputError(f"{path.name} is damaged: {error}") from error
    touched = thorough or found.st_mtime_ns != entry["modified_ns"]
    if touched and zlib.crc32(bytes_of(array)) != entry["crc32"]:
        raise InputError(f"{path.name} is not as it was written")
    return array


def _head(path: Path, entry: Mapping[str, Any]) -> int:
    """Checksum of what stands before the numbers: their type and shape as .npy has it."""
    with path.open("rb") as file:
        return zlib.crc32(file.read(entry["bytes"] - entry["data_bytes"]))
