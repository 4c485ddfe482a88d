"""From `Embeddings` to the `Table` that a format writes; what the format cannot carry is refused or left out."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Embeddings
from storage.errors import InputError
from storage.formats.format import Block, Format, Table, rows_at_once
from storage.formats.left_out import LeftOut, shown
from storage.subwords import Subwords

Report = Callable[[int, int], None]


def table_of(
    embeddings: Embeddings,
    format_: Format,
    about: Mapping[str, Any],
    *,
    skip: bool,
    report: Report,
    subwords: Subwords | None = None,
) -> tuple[Table, LeftOut]:
    """What a format can carry of a model, and what it cannot.

    Args:
        embeddings: the model.
        format_: will write the table.
        about: facts about the model, for formats that have room for them.
        skip: leave out words that the format cannot carry, instead of refusing.
        report: is told how many of how many words were taken by the writer.
        subwords: the rows of words' pieces, for formats that carry such.

    Raises:
        InputError: there is such a word, and none is to be left out, or no other.
    """
    misfits = {row: reason for row, word in enumerate(embeddings.words) if (reason := format_.misfit(word))}
    left_out = LeftOut()
    for row, reason in misfits.items():
        left_out.add(embeddings.words[row], f"row {row}", reason)
    if misfits and not skip:
        row = next(iter(misfits))
        raise InputError(
            f"{format_.name} cannot carry {len(misfits):,} of the words; the first is {shown(embeddings.words[row])} of"
            f" row {row}: {misfits[row]}; choose another --format, or leave out such words with --on-unfit skip"
        )
    if len(misfits) == len(embeddings):
        raise InputError(f"{format_.name} can carry none of the words")
    rows = np.delete(np.arange(len(embeddings)), list(misfits))
    blocks = partial(_blocks, embeddings, rows, report)
    return Table(len(rows), embeddings.dimensions, blocks, is_counted(embeddings), about, subwords), left_out


def is_counted(embeddings: Embeddings) -> bool:
    """Whether it is known how often words stood in the corpus: counts that are all 0 say that it is not."""
    return bool(embeddings.counts.any())


def _blocks(embeddings: Embeddings, rows: NDArray[np.intp], report: Report) -> Iterator[Block]:
    at_once, counted = rows_at_once(embeddings.dimensions), is_counted(embeddings)
    for begin in range(0, len(rows), at_once):
        some = rows[begin : begin + at_once]
        words = [embeddings.words[row] for row in some]
        yield Block(words, embeddings.matrix[some], embeddings.counts[some].tolist() if counted else None)
        report(begin + len(some), len(rows))
