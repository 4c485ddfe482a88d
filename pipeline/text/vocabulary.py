"""The words of a corpus in the one order that everything else relies on: most frequent first."""

from dataclasses import dataclass
from functools import cached_property

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

    Raises:
        InputError: no word would be left; the message names the largest workable min_count.
    """
    size = int(np.searchsorted(-counts, -settings.min_count, side="right"))
    if settings.max_vocab_size:
        size = min(size, settings.max_vocab_size)
    if size == 0:
        largest = int(counts[0]) if len(counts) else 0
        way_out = f"use --min-count {largest} or less" if largest else "the corpus holds no tokens"
        raise InputError(f"no word stands {settings.min_count} times or more; {way_out}")
    return size


def size_curve(counts: Counts) -> dict[int, int]:
    """Vocabulary size for a ladder of min_counts: 1, 2, 5, 10, 20, 50 ... up to the largest count."""
    ladder = (step * 10**power for power in range(19) for step in (1, 2, 5))
    largest = int(counts[0]) if len(counts) else 0
    descending = -counts
    curve = {}
    for min_count in ladder:
        if min_count > largest:
            break
        curve[min_count] = int(np.searchsorted(descending, -min_count, side="right"))
    return curve
