"""GloVe's text: a line for each word, most often without a first line that counts them."""

from collections.abc import Iterator

from storage.formats.format import Block, Format, Table
from storage.formats.source import Source
from storage.formats.target import Target
from storage.formats.text_rows import dimensions_of, ends_a_word, read_lines, write_lines
from storage.formats.word2vec_text import Word2vecText


class Glove(Format):
    """GloVe's text; written without a first line, read with one too."""

    name = "glove"
    title = "text of GloVe, without a first line"
    suffixes = (".glove",)

    def recognizes(self, head: bytes) -> bool:
        """Lines of a word and two numbers or more: lines with one are most often counts."""
        return dimensions_of(head) > 1

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors; the first lines say how many numbers there are."""
        head = source.head()
        if Word2vecText().recognizes(head):
            yield from Word2vecText().read(source)
            return
        with source.open() as file:
            yield from read_lines(source, file, dimensions_of(head), line=1)

    def misfit(self, word: str) -> str:
        """A reader takes a blank or a line's end for the end of the word."""
        return ends_a_word(word)

    def write(self, table: Table, target: Target) -> None:
        """Write it as GloVe does."""
        write_lines(table, target.open())
