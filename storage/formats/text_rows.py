"""Lines of a word and its D numbers: what word2vec's, GloVe's and fastText's texts have in common.

The word is what stands before the last D numbers, so it may hold blanks; only a blank or tab separates fields, never
a no-break space or U+0085, which Python's `str.split` would take for one too.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from typing import IO

import numpy as np

from storage.embeddings import Floats
from storage.formats.format import MOST_DIMENSIONS, Block, Table, rows_at_once
from storage.formats.source import LONGEST_WORD, Source

_ENDS = " \t\n\v\f\r\0"  # at which readers in C take a word to end: `%s`, `>>`, the end of a string
_HEADER = re.compile(rb"[ \t]*([0-9]{1,18})[ \t]+([0-9]{1,18})[ \t]*\r?\n")
_BETWEEN = re.compile(rb"[ \t]+")
_LONGEST_NUMBER = 64
_SEEN = 16  # fields of a line that are looked at to tell text from bytes
_LINES = 1 << 10  # lines that are looked at
EXACT = "%.9g"
"""Nine digits bring every float32 back, however a reader rounds them; the shortest digits that would do can fail in
one reading through float64 of some hundred million."""


def ends_a_word(word: str, ends: str = _ENDS) -> str:
    """Why a reader that takes such characters for the end of a word cannot have this one; empty if it can."""
    found = next((character for character in ends if character in word), None)
    if found:
        return f"it holds {found!r}, which ends a word there"
    return "" if word else "it is empty"


def header_of(head: bytes) -> tuple[int, int, int] | None:
    """V and D of a first line `V D`, and where that ends; None where there is no such line."""
    found = _HEADER.match(head)
    return (int(found[1]), int(found[2]), found.end()) if found else None


def is_text(line: bytes) -> bool:
    """Whether a line looks like a word and numbers, however many."""
    return is_row(line, max(len(_BETWEEN.split(line.strip(b" \t\r"))) - 1, 1))


def is_row(line: bytes, dimensions: int) -> bool:
    """Whether a line looks like a word, which may be empty, and D numbers."""
    fields = _BETWEEN.split(line.strip(b" \t\r"))
    return len(fields) >= dimensions and all(_is_number(field) for field in fields[-min(_SEEN, dimensions) :])


def dimensions_of(head: bytes) -> int:
    """D of lines without a first line that says it: what most of them have, since few words hold blanks; 0 if none."""
    lines = head.split(b"\n")
    whole = lines[: min(len(lines) - 1, _LINES)] or lines
    fields = Counter(len(_BETWEEN.split(line.strip(b" \t\r"))) for line in whole)
    dimensions = fields.most_common(1)[0][0] - 1
    return dimensions if dimensions > 0 and sum(is_row(line, dimensions) for line in whole) >= len(whole) / 2 else 0


def read_lines(source: Source, file: IO[bytes], dimensions: int, line: int) -> Iterator[Block]:
    """The rest of a file, which is open at the beginning of a line of this number.

    Raises:
        InputError: a line is no word and D numbers.
    """
    for lines in line_groups(source, file, dimensions, line):
        halves = [_halves(source, text, dimensions, line + place) for place, text in enumerate(lines)]
        words = [source.decoded(word) for word, _ in halves]
        yield Block(words, numbers_of(source, [rest for _, rest in halves], dimensions, line), line=line)
        line += len(lines)


def line_groups(source: Source, file: IO[bytes], dimensions: int, line: int) -> Iterator[list[bytes]]:
    """The lines of a block at a time, none of them longer than a word and D numbers can be.

    Raises:
        InputError: a line is longer, or no vector has D numbers.
    """
    check_dimensions(source, dimensions)
    limit = LONGEST_WORD + _LONGEST_NUMBER * dimensions
    texts = iter(partial(file.readline, limit), b"")
    while lines := list(islice(texts, rows_at_once(dimensions))):
        for place, text in enumerate(lines):
            if len(text) == limit and not text.endswith(b"\n"):
                raise source.wrong(f"longer than a word and {dimensions} numbers are", line=line + place)
        yield lines
        line += len(lines)


def number_fields_of(head: bytes) -> int:
    """How many numbers with tabs between them each of the first lines has; 0 where they are no such lines."""
    *lines, last = head.split(b"\n")
    rows = [line.rstrip(b"\t\r").split(b"\t") for line in lines[:_LINES] or [last]]
    numbers = all(_is_number(field) for row in rows for field in row[:_SEEN])
    return len(rows[0]) if numbers and len(set(map(len, rows))) == 1 else 0


def check_dimensions(source: Source, dimensions: int) -> None:
    """Refuse what is no number of dimensions, before memory is taken for a vector.

    Raises:
        InputError: it is too small or too large.
    """
    if not 1 <= dimensions <= MOST_DIMENSIONS:
        raise source.wrong(f"vectors of {dimensions} numbers; 1 to {MOST_DIMENSIONS} are possible", line=1)


def write_lines(table: Table, file: IO[bytes], end: str = "\n") -> None:
    """Write a line for each word."""
    numbers = " ".join([EXACT] * table.dimensions) + end
    for block in table.blocks():
        rows = block.rows.tolist()
        text = "".join(f"{word} {numbers % tuple(row)}" for word, row in zip(block.words, rows, strict=True))
        file.write(text.encode())


def _halves(source: Source, text: bytes, dimensions: int, line: int) -> tuple[bytes, bytes]:
    """The word, and its numbers with a blank between each two."""
    text = text.rstrip(b" \t\r\n")
    word, _, rest = text.partition(b" ")
    if rest.count(b" ") == dimensions - 1 and b"\t" not in rest:
        return word, rest
    fields = text.rsplit(None, dimensions) or [b""]
    if len(fields) == dimensions and text[:1] in (b" ", b"\t"):
        fields = [b"", *fields]
    inside = _BETWEEN.split(fields[0])[1:]
    if len(fields) <= dimensions or (inside and _is_number(inside[-1])):  # else a number too many would be a word's end
        many = len(_BETWEEN.split(text))
        raise source.wrong(f"{many} fields, not a word and {dimensions} numbers", line=line)
    return fields[0], b" ".join(fields[1:])


def numbers_of(source: Source, rows: Sequence[bytes], dimensions: int, line: int, separator: str = " ") -> Floats:
    """(n, D) float32, the numbers in n texts; what is too large becomes infinite.

    Raises:
        InputError: a text has not D numbers; names its line.
    """
    try:
        numbers = _parsed(rows, separator)
        if numbers.shape == (len(rows), dimensions):
            return numbers
    except ValueError:
        pass
    place = next(place for place, row in enumerate(rows) if not _is_row(row, dimensions, separator))
    fields = rows[place].split(separator.encode())
    wrong = next((repr(field[:40]) for field in fields if not _is_number(field)), None)
    complaint = f"{wrong} is no number" if wrong else f"{len(fields)} numbers, not {dimensions}"
    raise source.wrong(complaint, line=line + place)


def _parsed(rows: Sequence[bytes], separator: str) -> Floats:
    with np.errstate(over="ignore"):  # whoever takes the vectors refuses infinity
        return np.loadtxt(rows, np.float32, comments=None, delimiter=separator, ndmin=2)


def _is_row(row: bytes, dimensions: int, separator: str) -> bool:
    try:
        return _parsed([row], separator).shape == (1, dimensions)
    except ValueError:
        return False


def _is_number(field: bytes) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return b"_" not in field
