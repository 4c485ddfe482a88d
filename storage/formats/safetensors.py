"""safetensors: a matrix and the counts in one file, with the V words in a JSON file beside it.

The file is 8 bytes with the length of a JSON header, that header, and the numbers, little-endian
(https://huggingface.co/docs/safetensors, "Format"). Its own library would hold all vectors to write them.
"""

import json
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from operator import index
from typing import IO, Any

import numpy as np

from storage.formats.format import Block, Format, Table, rows_at_once
from storage.formats.numpy_array import as_float32, read_array
from storage.formats.source import Source
from storage.formats.target import Target, unpacked_name
from storage.formats.text_rows import check_dimensions
from storage.formats.words_file import words_beside, words_source
from storage.json_text import json_text

_MOST_HEADER = 100_000_000  # as the library has it
_TYPES = {"F16": "<f2", "F32": "<f4", "F64": "<f8", "I64": "<i8", "I32": "<i4", "U32": "<u4", "U64": "<u8"}
_MATRIX, _COUNTS = "vectors", "counts"


@dataclass(frozen=True)
class _Tensor:
    """One tensor: where its numbers begin and end, from the file's beginning."""

    name: str
    dtype: "np.dtype[Any]"
    shape: tuple[int, ...]
    begin: int
    end: int

    def read(self, source: Source, file: IO[bytes], row: int, rows: int) -> "np.ndarray[Any, Any]":
        """Some of its rows."""
        shape = (rows, *self.shape[1:])
        file.seek(self.begin + row * prod(self.shape[1:]) * self.dtype.itemsize)
        return read_array(source, file, self.dtype, shape)


class Safetensors(Format):
    """NAME.safetensors with NAME.json."""

    name = "safetensors"
    title = "safetensors, and a JSON file of words"
    suffixes = (".safetensors",)
    counts = True

    def recognizes(self, head: bytes) -> bool:
        """The length of a header, which is a JSON object."""
        return len(head) > 9 and 2 <= struct.unpack("<Q", head[:8])[0] <= _MOST_HEADER and head[8:9] == b"{"

    def read(self, source: Source) -> Iterator[Block]:
        """Its vectors, with the words of the JSON file."""
        stem = unpacked_name(source.path).stem
        beside = words_source(source, [f"{stem}.json", "vocab.json", "words.json"])
        words = _words(beside)
        with source.seekable() as file:
            tensors = _tensors(source, file)
            matrix, counts = _matrix(source, tensors), tensors.get(_COUNTS)
            check_dimensions(source, matrix.shape[1])
            if matrix.shape[0] != len(words):
                raise source.wrong(f"{matrix.shape[0]:,} vectors, but {beside.name} has {len(words):,} words")
            if counts and (counts.shape != (len(words),) or counts.dtype.kind not in "iu"):
                raise source.wrong(f"its counts are {counts.dtype} {counts.shape}, not a whole number for each word")
            for begin in range(0, len(words), rows_at_once(matrix.shape[1])):
                some = words[begin : begin + rows_at_once(matrix.shape[1])]
                rows = as_float32(matrix.read(source, file, begin, len(some)))
                found = counts.read(source, file, begin, len(some)).tolist() if counts else None
                yield Block(some, rows, found)

    def write(self, table: Table, target: Target) -> None:
        """Write counts and vectors, and the words beside them."""
        file, beside = target.open(), target.open(words_beside(target, ".json"))
        count_bytes, vector_bytes = 8 * table.words * table.counted, 4 * table.words * table.dimensions
        counts = {_COUNTS: _entry("I64", [table.words], 0, count_bytes)} if table.counted else {}
        vectors = _entry("F32", [table.words, table.dimensions], count_bytes, vector_bytes)
        about = {name: str(value) for name, value in table.about.items()}
        header = json_text({"__metadata__": about, **counts, _MATRIX: vectors}, separators=(",", ":")).encode()
        header += b" " * (-len(header) % 8)  # the library wants the numbers to begin at a multiple of 8
        file.write(struct.pack("<Q", len(header)) + header)
        for block in table.blocks() if table.counted else ():
            file.write(np.array(block.counts, "<i8").tobytes())
        for block in table.blocks():
            file.write(np.ascontiguousarray(block.rows, "<f4").tobytes())
        _write_words(table, beside)


