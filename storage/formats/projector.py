"""TensorFlow projector's two files: vectors.tsv, D numbers a line, and metadata.tsv, the words and their counts.

Metadata of one column has no header, of several one: so the projector reads it.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from storage.formats.format import Block, Format, Table
from storage.formats.source import Source
from storage.formats.target import Target, unpacked_name
from storage.formats.text_rows import EXACT, line_groups, number_fields_of, numbers_of
from storage.formats.words_file import ends_a_line, opened_words, words_source

_HEADER = "word\tcount"
_WORD_COLUMNS = ("word", "label", "name", "token")
_COUNT_COLUMNS = ("count", "frequency")
_VECTORS = re.compile(r"vectors?|tensors?")


class Projector(Format):
    """The projector's TSV files."""

    name = "projector"
    title = "TensorFlow projector's vectors.tsv and metadata.tsv"
    suffixes = (".tsv",)
    counts = True

    def recognizes(self, head: bytes) -> bool:
        """Lines of numbers with tabs between them."""
        return number_fields_of(head) > 0

    def read(self, source: Source) -> Iterator[Block]:
        """Its vectors, with the words of its metadata."""
        dimensions, line = number_fields_of(source.head()), 1
        metadata = words_source(source, [_metadata(source.path).name])
        columns = _columns(metadata)
        with source.open() as file, opened_words(metadata) as lines:
            if columns:
                lines.next()
            for texts in line_groups(source, file, dimensions, line):
                rows = numbers_of(source, [text.rstrip(b"\t\r\n") for text in texts], dimensions, line, "\t")
                first = lines.line
                yield _in_columns(metadata, lines.block(rows), columns, first)
                line += len(texts)
            lines.finish()

    def misfit(self, word: str) -> str:
        """Each word is a cell of a line."""
        return "it holds a tab, which ends a column" if "\t" in word else ends_a_line(word)

    def write(self, table: Table, target: Target) -> None:
        """Write vectors and metadata."""
        file, metadata = target.open(), target.open(target.words or _metadata(target.path))
        numbers = "\t".join([EXACT] * table.dimensions) + "\n"
        metadata.write(f"{_HEADER}\n".encode() if table.counted else b"")
        for block in table.blocks():
            file.write("".join(numbers % tuple(row) for row in block.rows.tolist()).encode())
            columns = (block.words, block.counts) if block.counts else (block.words,)
            cells = ("\t".join(map(str, row)) for row in zip(*columns, strict=True))
            metadata.write("".join(f"{row}\n" for row in cells).encode())


def _metadata(path: Path) -> Path:
    """vectors.tsv has metadata.tsv, x_tensor.tsv x_metadata.tsv, and anything.tsv anything.metadata.tsv."""
    stem = unpacked_name(path).stem
    named, found = _VECTORS.subn("metadata", stem)
    return path.with_name(f"{named if found else f'{stem}.metadata'}.tsv")


def _columns(metadata: Source) -> list[str] | None:
    first = metadata.decoded(metadata.head().partition(b"\n")[0].rstrip(b"\r"))
    return first.lower().split("\t") if "\t" in first else None


def _in_columns(metadata: Source, block: Block, columns: list[str] | None, line: int) -> Block:
    """Lines as words and, where there is such a column, counts."""
    if columns is None:
        return block
    cells = [text.split("\t") for text in block.words]
    for place, row in enumerate(cells):
        if len(row) < len(columns):
            raise metadata.wrong(f"{len(row)} columns, not {len(columns)}", line=line + place)
    word, count = _place(columns, _WORD_COLUMNS) or 0, _place(columns, _COUNT_COLUMNS)
    words = [row[word] for row in cells]
    counts = None if count is None else _counts(metadata, [row[count] for row in cells], line)
    return Block(words, block.rows, counts)


def _place(columns: Sequence[str], names: Sequence[str]) -> int | None:
    return next((columns.index(name) for name in names if name in columns), None)


def _counts(metadata: Source, texts: Sequence[str], line: int) -> list[int]:
    for place, text in enumerate(texts):
        if not re.fullmatch("[0-9]{1,18}", text):
            raise metadata.wrong(f"{text[:40]!r} is no count", line=line + place)
    return [int(text) for text in texts]
