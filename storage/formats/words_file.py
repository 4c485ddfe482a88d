"""Words in a file of their own: a line for each, beside a file of vectors."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from storage.embeddings import Floats
from storage.formats.format import Block
from storage.formats.source import LONGEST_WORD, Source
from storage.formats.target import Target, unpacked_name


def words_source(source: Source, names: Sequence[str]) -> Source:
    """The file with the words: the one that was named, or the first of these names beside the vectors.

    Raises:
        InputError: there is none; says which names were tried.
    """
    if source.words:
        return source.beside(source.words)
    for name in names:
        if (path := source.path.with_name(name)).is_file():
            return source.beside(path)
    tried = ", ".join(dict.fromkeys(names))
    raise source.wrong(f"holds no words, and beside it is none of {tried}; name the file that has them with --words")


@contextmanager
def opened_words(source: Source) -> Iterator["WordLines"]:
    """The words of a file, line by line."""
    with source.open() as file:
        yield WordLines(source, file)


class WordLines:
    r"""Lines of words; only "\n" ends one."""

    def __init__(self, source: Source, file: IO[bytes], line: int = 1) -> None:
        self.source, self.file, self.line = source, file, line

    def next(self) -> str | None:
        """The next line's text; None at the end.

        Raises:
            InputError: it is too long for a word.
        """
        text = self.file.readline(LONGEST_WORD + 2)
        if len(text.rstrip(b"\r\n")) > LONGEST_WORD:
            raise self.source.wrong(f"longer than the {LONGEST_WORD} bytes that a word may have", line=self.line)
        self.line += 1
        return self.source.decoded(text.removesuffix(b"\n").removesuffix(b"\r")) if text else None

    def block(self, rows: Floats) -> Block:
        """These vectors with the next words.

        Raises:
            InputError: there are fewer.
        """
        return Block([self._word() for _ in range(len(rows))], rows)

    def finish(self) -> None:
        """Make sure that every word had its vector.

        Raises:
            InputError: a word is left.
        """
        if self.next() is not None:
            raise self.source.wrong("a word without a vector", line=self.line - 1)

    def _word(self) -> str:
        word = self.next()
        if word is None:
            raise self.source.wrong("the words end, but the vectors go on", line=self.line - 1)
        return word


def words_beside(target: Target, suffix: str) -> Path:
    """Where the words of exported vectors go: NAME and the suffix, unless they were given a place."""
    return target.words or target.path.with_name(unpacked_name(target.path).stem + suffix)


def ends_a_line(word: str) -> str:
    """Why a line cannot have a word; empty if it can."""
    if "\n" in word or word.endswith("\r"):
        return "it holds an end of line"
    return "" if word else "it is empty"
