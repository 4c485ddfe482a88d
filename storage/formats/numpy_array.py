"""NumPy's .npy, a matrix of V rows, with the V words in a text file beside it."""

import warnings
from collections.abc import Iterator
from math import prod
from tokenize import TokenError
from typing import IO, Any

import numpy as np

from storage.array_folder import Array
from storage.embeddings import Floats
from storage.formats.format import MOST_DIMENSIONS, Block, Format, Table, rows_at_once
from storage.formats.source import Source
from storage.formats.target import Target, unpacked_name
from storage.formats.words_file import ends_a_line, opened_words, words_beside, words_source

_MAGIC = b"\x93NUMPY"
_WORDS = ".words.txt"
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


class NumpyArray(Format):
    """NumPy's .npy with NAME.words.txt."""

    name = "npy"
    title = "NumPy's .npy, and a text file of words"
    suffixes = (".npy",)

    def recognizes(self, head: bytes) -> bool:
        """NumPy's first bytes."""
        return head.startswith(_MAGIC)

    def read(self, source: Source) -> Iterator[Block]:
        """Its vectors, with the words beside it."""
        stem = unpacked_name(source.path).stem
        names = [f"{stem}{_WORDS}", f"{stem}.words", f"{stem}.vocab", f"{stem}.txt", "words.txt", "vocab.txt"]
        with source.open() as file, opened_words(words_source(source, names)) as words:
            (total, dimensions), dtype = _header(source, file)
            for begin in range(0, total, rows_at_once(dimensions)):
                n = min(rows_at_once(dimensions), total - begin)
                yield words.block(as_float32(read_array(source, file, dtype, (n, dimensions))))
            if file.read(1):
                raise source.wrong("goes on after its last row", byte=file.tell() - 1)
            words.finish()

    def misfit(self, word: str) -> str:
        """Each word is a line."""
        return ends_a_line(word)

    def write(self, table: Table, target: Target) -> None:
        """Write the matrix, and the words beside it."""
        file = target.open()
        words = target.open(words_beside(target, _WORDS))
        about = {"descr": "<f4", "fortran_order": False, "shape": (table.words, table.dimensions)}
        np.lib.format.write_array_header_1_0(file, about)
        for block in table.blocks():
            file.write(np.ascontiguousarray(block.rows, "<f4").tobytes())
            words.write("".join(f"{word}\n" for word in block.words).encode())


def read_array(source: Source, file: IO[bytes], dtype: "np.dtype[Any]", shape: tuple[int, ...]) -> Array:
    """The next numbers of a file.

    Raises:
        InputError: there are fewer.
    """
    wanted, place = prod(shape) * dtype.itemsize, file.tell()
    data = file.read(wanted)
    if len(data) < wanted:
        raise source.wrong("is cut off: more numbers were to come", byte=place + len(data))
    return np.frombuffer(data, dtype).reshape(shape)


def as_float32(numbers: Array) -> Floats:
    """The same numbers; what is too large becomes infinite, which whoever takes the vectors refuses."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32, copy=False)


def _header(source: Source, file: IO[bytes]) -> tuple[tuple[int, int], "np.dtype[Any]"]:
    """Shape and type, as NumPy reads them: a literal, no code."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that it was written by Python 2
            shape, by_columns, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
    except (ValueError, KeyError, SyntaxError, TokenError, TypeError, RecursionError, MemoryError) as error:
        raise source.wrong(f"its header is damaged: {error}", byte=0) from None
    if len(shape) != 2 or not 1 <= shape[1] <= MOST_DIMENSIONS or shape[0] < 0:
        raise source.wrong(f"an array of shape {shape}, not of V rows of 1 to {MOST_DIMENSIONS} numbers", byte=0)
    if by_columns or dtype.kind not in "fiu":
        wrong = "is stored by columns" if by_columns else f"holds {dtype}"
        raise source.wrong(f"it {wrong}; save np.ascontiguousarray(array, 'float32') instead", byte=0)
    return (shape[0], shape[1]), dtype
