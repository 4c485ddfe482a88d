"""word2vec's text: a first line `V D`, then a line for each word, as the C program and gensim write it."""

from collections.abc import Iterator
from typing import ClassVar

from storage.formats.format import MOST_DIMENSIONS, Block, Format, Table
from storage.formats.source import Source
from storage.formats.target import Target
from storage.formats.text_rows import ends_a_word, header_of, is_row, is_text, read_lines, write_lines

_UNKNOWN = "<unk>"  # GloVe's last row with -write-header 1, which its first line does not count


class Word2vecText(Format):
    """word2vec's text; GloVe's with a first line and fastText's .vec are read as such too."""

    name = "word2vec"
    title = "text of word2vec and gensim, a first line with V and D"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".w2v")

    def recognizes(self, head: bytes) -> bool:
        """A first line `V D`, and after it a word and numbers, if too many or too few, of which reading will tell."""
        header = header_of(head)
        if header is None or not 1 <= header[1] <= MOST_DIMENSIONS:
            return False
        first = head[header[2] :].partition(b"\n")[0]
        return is_row(first, header[1]) or is_text(first) or not first

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors."""
        with source.open() as file:
            header = header_of(file.readline(64))
            if header is None:
                raise source.wrong("no numbers of words and dimensions", line=1)
            promised, dimensions, _ = header
            came, last = 0, ""
            for block in read_lines(source, file, dimensions, line=2):
                came, last = came + len(block.words), block.words[-1]
                yield block
        if came != promised and (came, last) != (promised + 1, _UNKNOWN):
            raise source.wrong(f"the last line; {promised:,} words were to come, {came:,} came", line=came + 1)

    def misfit(self, word: str) -> str:
        """A reader takes a blank or a line's end for the end of the word."""
        return ends_a_word(word)

    def write(self, table: Table, target: Target) -> None:
        """Write it as gensim does."""
        file = target.open()
        file.write(f"{table.words} {table.dimensions}\n".encode())
        write_lines(table, file)
