"""Pairs of words that stand side by side, as integers: where they stand, and how often each pair does.

Connector words between two words belong to the pair: `bank of america` begins with `bank` and ends with `of america`.
A pair's key is one int64: in the upper half the id of its first word, in the lower half the number of its end. An end
without connector words has its word's id as number; the others are numbered after the U words, as they are met.
"""

from collections import defaultdict
from collections.abc import Sequence
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.text.token_files import Ids, Int64s

HALF = 32
"""Bits of half a key."""


class Found(NamedTuple):
    """P pairs in the order of the text: where the first and the last word of each stand, (P,), and its key, (P,)."""

    first: Int64s
    last: Int64s
    keys: Int64s


class Pairs:
    """Finds pairs, and knows the numbers of their ends.

    Attributes:
        connector: (U,) for each word whether it is a connector word.
    """

    def __init__(self, connector: NDArray[np.bool_]) -> None:
        self.connector = connector
        self._numbers: defaultdict[bytes, int] = defaultdict(count(len(connector)).__next__)  # ids of an end -> number

    def find(self, ids: Ids, sentence: Int64s) -> Found:
        """The pairs among these tokens, (n,), of which `sentence`, (n,), says which sentence each stands in."""
        words = np.flatnonzero(~self.connector[ids])
        together = sentence[words[1:]] == sentence[words[:-1]]
        first, last = words[:-1][together], words[1:][together]  # (P,)
        ends = ids[last].astype(np.int64)
        between = last - first - 1  # (P,) connector words
        for size in np.flatnonzero(np.bincount(between)[1:]) + 1:
            some = np.flatnonzero(between == size)
            tokens = ids[last[some, None] + np.arange(-size, 1)].astype(np.int32)  # (some, size + 1)
            ends[some] = [self._numbers[end] for end in tokens.view(f"V{tokens[0].nbytes}").ravel().tolist()]
        return Found(first, last, _keys(ids[first], ends))

    def tokens(self, keys: Int64s) -> list[tuple[int, ...]]:
        """The ids of each pair's tokens."""
        first, ends = _halves(keys)
        longer = list(self._numbers)
        size = len(self.connector)
        return [
            (word, *(np.frombuffer(longer[end - size], np.int32).tolist() if end >= size else (end,)))
            for word, end in zip(first.tolist(), ends.tolist(), strict=True)
        ]

    def key(self, first: int, between: Sequence[int], last: int) -> int:
        """The key of the pair with these words and the connector words between them; -1 where that was never found."""
        if not between:
            return first << HALF | last
        end = self._numbers.get(np.array([*between, last], np.int32).tobytes())
        return -1 if end is None else first << HALF | end

    def outer_words(self, keys: Int64s) -> tuple[Int64s, Int64s]:
        """The first word of each pair, (E,), and its last, (E,)."""
        first, ends = _halves(keys)
        flat, begins = self._longer_ends()
        return first, np.concatenate([np.arange(len(self.connector)), flat[begins[1:] - 1]])[ends]

    def holding(self, marked: NDArray[np.bool_], keys: Int64s) -> NDArray[np.bool_]:
        """Which pairs hold a marked token, (E,); `marked`, (U,), says it of each word."""
        first, ends = _halves(keys)
        flat, begins = self._longer_ends()
        longer = np.logical_or.reduceat(marked[flat], begins[:-1]) if len(flat) else np.empty(0, np.bool_)
        held: NDArray[np.bool_] = np.concatenate([marked, longer])[ends]
        return held | marked[first]

    def _longer_ends(self) -> tuple[Ids, Int64s]:
        """The ids of the ends with connector words, one end after another, and where each begins; then their number."""
        begins = np.cumsum([0, *map(len, self._numbers)]) // np.dtype(np.int32).itemsize
        return np.frombuffer(b"".join(self._numbers), np.int32), begins


class PairCounts:
    """How often each key was added. Tables of falling size are kept, so that a key is merged only log(n) times."""

    def __init__(self) -> None:
        self._tables: list[tuple[Int64s, Int64s]] = []

    def add(self, keys: Int64s) -> None:
        """Count each key once more for each time it is there."""
        different, counts = np.unique(keys, return_counts=True)
        self._tables.append((different, counts.astype(np.int64)))
        while len(self._tables) > 1 and 2 * len(self._tables[-1][0]) > len(self._tables[-2][0]):
            self._merge_last()

    def total(self) -> tuple[Int64s, Int64s]:
        """The E different keys, ascending, and how often each was added."""
        while len(self._tables) > 1:
            self._merge_last()
        return self._tables[0] if self._tables else (np.empty(0, np.int64), np.empty(0, np.int64))

    def _merge_last(self) -> None:
        (one, counts_one), (other, counts_other) = self._tables.pop(), self._tables.pop()
        keys = np.concatenate([one, other])
        order = np.argsort(keys, kind="stable")  # which merges two ascending runs in one go
        keys, counts = keys[order], np.concatenate([counts_one, counts_other])[order]
        begins = np.flatnonzero(np.diff(keys, prepend=-1))
        self._tables.append((keys[begins], np.add.reduceat(counts, begins) if len(keys) else counts))


def places(among: Int64s, keys: Int64s) -> Int64s:
    """Where each key stands among others, which ascend, (n,); -1 where it is none of them."""
    if not len(among):
        return np.full(len(keys), -1)
    found = np.minimum(np.searchsorted(among, keys), len(among) - 1)
    return np.where(among[found] == keys, found, -1)


def _keys(first: Ids, ends: Int64s) -> Int64s:
    return first.astype(np.int64) << HALF | ends


def _halves(keys: Int64s) -> tuple[Int64s, Int64s]:
    return keys >> HALF, keys & ((1 << HALF) - 1)
