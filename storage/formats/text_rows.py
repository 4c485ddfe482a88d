"""Lines of a word and its D numbers: what word2vec's, GloVe's and fastText's texts have in common.

The word is what stands before the last D numbers, so it may hold blanks; only a blank or tab separates fields, never
a no-break space or U+0085, which Python's `str.split` would take for one too.
"""

import re
from collections.abc import Iterator, Sequence
from typing import IO

import numpy as np

from storage.embeddings import Floats
from storage.formats.format import MOST_DIMENSIONS, Block, Table, rows_at_once
from storage.formats.source import LONGEST_WORD, Source

_BLANKS = " \t\n\v\f\r\0"  # at which readers in C end a word: `%s`, `>>`, the end of a string
_HEADER = re.compile(rb"[ \t]*([0-9]{1,18})[ \t]+([0-9]{1,18})[ \t]*\r?\n")
_LONGEST_NUMBER = 64
_SEEN = 16  # fields that are looked at to tell text from bytes
EXACT = "%.9g"
"""Nine digits bring every float32 back, however a reader rounds them; the shortest digits that would do can fail in
one reading through float64 of some hundred million."""


def ends_a_word(word: str) -> str:
    """Why a reader that takes blanks for the end of a word cannot have this one; empty if it can."""
    found = next((blank for blank in _BLANKS if blank in word), None)
    if found:
        return f"it holds {found!r}, which ends a word there"
    return "" if word else "it is empty"


def header_of(head: bytes) -> tuple[int, int, int] | None:
    """V and D of a first line `V D`, and where that ends; None where there is no such line."""
    found = _HEADER.match(head)
    return (int(found[1]), int(found[2]), found.end()) if found else None


def fields_of(head: bytes) -> int:
    """How many fields the first lines have: the fewest, since words may hold blanks; 0 where they are no such lines."""
    lines = head.split(b"\n")
    whole = lines[:-1] if len(lines) > 1 else lines
    fields = [split for line in whole if (split := re.split(rb"[ \t]+", line.strip(b" \t\r")))]
    fewest = min(map(len, fields), default=0)
    numbers = (split[-min(_SEEN, fewest - 1) :] for split in fields)
    return fewest if fewest > 1 and all(_is_number(each) for some in numbers for each in some) else 0


def read_lines(source: Source, file: IO[bytes], dimensions: int, line: int) -> Iterator[Block]:
    """The rest of a file.

    Args:
        source: for messages.
        file: open at the beginning of a line.
        dimensions: D.
        line: its number.
    """
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise source.wrong(f"vectors of {dimensions} numbers; 1 to {MOST_DIMENSIONS} are possible", line=1)
    limit = LONGEST_WORD + _LONGEST_NUMBER * dimensions
    while lines := [text for _ in range(rows_at_once(dimensions)) if (text := file.readline(limit))]:
        for place, text in enumerate(lines[:-1]):
            if not text.endswith(b"\n"):
                raise source.wrong(f"longer than a word and {dimensions} numbers are", line=line + place)
        yield _block(source, lines, dimensions, line)
        line += len(lines)


def write_lines(table: Table, file: IO[bytes], number: str = EXACT, end: str = "\n") -> None:
    """Write a line for each word."""
    numbers = " ".join([number] * table.dimensions) + end
    for block in table.blocks():
        rows = block.rows.tolist()
        text = "".join(f"{word} {numbers % tuple(row)}" for word, row in zip(block.words, rows, strict=True))
        file.write(text.encode())


def _block(source: Source, lines: Sequence[bytes], dimensions: int, line: int) -> Block:
    halves = [_halves(source, text, dimensions, line + place) for place, text in enumerate(lines)]
    words = [source.decoded(word) for word, _ in halves]
    return Block(words, _numbers(source, [rest for _, rest in halves], dimensions, line), line=line)


def _halves(source: Source, text: bytes, dimensions: int, line: int) -> tuple[bytes, bytes]:
    """The word, and its numbers with a blank between each two."""
    text = text.rstrip(b" \t\r\n")
    word, _, rest = text.partition(b" ")
    if rest.count(b" ") == dimensions - 1 and b"\t" not in rest:
        return word, rest
    fields = text.rsplit(None, dimensions)
    if len(fields) == dimensions and text[:1] in (b" ", b"\t"):
        fields = [b"", *fields]
    if len(fields) <= dimensions:
        raise source.wrong(f"{len(fields)} fields, not a word and {dimensions} numbers", line=line)
    return fields[0], b" ".join(fields[1:])


def _numbers(source: Source, rows: Sequence[bytes], dimensions: int, line: int) -> Floats:
    try:
        return _parsed(rows).reshape(-1, dimensions)
    except ValueError:
        place = next(place for place, row in enumerate(rows) if not _is_row(row, dimensions))
        wrong = next(field for field in rows[place].split(b" ") if not _is_number(field))
        raise source.wrong(f"{wrong[:40]!r} is no number", line=line + place) from None


def _parsed(rows: Sequence[bytes]) -> Floats:
    with np.errstate(over="ignore"):  # infinity is refused by whoever takes the vectors
        return np.loadtxt(rows, np.float32, comments=None, delimiter=" ", ndmin=2)


def _is_row(row: bytes, dimensions: int) -> bool:
    try:
        return _parsed([row]).shape == (1, dimensions)
    except ValueError:
        return False


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field
