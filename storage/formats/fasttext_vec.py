"""fastText's .vec: word2vec's text with a blank at each line's end."""

from storage.formats.format import Table
from storage.formats.target import Target
from storage.formats.text_rows import write_lines
from storage.formats.word2vec_text import Word2vecText


class FasttextVec(Word2vecText):
    """fastText's .vec, but with all digits where fastText writes five; what it holds is recognized as `word2vec`."""

    name = "fasttext-vec"
    title = "text of fastText, .vec"
    suffixes = (".vec",)

    def recognizes(self, head: bytes) -> bool:  # noqa: ARG002 - nothing in it would tell
        """Nothing: its files are those of word2vec."""
        return False

    def write(self, table: Table, target: Target) -> None:
        """Write it as fastText does."""
        file = target.open()
        file.write(f"{table.words} {table.dimensions}\n".encode())
        write_lines(table, file, end=" \n")
