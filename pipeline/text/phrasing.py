"""Phrases become tokens: passes over the token files, each of which can join what the last one joined.

It is what gensim's `Phrases` does, applied to its own output for each further pass, with two differences: the text is
read from the disk a stretch at a time, and no pair is ever forgotten (gensim drops rare ones beyond 40 million). In
memory are the words and 16 bytes for each different pair, up to three times that while tables are merged. The result
depends neither on where the stretches are cut nor on how many processes made the token files.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import PhraseSettings
from pipeline.text.pairs import PairCounts, Pairs, places
from pipeline.text.phrase_table import PhraseTable
from pipeline.text.phrases import joined
from pipeline.text.token_files import IDS, OFFSETS, Ids, Int64s, stretches
from pipeline.text.token_writer import token_writer
from pipeline.text.vocabulary import Vocabulary
from pipeline.text.word_counts import ranked

STRETCH = 1 << 20
"""Tokens read at a time."""


def join_phrases(
    data: Path, vocabulary: Vocabulary, settings: PhraseSettings, connectors: Sequence[str], stretch: int = STRETCH
) -> tuple[Vocabulary, list[PhraseTable]]:
    """Replace the phrases in the token files in `data` by tokens of their own.

    Args:
        data: the folder with the ids and offsets.
        vocabulary: all the words there.
        settings: what a phrase is, and how many passes are made.
        connectors: the connector words.
        stretch: tokens read at a time.

    Returns:
        The words that are there now, and the phrases of each pass; passes end where one finds no phrase.
    """
    tables: list[PhraseTable] = []
    for _ in range(settings.phrases):
        connector = np.zeros(len(vocabulary), np.bool_)
        connector[[vocabulary.ids[word] for word in connectors if word in vocabulary.ids]] = True
        pairs = Pairs(connector)
        counted = _counted(data, vocabulary, pairs, stretch)
        table = PhraseTable.of(vocabulary, pairs, counted, settings)
        if len(table.keys):
            vocabulary, table = _rewritten(data, vocabulary, pairs, table, stretch)
        tables.append(table)
        if not len(table.keys):
            break  # another pass would see the same text
    return vocabulary, tables


def _counted(data: Path, vocabulary: Vocabulary, pairs: Pairs, size: int) -> PairCounts:
    """Every pair of the text."""
    counts = PairCounts()

    def count(ids: Ids, sentence: Int64s, ends: Int64s) -> int:
        counts.add(pairs.find(ids, sentence).keys)
        return _open_from(ids, ends, pairs.connector)

    _walk(data, vocabulary, size, count)
    return counts


def _rewritten(
    data: Path, vocabulary: Vocabulary, pairs: Pairs, table: PhraseTable, size: int
) -> tuple[Vocabulary, PhraseTable]:
    """Write the text again with its phrases joined; the words that are there now, and the table with what was joined.

    A phrase that is written like a word is that word.
    """
    ids_of = dict(vocabulary.ids)
    token = np.array([ids_of.setdefault(text, len(ids_of)) for text in table.texts], np.int32)  # (K,)
    counts, times = np.zeros(len(ids_of), np.int64), np.zeros(len(token), np.int64)
    beside = data / "joined"
    beside.mkdir()
    with token_writer(beside) as writer:

        def write(ids: Ids, sentence: Int64s, ends: Int64s) -> int:
            first, last, keys = pairs.find(ids, sentence)
            phrase = places(table.keys, keys)
            chosen = joined(phrase >= 0, first, last)
            first, last, phrase = first[chosen], last[chosen], phrase[chosen]
            kept = _outside(first, last, len(ids))  # (n,)
            done = _open_from(ids, ends, pairs.connector)
            done = done if kept[done:][:1].all() else len(ids)  # what has gone into a phrase begins no other
            ids[first] = token[phrase]
            written = ids[:done][kept[:done]]
            writer.add(written, np.concatenate([[0], np.cumsum(kept)])[ends])
            counts[:] += np.bincount(written, minlength=len(counts))
            times[:] += np.bincount(phrase, minlength=len(times))
            return done

        _walk(data, vocabulary, size, write)
        joined_vocabulary, rank = ranked(list(ids_of), counts)
        writer.finish(rank)
    for name in (IDS, OFFSETS):
        (beside / name).replace(data / name)
    beside.rmdir()
    return joined_vocabulary, replace(table, joined=times)


def _walk(data: Path, vocabulary: Vocabulary, size: int, work: Callable[[Ids, Int64s, Int64s], int]) -> None:
    """Hand all the text to `work`, a part at a time.

    `work` gets the part's ids, (n,), the sentence of each, (n,), and how many of them stand before each end of a
    sentence; it says with how many of them it is done. The others, all of one open sentence, come again with the next.
    """
    held = np.empty(0, np.int32)
    for stretch in stretches(data, len(vocabulary), int(vocabulary.counts.sum()), size):
        sentence = stretch.sentence()
        part = np.concatenate([held, stretch.ids])
        ends = stretch.ends[: stretch.ended] - stretch.start + len(held)
        done = work(part, np.concatenate([np.full(len(held), sentence[0]), sentence]), ends)
        held = part[done:]


def _open_from(ids: Ids, ends: Int64s, connector: NDArray[np.bool_]) -> int:
    """Where the last word of a sentence begins that goes on in the next part; len(ids) where there is none."""
    begin = int(ends[-1]) if len(ends) else 0
    words = np.flatnonzero(~connector[ids[begin:]])
    return begin + int(words[-1]) if len(words) else len(ids)


def _outside(first: Int64s, last: Int64s, size: int) -> NDArray[np.bool_]:
    """Which of `size` tokens stay: all but those after the first of a phrase, to its last."""
    steps = np.zeros(size + 1, np.int8)
    steps[first + 1] = 1
    steps[last + 1] = -1
    outside: NDArray[np.bool_] = np.cumsum(steps[:-1], dtype=np.int8) == 0
    return outside
