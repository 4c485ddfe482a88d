"""A folder of arrays that are mapped into memory, not read: it appears whole, and is believed only as it was written.

Beside the .npy files lies a header with what they were made of, and of each file its size, its time of change and
checksums: of its own head, which has type and shape, and of its numbers. Opening looks at all of these but the last,
which would mean to read everything; it is compared where a file was touched since.
"""

import json
import secrets
import shutil
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import InputError
from storage.files import sha256_of_json, sync_folder, write_array, write_json

HEADER = "header.json"
_FORMAT = 1

Array = NDArray[Any]


def write_arrays(folder: Path, about: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write arrays and their header; `folder` appears whole, in place of what was there, or not at all.

    Args:
        folder: where; the folder it lies in is made when missing.
        about: what the arrays were made of, as JSON values.
        arrays: each by the name of its file.

    Raises:
        OSError: there is no room, or no permission.
    """
    beside = _beside(folder)
    try:
        files = {name: _written(beside / f"{name}.npy", array) for name, array in arrays.items()}
        header = {"format": _FORMAT, "about": about, "files": files}
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


def _written(path: Path, array: Array) -> dict[str, Any]:
    write_array(path, array)
    found = path.stat()
    about = {"bytes": found.st_size, "data_bytes": array.nbytes}
    return {**about, "modified_ns": found.st_mtime_ns, "head_crc32": _head(path, about), "crc32": _checksum(array)}


def _put_in_place(beside: Path, folder: Path) -> None:
    """Rename, after what was there; who has that mapped keeps it."""
    before = _beside(folder)
    with suppress(FileNotFoundError):
        folder.rename(before)
    try:
        beside.rename(folder)
    except OSError:
        if not folder.is_dir():  # else another process was faster: it has written the same
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
    if touched and _checksum(array) != entry["crc32"]:
        raise InputError(f"{path.name} is not as it was written")
    return array


def _head(path: Path, entry: Mapping[str, Any]) -> int:
    """Checksum of what stands before the numbers: their type and shape as .npy has it."""
    with path.open("rb") as file:
        return zlib.crc32(file.read(entry["bytes"] - entry["data_bytes"]))


def _checksum(array: Array) -> int:
    return zlib.crc32(np.ascontiguousarray(array).data)
