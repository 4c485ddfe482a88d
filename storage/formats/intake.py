"""`Intake`: from a file's blocks to `Embeddings`; what a store cannot hold is refused or, on wish, left out.

The vectors lie in a temporary file without a name until they are published: memory holds them only as far as it is
free, and whatever ends the import, nothing remains.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

import numpy as np

from storage.embeddings import Embeddings, is_finite
from storage.errors import InputError
from storage.formats.format import Block
from storage.formats.left_out import LeftOut, shown
from storage.formats.source import LONGEST_WORD, Source


class Intake:
    """Words and vectors on their way into a store; a context manager that closes the temporary file.

    Args:
        source: for messages.
        folder: where the temporary file lies, on a disk that has room for the vectors.
        skip: leave out what a store cannot hold, instead of refusing the file.

    Attributes:
        left_out: what was left out so far.
        counted: whether the file says how often each word stood in the corpus.
    """

    def __init__(self, source: Source, folder: Path, *, skip: bool) -> None:
        self.source, self.skip = source, skip
        self.left_out, self.counted = LeftOut(), True
        self._came = 0
        self._dimensions = 0
        self._words: dict[str, None] = {}
        self._counts: list[int] = []
        try:
            self._file = tempfile.TemporaryFile(dir=folder, prefix=".import-")  # noqa: SIM115 - closed at the end
        except OSError as error:
            why = f"cannot hold the vectors while they are read ({error.strerror})"
            raise InputError(f"{folder} {why}; check the permissions of the file and its folder") from None

    def __enter__(self) -> "Intake":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def take(self, block: Block) -> None:
        """Take the next words.

        Raises:
            InputError: a store cannot hold one of them, and none is to be left out; or there is no room.
        """
        block = self._fitting(block)
        self._words.update(dict.fromkeys(block.words))
        self.counted = self.counted and block.counts is not None
        self._counts += block.counts if self.counted and block.counts is not None else ()
        with self._room():
            self._file.write(np.ascontiguousarray(block.rows, "<f4").data)

    def embeddings(self) -> Embeddings:
        """All that was taken, which ends the intake; counts are 0 where the file does not say them.

        The vectors stay mapped when the temporary file is closed.

        Raises:
            InputError: there are no words.
        """
        if not self._words:
            raise self.source.wrong(f"no words, {self.left_out.total:,} left out" if self._came else "no words")
        with self._room():
            self._file.flush()
        words, counts = tuple(self._words), np.array(self._counts if self.counted else 0, np.int64)
        self._words, self._counts = {}, []  # of millions of words, they take as much memory as is needed elsewhere
        matrix = np.memmap(self._file, "<f4", "r", shape=(len(words), self._dimensions))  # (V, D)
        return Embeddings(words, np.array(np.broadcast_to(counts, len(words))), np.asarray(matrix))

    @contextmanager
    def _room(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = f"no room for its vectors beside the store ({error.strerror})"
            raise InputError(f"{self.source.name}: {why}; the models published before are whole") from None

    def _fitting(self, block: Block) -> Block:
        """The words that a store can hold, most often the block itself."""
        self._check_shape(block)
        first, self._came = self._came, self._came + len(block.words)
        if self._all_fit(block):
            return block
        fitting: dict[str, int] = {}
        infinite = set(np.flatnonzero(~np.isfinite(block.rows).all(axis=1)).tolist())
        for place, word in enumerate(block.words):
            if reason := "stood there before" if word in fitting else self._misfit(word, finite=place not in infinite):
                self._leave_out(word, _where(block, first, place), reason)
            else:
                fitting[word] = place
        places = list(fitting.values())
        counts = None if block.counts is None else [block.counts[place] for place in places]
        return Block(list(fitting), block.rows[places], counts)

    def _check_shape(self, block: Block) -> None:
        self._dimensions = self._dimensions or block.rows.shape[1]
        if block.rows.shape != (len(block.words), self._dimensions):
            raise self.source.wrong(f"vectors {block.rows.shape} where {self._dimensions} dimensions came before")
        if block.counts is not None and any(not 0 <= count < 1 << 63 for count in block.counts):
            raise self.source.wrong("a count below 0 or above 2**63 - 1")

    def _all_fit(self, block: Block) -> bool:
        different = set(block.words)
        return (
            len(different) == len(block.words)
            and self._words.keys().isdisjoint(different)
            and "" not in different
            and max(map(len, different)) * 4 <= LONGEST_WORD
            and _is_text("".join(block.words))
            and is_finite(block.rows)
        )

    def _misfit(self, word: str, *, finite: bool) -> str:
        if not word:
            return "is empty"
        if not _is_text(word):
            return f"is not {self.source.encoding}"
        if len(word.encode()) > LONGEST_WORD:
            return f"has more than {LONGEST_WORD:,} bytes"
        if word in self._words:
            return "stood there before"
        return "" if finite else "has a number that is not finite"

    def _leave_out(self, word: str, where: str, reason: str) -> None:
        if not self.skip:
            ways = "--on-unfit skip leaves out such words and lists them"
            if word and not _is_text(word):
                ways = f"--encoding says what the words are written in, or {ways}"
            raise InputError(f"{self.source.name}, {where}: the word {shown(word)} {reason}; {ways}")
        self.left_out.add(word, where, reason)


def _where(block: Block, first: int, place: int) -> str:
    return f"word {first + place + 1:,}" if block.line is None else f"line {block.line + place:,}"


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
