"""The files of `token_files`, written as a stream: words are numbered as they come and ranked at the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from pipeline.text.token_files import CHUNK, COUNTS, DTYPES, IDS, OFFSETS, WORDS, Ids, Int64s
from pipeline.text.vocabulary import Vocabulary
from storage.errors import InputError
from storage.files import whole_file


class TokenWriter:
    """Writes ids and sentence offsets while the corpus is read; made by `token_writer`.

    Attributes:
        tokens: how many were written.
        sentences: how many of them have ended.
    """

    def __init__(self, ids: IO[bytes], offsets: IO[bytes]) -> None:
        self._ids = _ArrayFile(ids, DTYPES[IDS])
        self._offsets = _ArrayFile(offsets, DTYPES[OFFSETS])
        self._offsets.append(np.zeros(1, np.int64))
        self._last_offset = 0

    @property
    def tokens(self) -> int:
        """How many were written."""
        return self._ids.length

    @property
    def sentences(self) -> int:
        """How many of them have ended."""
        return self._offsets.length - 1

    def add(self, ids: Ids, line_ends: Int64s) -> None:
        """Write the next tokens.

        Args:
            ids: (n,) provisional ids.
            line_ends: (L,) how many of these tokens stand before each end of a line; empty sentences are left out.
        """
        ends = self.tokens + line_ends  # (L,)
        self._offsets.append(ends[np.diff(ends, prepend=self._last_offset) > 0])
        self._last_offset = int(ends[-1]) if len(ends) else self._last_offset
        self._ids.append(ids)

    def finish(self, rank: Ids) -> None:
        """Replace every provisional id i by rank[i] and bring the files to the disk."""
        self._ids.replace(rank)
        self._ids.finish()
        self._offsets.finish()


class _ArrayFile:
    """A one-dimensional .npy file that grows: its header is padded so that a longer shape fits in its place."""

    def __init__(self, file: IO[bytes], dtype: str) -> None:
        self._file = file
        self._dtype = np.dtype(dtype)
        self.length = 0
        self._write_header()
        self._start = file.tell()

    def append(self, values: NDArray[np.integer]) -> None:
        self._file.write(np.ascontiguousarray(values, self._dtype).data)
        self.length += len(values)

    def replace(self, rank: Ids) -> None:
        """Replace each value i by rank[i], in place."""
        for start in range(0, self.length, CHUNK):
            place = self._start + start * self._dtype.itemsize
            self._file.seek(place)
            values = np.frombuffer(self._file.read(CHUNK * self._dtype.itemsize), self._dtype)
            self._file.seek(place)
            self._file.write(rank[values].data)

    def finish(self) -> None:
        """Write the final length and bring the file to the disk."""
        self._write_header()
        self._file.flush()
        os.fsync(self._file.fileno())

    def _write_header(self) -> None:
        self._file.seek(0)
        header = {"descr": self._dtype.str, "fortran_order": False, "shape": (self.length,)}
        np.lib.format.write_array_header_1_0(self._file, header)


@contextmanager
def token_writer(folder: Path) -> Iterator[TokenWriter]:
    """Open a writer on an empty folder."""
    with (folder / IDS).open("xb+") as ids, (folder / OFFSETS).open("xb+") as offsets:
        yield TokenWriter(ids, offsets)


def write_words(folder: Path, vocabulary: Vocabulary) -> None:
    """Write the words, most frequent first, and their counts.

    Raises:
        InputError: a word holds half a surrogate pair, which some encodings let through and UTF-8 cannot write.
    """
    with whole_file(folder / COUNTS) as file:
        np.save(file, vocabulary.counts.astype(DTYPES[COUNTS], copy=False), allow_pickle=False)
    with whole_file(folder / WORDS) as file:
        try:
            file.writelines(f"{word}\n".encode() for word in vocabulary.words)
        except UnicodeEncodeError as error:
            word = error.object.strip()
            raise InputError(f"{word!r} holds half a surrogate pair, which is no character; see --encoding") from None
