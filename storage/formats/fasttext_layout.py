"""What stands where in a .bin file of fastText: arguments, dictionary, matrices; nothing is believed before it is read.

After fastText's own `FastText::saveModel`, `Args::save`, `Dictionary::save` and `DenseMatrix::save`, little-endian:

    int32 magic, version            not in the oldest files, which begin with the arguments
    int32 dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate; double t
    int32 size, nwords, nlabels; int64 ntokens; int64 pruned (not in the oldest)
    size times: the word in UTF-8, a zero byte, int64 count, int8 type (0 a word, 1 a label)
    bool quantized (not in the oldest); int64 rows, columns; float32 input matrix: a row a word, then one a bucket
    bool quantized (not in the oldest); int64 rows, columns; float32 output matrix
"""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

from storage.embeddings import Floats
from storage.errors import InputError, SettingError
from storage.formats.format import MOST_DIMENSIONS
from storage.formats.source import LONGEST_WORD, Source
from storage.ngrams import LONGEST_PIECE, Ngrams

MAGIC, VERSION = 793712314, 12
_LABEL = 1  # the type of an entry that is a label of a classifier, not a word
SIGNATURE = struct.Struct("<2i")
ARGUMENTS = struct.Struct("<12id")
SIZES = struct.Struct("<3iq")
PRUNED = struct.Struct("<q")
ENTRY_END = struct.Struct("<qb")
SHAPE = struct.Struct("<2q")
_OLDEST_VERSION = 11  # the first with a magic number
_FLOAT_BYTES = 4


@dataclass(frozen=True)
class Arguments:
    """What the model was trained with, as far as its file says; the learning rate and the seed are not in it."""

    dim: int
    ws: int = 5
    epoch: int = 5
    min_count: int = 1
    neg: int = 5
    word_ngrams: int = 1
    loss: int = 2
    model: int = 2
    bucket: int = 0
    minn: int = 0
    maxn: int = 0
    lr_update_rate: int = 100
    t: float = 1e-4

    def is_plausible(self) -> bool:
        """Whether a file that begins so, and has no magic number, may be one of fastText."""
        small = all(1 <= number <= MOST_DIMENSIONS for number in (self.dim, self.ws, self.epoch))
        pieces = 0 <= self.minn <= LONGEST_PIECE and 0 <= self.maxn <= LONGEST_PIECE and self.bucket >= 0
        return small and pieces and 1 <= self.loss <= 4 and 1 <= self.model <= 3 and 0 <= self.t <= 1

    def ngrams(self) -> Ngrams | None:
        """How words are cut into pieces; None where they are not.

        Raises:
            SettingError: numbers that no program could have meant.
        """
        if self.maxn == 0 or self.bucket == 0 or self.maxn < self.minn:
            return None
        return Ngrams(max(self.minn, 1), self.maxn, self.bucket)


class Layout:
    """A file of fastText that is read piece by piece; every error names the file and the byte.

    Args:
        source: for messages.
        file: open at its beginning, to be read from anywhere.

    Attributes:
        arguments: what the model was trained with.
        words: how many entries of the dictionary are words.
    """

    def __init__(self, source: Source, file: IO[bytes]) -> None:
        self._source, self._file = source, file
        self._size = file.seek(0, os.SEEK_END)
        file.seek(0)
        magic, version = self._unpack(SIGNATURE)
        self._oldest = magic != MAGIC
        if self._oldest:
            file.seek(0)
        elif not _OLDEST_VERSION <= version <= VERSION:
            raise self._wrong(f"version {version} of fastText's files; {_OLDEST_VERSION} and {VERSION} can be read", 4)
        self.arguments = Arguments(*self._unpack(ARGUMENTS))
        self._check_arguments()
        self._entries, self.words, self._labels, _ = self._unpack(SIZES)
        pruned = -1 if self._oldest else self._unpack(PRUNED)[0]
        self._check_sizes(pruned)

    def dictionary(self) -> Iterator[tuple[bytes, int]]:
        """The words, as the file has their bytes, and their counts; to be read once, before the matrices."""
        for _ in range(self._entries):
            place = self._file.tell()
            word = self._word()
            count, kind = self._unpack(ENTRY_END)
            if count < 0 or kind not in (0, _LABEL):
                raise self._wrong(f"the count or the type of {word[:40]!r} is none", place)
            if kind != _LABEL:
                yield word, count

    def matrix(self) -> tuple[int, int]:
        """Where the numbers of the next matrix begin, and how many rows it has; the file stands behind it.

        Raises:
            InputError: it is quantized, of another width than the vectors, or longer than the file.
        """
        if not self._oldest and self._file.read(1) != b"\0":
            raise self._wrong(
                "the matrix is quantized (.ftz), its vectors are only near to those that were trained; "
                "give the .bin file that it was made from"
            )
        rows, columns = self._unpack(SHAPE)
        place = self._file.tell()
        if columns != self.arguments.dim or rows < 0:
            raise self._wrong(f"a matrix of {rows} x {columns} where vectors have {self.arguments.dim} numbers")
        if rows * columns * _FLOAT_BYTES > self._size - place:
            raise self._wrong(f"a matrix of {rows} x {columns} is promised, the file ends after {self._size:,} bytes")
        self._file.seek(place + rows * columns * _FLOAT_BYTES)
        return place, rows

    def rows(self, place: int, first: int, count: int) -> Floats:
        """(count, D) some rows of the matrix that begins at a place."""
        dim = self.arguments.dim
        self._file.seek(place + first * dim * _FLOAT_BYTES)
        found = np.empty((count, dim), "<f4")
        self._fill(found)
        return found

    def _fill(self, array: Floats) -> None:
        into = array.data.cast("B") if array.size else memoryview(b"")
        done = 0
        while done < len(into):
            part = self._file.read(min(len(into) - done, 1 << 24))
            if not part:
                raise self._wrong("the file ends within a matrix")
            into[done : done + len(part)] = part
            done += len(part)

    def _word(self) -> bytes:
        begin = self._file.tell()
        read = self._file.read(64)
        while (end := read.find(b"\0")) < 0:
            more = self._file.read(1024)
            if not more or len(read) > LONGEST_WORD:
                raise self._wrong(f"a word without an end, or of more than {LONGEST_WORD} bytes", begin)
            read += more
        self._file.seek(begin + end + 1)
        return read[:end]

    def _unpack(self, form: struct.Struct) -> tuple[int, ...]:
        place = self._file.tell()
        read = self._file.read(form.size)
        if len(read) < form.size:
            raise self._wrong("the file ends too early", place)
        return form.unpack(read)

    def _check_arguments(self) -> None:
        if not self.arguments.is_plausible():
            raise self._wrong(f"no arguments of fastText: {self.arguments}", 0)
        try:
            self.arguments.ngrams()
        except SettingError as error:
            raise self._wrong(str(error), 0) from None

    def _check_sizes(self, pruned: int) -> None:
        least = (ENTRY_END.size + 1) * self._entries
        fit = self._entries == self.words + self._labels and self.words >= 1 and self._labels >= 0
        if not fit or least > self._size - self._file.tell():
            raise self._wrong(f"a dictionary of {self._entries:,} entries, {self.words:,} of them words: it cannot be")
        if pruned >= 0:
            raise self._wrong("the dictionary was pruned when the model was quantized (.ftz); give the .bin file")

    def _wrong(self, what: str, place: int | None = None) -> InputError:
        return self._source.wrong(what, byte=self._file.tell() if place is None else place)
