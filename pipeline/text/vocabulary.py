"""The words of a corpus in the one order that everything else relies on: most frequent first."""

from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import VocabularySettings
from storage.errors import InputError

Counts = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """V words by descending count, then by word, so that a word's id is its rank.

    Because of this order a smaller vocabulary is always a prefix of a larger one: raising `min_count` needs no
    second look at the text.

    Attributes:
        words: the V words.
        counts: (V,) how often each stands in the corpus, descending.
    """

    words: tuple[str, ...]
    counts: Counts

    def __post_init__(self) -> None:
        """Refuse counts that do not fit the words or do not descend."""
        if self.counts.shape != (len(self.words),):
            raise InputError(f"{len(self.words)} words but counts of shape {self.counts.shape}")
        if np.any(np.diff(self.counts) > 0):
            raise InputError("counts do not descend")

    def __len__(self) -> int:
        return len(self.words)

    @cached_property
    def ids(self) -> dict[str, int]:
        """Each word's id."""
        return {word: row for row, word in enumerate(self.words)}


def kept_size(counts: Counts, settings: VocabularySettings) -> int:
    """V, how many of the words with these descending counts the settings keep.

    Two limits can be set. `max_vocab_size` cuts the list at that rank, through the middle of words of equal count,
    of which those first in the order of Unicode stay. `max_final_vocab` is gensim's: it raises `min_count` (see
    `final_min_count`), so that words of equal count stay or go together, and often fewer are left than it allows.

    Raises:
        InputError: no word would be left; the message names the largest workable min_count or smallest workable limit.
    """
    min_count = final_min_count(counts, settings)
    size = _size_at(counts, min_count)
    if size == 0:
        raise _nothing_left(counts, settings)
    return min(size, settings.max_vocab_size or size)


def final_min_count(counts: Counts, settings: VocabularySettings) -> int:
    """The min_count in force: that of the settings, or the lowest above it that leaves `max_final_vocab` words or less.

    The same number as the `effective_min_count` of gensim's Word2Vec.
    """
    limit = settings.max_final_vocab
    if not limit or limit >= len(counts):
        return settings.min_count
    return max(settings.min_count, int(counts[limit]) + 1)  # the first word beyond the limit has to go


def _size_at(counts: Counts, min_count: int) -> int:
    return int(np.searchsorted(-counts, -min_count, side="right"))


def _nothing_left(counts: Counts, settings: VocabularySettings) -> InputError:
    largest = int(counts[0]) if len(counts) else 0
    if largest < settings.min_count:
        way_out = f"use --min-count {largest} or less" if largest else "the corpus holds no tokens"
        return InputError(f"no word stands {settings.min_count} times or more; {way_out}")
    equal = _size_at(counts, largest)
    return InputError(
        f"the most frequent words, {equal} of them, stand {largest} times each, so --max-final-vocab"
        f" {settings.max_final_vocab} would leave none; use {equal} or more, or --max-vocab-size to cut among them"
    )


def size_curve(counts: Counts) -> dict[int, int]:
    """Vocabulary size for a ladder of min_counts: 1, 2, 5, 10, 20, 50 ... up to the largest count."""
    ladder = (step * 10**power for power in range(19) for step in (1, 2, 5))
    largest = int(counts[0]) if len(counts) else 0
    return {min_count: _size_at(counts, min_count) for min_count in takewhile(lambda count: count <= largest, ladder)}