def _entry(dtype: str, shape: list[int], begin: int, length: int) -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, begin + length]}


def _write_words(table: Table, file: IO[bytes]) -> None:
    file.write(b'{"words": [')
    between = ""
    for block in table.blocks():
        file.write((between + ",\n".join(map(json_text, block.words))).encode())
        between = ",\n"
    file.write(b"]}\n")


def _words(source: Source) -> list[str]:
    """A list of words, `{"words": [...]}`, or a row for each word as Hugging Face's vocab.json has it."""
    with source.open() as file:
        try:
            found = json.loads(file.read())
        except (ValueError, RecursionError) as error:
            raise source.wrong(f"no JSON: {error}") from None
    if isinstance(found, dict) and isinstance(found.get("words"), list):
        found = found["words"]
    if isinstance(found, dict) and sorted(map(str, found.values())) == sorted(map(str, range(len(found)))):
        found = sorted(found, key=found.__getitem__)
    if not isinstance(found, list) or not all(isinstance(word, str) for word in found):
        raise source.wrong('no words; a list of them, {"words": [...]}, or {word: row, ...} is wanted')
    return found


def _tensors(source: Source, file: IO[bytes]) -> dict[str, _Tensor]:
    """What the header names, each with its place, which was found to lie inside the file."""
    begin = file.read(8)
    length = struct.unpack("<Q", begin)[0] if len(begin) == 8 else 0
    size = file.seek(0, 2)
    if not 2 <= length <= min(_MOST_HEADER, size - 8):
        raise source.wrong(f"a header of {length:,} bytes in a file of {size:,}", byte=0)
    file.seek(8)
    try:
        header = json.loads(file.read(length))
        entries = {name: entry for name, entry in header.items() if name != "__metadata__"}
        tensors = {name: _tensor(name, entry, 8 + length) for name, entry in entries.items()}
    except (ValueError, RecursionError, AttributeError, KeyError, TypeError, OverflowError) as error:
        raise source.wrong(f"its header is damaged: {type(error).__name__} {error}", byte=8) from None
    for tensor in tensors.values():
        if tensor.end > size:
            raise source.wrong(f"is cut off: {tensor.name!r} would end at byte {tensor.end:,}", byte=size)
    return tensors


def _tensor(name: str, entry: Mapping[str, Any], data: int) -> _Tensor:
    """One entry of a header.

    Raises:
        ValueError: its sizes do not fit together. Also KeyError and TypeError, where it is of another form.
    """
    shape, (begin, end) = tuple(map(index, entry["shape"])), map(index, entry["data_offsets"])
    dtype = np.dtype(_TYPES.get(entry["dtype"], "V1"))  # of other types only the place matters
    if min((begin, *shape)) < 0 or begin > end or (dtype.kind != "V" and end - begin != prod(shape) * dtype.itemsize):
        raise ValueError(f"{name!r} of shape {shape} does not fit its place")
    return _Tensor(name, dtype, shape, data + begin, data + end)


def _matrix(source: Source, tensors: Mapping[str, _Tensor]) -> _Tensor:
    """The matrix of vectors: the one so named, or the only one."""
    found = {tensor.name: tensor for tensor in tensors.values() if len(tensor.shape) == 2 and tensor.dtype.kind == "f"}
    if _MATRIX in found:
        return found[_MATRIX]
    if len(found) != 1:
        names = ", ".join(map(repr, found)) or "none"
        raise source.wrong(f"one matrix of F16, F32 or F64 is wanted, or one named {_MATRIX!r}; found: {names}")
    return next(iter(found.values()))
