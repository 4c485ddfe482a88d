"""word2vec's binary: a first line `V D`, then each word, a blank and D little-endian float32.

The C program ends each vector with a line feed, gensim does not; a line feed before a word is passed over, as gensim
and the C program do.
"""

from collections.abc import Iterator
from typing import IO

import numpy as np

from storage.formats.format import MOST_DIMENSIONS, Block, Format, Table, rows_at_once
from storage.formats.source import HEAD, LONGEST_WORD, Source
from storage.formats.target import Target
from storage.formats.text_rows import check_dimensions, ends_a_word, header_of

_NUMBER_BYTES = 4
_LONGEST_HEADER = 64


class Word2vecBinary(Format):
    """word2vec's binary; written as gensim writes it, which all readers take."""

    name = "word2vec-binary"
    title = "binary of word2vec and gensim"
    suffixes = (".bin",)

    def recognizes(self, head: bytes) -> bool:
        """A first line `V D`, and a word with a vector after it."""
        header = header_of(head)
        if header is None or not 1 <= header[1] <= MOST_DIMENSIONS:
            return False
        _, dimensions, end = header
        blank = head.find(b" ", end, end + LONGEST_WORD)
        return blank > 0 and (len(head) >= blank + 1 + _NUMBER_BYTES * dimensions or len(head) == HEAD)

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors."""
        with source.open() as file:
            begin = file.readline(_LONGEST_HEADER)
            header = header_of(begin)
            if header is None:
                raise source.wrong("no numbers of words and dimensions", line=1)
            promised, dimensions, _ = header
            check_dimensions(source, dimensions)
            yield from _Records(source, file, len(begin), dimensions).blocks(promised)

    def misfit(self, word: str) -> str:
        """A blank ends the word, and a line feed before it is passed over."""
        return ends_a_word(word, " \n\0")

    def write(self, table: Table, target: Target) -> None:
        """Write it as gensim does, without line feeds."""
        file = target.open()
        file.write(f"{table.words} {table.dimensions}\n".encode())
        for block in table.blocks():
            rows = np.ascontiguousarray(block.rows, "<f4")  # (n, D)
            file.write(
                b"".join(word.encode() + b" " + row.tobytes() for word, row in zip(block.words, rows, strict=True))
            )


class _Records:
    """The words and vectors after the first line."""

    def __init__(self, source: Source, file: IO[bytes], place: int, dimensions: int) -> None:
        self.source, self.file, self.dimensions = source, file, dimensions
        self.vector_bytes = _NUMBER_BYTES * dimensions
        self.place = place  # in the file, of the first byte that is held
        self.held = b""
        self.at = 0  # in what is held

    def blocks(self, promised: int) -> Iterator[Block]:
        """As many words as were promised, and nothing after them."""
        came = 0
        while came < promised:
            words, vectors = [], []
            for _ in range(min(rows_at_once(self.dimensions), promised - came)):
                words.append(self.source.decoded(self._word(came, promised)))
                vectors.append(self._vector(came, promised))
                came += 1
            rows = np.frombuffer(b"".join(vectors), "<f4").reshape(-1, self.dimensions)  # (n, D)
            yield Block(words, rows)
        rest = self.held[self.at :] + self.file.read(HEAD)
        if rest.strip(b"\n") or len(rest) >= HEAD:
            raise self._wrong(f"goes on after the {promised:,} words that were to come")

    def _word(self, came: int, promised: int) -> bytes:
        end = self.held.find(b" ", self.at)
        while end < 0:
            if len(self.held) - self.at > LONGEST_WORD:
                raise self._wrong(f"no word ends within {LONGEST_WORD} bytes")
            self._more(came, promised)
            end = self.held.find(b" ", self.at)
        word = self.held[self.at : end]
        self.at = end + 1
        return word.lstrip(b"\n")

    def _vector(self, came: int, promised: int) -> bytes:
        while len(self.held) < self.at + self.vector_bytes:
            self._more(came, promised)
        vector = self.held[self.at : self.at + self.vector_bytes]
        self.at += self.vector_bytes
        return vector

    def _more(self, came: int, promised: int) -> None:
        self.place += self.at
        more = self.file.read(max(HEAD, self.vector_bytes))
        self.held, self.at = self.held[self.at :] + more, 0
        if not more:
            raise self._wrong(f"is cut off: {promised:,} words were to come, {came:,} came")

    def _wrong(self, what: str) -> Exception:
        return self.source.wrong(what, byte=self.place + self.at)
