"""`Pieces`: of which rows each word is made with fastText, its own and those of its pieces; none without a use."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from storage.ngrams import Ngrams

Ids = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Pieces:
    """The rows of V words: word w's own is row w, and that of the b-th bucket in use is row V + b.

    Attributes:
        starts: (V + 1,) where each word's rows begin in `rows`, and the end.
        rows: (N,) word after word its own row, then those of its pieces; of a piece that it holds twice, twice.
        buckets: (B,) the buckets that some word's piece falls into, in the order in which the words first use them:
            of words by falling count, so that the rows which most tokens need lie near to each other in memory, which
            halves the time of reading and moving them.
    """

    starts: Ids
    rows: Ids
    buckets: Ids

    @classmethod
    def of(cls, words: Sequence[str], ngrams: Ngrams) -> "Pieces":
        """Cut V words."""
        table = ngrams.table(words)
        buckets, first, numbers = np.unique(table.buckets, return_index=True, return_inverse=True)
        order = np.argsort(first)
        places = np.argsort(order).take(numbers)
        starts = table.offsets + np.arange(len(words) + 1)  # each word has one row more than pieces
        rows = np.empty(starts[-1], np.int32)
        own = np.zeros(len(rows), np.bool_)
        own[starts[:-1]] = True
        rows[own], rows[~own] = np.arange(len(words)), len(words) + places
        return cls(starts.astype(np.int32), rows, buckets[order])

    @classmethod
    def for_settings(cls, words: Sequence[str], settings: TrainSettings) -> "Pieces | None":
        """Those that a training needs; None where words have no pieces."""
        ngrams = ngrams_of(settings)
        return cls.of(words, ngrams) if ngrams else None

    @property
    def sizes(self) -> Ids:
        """(V,) how many rows each word has."""
        return np.diff(self.starts)

    @property
    def total(self) -> int:
        """V + B, the rows that there are."""
        return len(self.starts) - 1 + len(self.buckets)

    def rows_of(self, buckets: Ids) -> NDArray[np.intp]:
        """The rows of some of the buckets that are in use."""
        order = np.argsort(self.buckets)
        return len(self.starts) - 1 + order[np.searchsorted(self.buckets, buckets, sorter=order)]

    @property
    def arrays(self) -> list[Ids]:
        """All three."""
        return [self.starts, self.rows, self.buckets]

    def __getitem__(self, word: int) -> Ids:
        """The rows of a word."""
        return self.rows[self.starts[word] : self.starts[word + 1]]

    def of_words(self, words: Ids) -> tuple[Ids, Ids]:
        """The rows of some words, (U,), one word after the other: where each begins, (U + 1,), and the rows, (E,)."""
        begins = self.starts.take(words)
        sizes = self.starts[1:].take(words) - begins
        starts = np.zeros(len(words) + 1, np.int32)
        np.cumsum(sizes, out=starts[1:])
        entries = np.arange(starts[-1]) + np.repeat(begins - starts[:-1], sizes)
        return starts, self.rows.take(entries)

    def only(self, words: Ids) -> tuple["Pieces", Ids]:
        """Those of some words, ascending, as if there were no others; and which row each of their rows is."""
        starts, rows = self.of_words(words)
        used = np.zeros(self.total, np.bool_)
        used[rows] = True
        kept = np.flatnonzero(used).astype(np.int32)  # the words' own rows, then those of their buckets
        numbers = np.zeros(self.total, np.int32)
        numbers[kept] = np.arange(len(kept))
        buckets = self.buckets[kept[len(words) :] - (len(self.starts) - 1)]
        return Pieces(starts, numbers.take(rows), buckets), kept


def ngrams_of(settings: TrainSettings) -> Ngrams | None:
    """How the settings cut words; None where they leave them whole."""
    if settings.min_n is None or settings.max_n is None or settings.bucket is None:
        return None
    return Ngrams(settings.min_n, settings.max_n, settings.bucket)
