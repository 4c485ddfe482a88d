"""fastText's .bin: the whole model, with the rows of words' pieces, as its program, gensim and Firth read and write it.

A word's vector is the mean of its own row and the rows of its pieces; what a file holds are those rows. Files of the
program that come from before its version numbers are read too; quantized ones (.ftz) are refused.
"""

import codecs
import logging
from collections.abc import Iterator
from typing import IO

import numpy as np

from storage.embeddings import Floats
from storage.errors import InputError
from storage.formats.fasttext_layout import (
    ARGUMENTS,
    ENTRY_END,
    MAGIC,
    PRUNED,
    SHAPE,
    SIGNATURE,
    SIZES,
    VERSION,
    Arguments,
    Layout,
)
from storage.formats.format import Block, Format, Table, rows_at_once
from storage.formats.source import Source
from storage.formats.target import Target
from storage.subwords import Subwords

_LOG = logging.getLogger(__name__)
_DENSE = b"\0"  # not quantized
_MOST_WORDS = 2**31 - 1


class FastTextBin(Format):
    """fastText's model."""

    name = "fasttext-bin"
    title = "model of fastText, which has room for the vectors of pieces of words"
    suffixes = (".fasttext",)
    counts = True
    subwords = True

    def recognizes(self, head: bytes) -> bool:
        """Its magic number, or numbers that can be its arguments where old files have none."""
        if len(head) < SIGNATURE.size + ARGUMENTS.size:
            return False
        return SIGNATURE.unpack_from(head)[0] == MAGIC or Arguments(*ARGUMENTS.unpack_from(head)).is_plausible()

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors; `source.subwords` has the rows of pieces from the first block on."""
        with source.seekable() as file:
            layout = Layout(source, file)
            words, counts = _two_lists(layout.dictionary())
            place, rows = layout.matrix()
            buckets = layout.arguments.bucket
            if (len(words), rows) != (layout.words, layout.words + buckets):
                what = f"{len(words):,} words and a matrix of {rows:,} rows"
                raise source.wrong(f"{what}, not {layout.words:,} words and {buckets:,} rows more", byte=place)
            subwords = _subwords(source, layout, place)
            source.subwords = None if subwords is None else _of_text(source, subwords)
            counted, at_once = max(counts) > 1, rows_at_once(layout.arguments.dim)  # where all are 1, nobody knew them
            for first in range(0, layout.words, at_once):
                some = words[first : first + at_once]
                own = layout.rows(place, first, len(some))
                raw = [word.decode("utf-8", "surrogateescape") for word in some]  # cut by the bytes of the file
                vectors = own if subwords is None else subwords.compose(raw, own)
                told = counts[first : first + at_once] if counted else None
                yield Block([source.decoded(word) for word in some], vectors, told)

    def misfit(self, word: str) -> str:
        """A zero byte ends a word."""
        return "it holds a zero byte, which ends a word there" if "\0" in word else ""

    def write(self, table: Table, target: Target) -> None:
        """Write a model that fastText and gensim read: without rows of pieces where the model has none."""
        if table.words > _MOST_WORDS:
            raise ValueError(f"{table.words} words; the format counts them in 32 bits")
        ngrams = table.subwords.ngrams if table.subwords else None
        cut = {"bucket": ngrams.buckets, "minn": ngrams.min_n, "maxn": ngrams.max_n} if ngrams else {}
        arguments = Arguments(table.dimensions, **cut)
        file = target.open()
        file.write(SIGNATURE.pack(MAGIC, VERSION) + ARGUMENTS.pack(*vars(arguments).values()))
        _write_dictionary(table, file)
        file.write(_DENSE + SHAPE.pack(table.words + arguments.bucket, table.dimensions))
        for block in table.blocks():
            own = table.subwords.decompose(block.words, block.rows) if table.subwords else block.rows
            file.write(np.ascontiguousarray(own, "<f4").data)
        if table.subwords:
            _write_buckets(table.subwords, file)
        file.write(_DENSE + SHAPE.pack(table.words, table.dimensions))
        for block in table.blocks():  # the output matrix, with which training could go on, is not known
            file.write(bytes(block.rows.nbytes))


def _two_lists(pairs: Iterator[tuple[bytes, int]]) -> tuple[list[bytes], list[int]]:
    """The same in an eighth of the memory, which a file with nothing but words could ask for much of."""
    words: list[bytes] = []
    counts: list[int] = []
    for word, count in pairs:
        words.append(word)
        counts.append(count)
    return words, counts


def _subwords(source: Source, layout: Layout, place: int) -> Subwords | None:
    """The rows of all buckets but those that are zero, which count as zeros anyway."""
    ngrams = layout.arguments.ngrams()
    if ngrams is None:
        return None
    rows = layout.rows(place, layout.words, ngrams.buckets)
    held = np.flatnonzero(rows.any(axis=1)).astype(np.int32)
    if len(held) == 0:
        return None
    try:
        found = Subwords(ngrams, held, rows if len(held) == len(rows) else rows[held])
        found.check_numbers()
    except InputError as error:
        raise source.wrong(str(error), byte=place) from None
    return found


def _of_text(source: Source, subwords: Subwords) -> Subwords | None:
    """The rows where words are asked for in UTF-8; in another encoding their pieces would fall into other buckets."""
    if codecs.lookup(source.encoding).name == "utf-8":
        return subwords
    _LOG.warning("%s: pieces were hashed in another encoding than UTF-8; unknown words cannot be made", source.name)
    return None


def _write_dictionary(table: Table, file: IO[bytes]) -> None:
    """Every word with its count, or 1 where that is not known: gensim drops words of count 0."""
    tokens = sum(sum(block.counts or ()) for block in table.blocks())
    file.write(SIZES.pack(table.words, table.words, 0, tokens) + PRUNED.pack(-1))
    for block in table.blocks():
        counts = block.counts or [1] * len(block.words)
        file.write(
            b"".join(
                word.encode("utf-8", "surrogateescape") + b"\0" + ENTRY_END.pack(max(count, 1), 0)
                for word, count in zip(block.words, counts, strict=True)
            )
        )


def _write_buckets(subwords: Subwords, file: IO[bytes]) -> None:
    """A row for every bucket, zeros where it has none; some thousand at a time."""
    at_once = rows_at_once(subwords.dimensions)
    for first in range(0, subwords.ngrams.buckets, at_once):
        last = min(first + at_once, subwords.ngrams.buckets)
        begin, end = np.searchsorted(subwords.buckets, [first, last]).tolist()
        rows: Floats = np.zeros((last - first, subwords.dimensions), "<f4")
        rows[subwords.buckets[begin:end] - first] = subwords.rows[begin:end]
        file.write(rows.data)
