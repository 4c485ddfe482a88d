"""How a vocabulary grows with its text: from the counts of a sample to the words of the whole corpus.

In a text of n tokens let V_m(n) be the words that stand m times or more. Heaps' law, V_1(n) ~ n^b with b falling
slowly (Heaps 1978, section 7.5), is drawn on here from the last two doublings of the sample. For m > 1 one would have
to wait m times as long to see the same, if words were spread evenly: what is met once in n tokens is met m times in
m n. So V_m(n) is near c_m V_1(n / m), and

    V_m(N) = V_m(n) V_1(N / m) / V_1(n / m) exp(d_m (1 - n / N))

in which V_1 is known from the sample wherever N / m is at most n: the larger m, the shorter the leap. Words are not
spread evenly, but the less this shows, the more text there is: d_m is by how much too low the first factor alone
finds V_m(n) from a quarter of the sample, for each e-fold, and is taken to fall as 1 / n from there on.

With 5 of 33.5 million words of English Wikipedia known, the sizes for m = 1, 2, 5, 10, 20, 50, 100 come out within 7 %;
with 1 million, within 10 %; with 0.3 of 1 million words of French, German and Russian novels, within 18 %.
"""

from math import exp, log

import numpy as np
from numpy.typing import NDArray

SLICES = 64
"""The sample is cut into so many, for parts of it that are spread over it and yet have the bursts of running text."""
SUBSETS = 4
"""A part of the sample is averaged over so many such parts."""
OFTEN = 20
"""What stands so often in the sample has its share in the whole text, too."""
LAST = 3
"""Points of the curve that its continuation follows: all, a half and a quarter of the sample."""
Ids = NDArray[np.int32]
Counts = NDArray[np.int64]


class Growth:
    """The growth of a vocabulary, fitted on a sample of n tokens.

    Args:
        ids: (n,) the sample's tokens as numbers of words, in the order of the text.
        counts: (U,) how often each word stands in it, descending.
    """

    def __init__(self, ids: Ids, counts: Counts) -> None:
        self.tokens, self._counts = len(ids), counts
        slices = np.array_split(ids, min(SLICES, len(ids)))
        steps = [SLICES >> halving for halving in range(SLICES.bit_length()) if SLICES >> halving <= len(slices)]
        points = [_types([_descending(part) for part in _parts(slices, step)]) for step in steps]
        self._log_n, self._log_v = np.log(np.array(points)).T
        self._slope = _slope(self._log_n[-LAST:], self._log_v[-LAST:])
        self._quarters = [_descending(part) for part in _parts(slices, 4)]

    def size(self, min_count: int, tokens: int) -> int:
        """V_m(N), how many words stand `min_count` times or more in a text of `tokens` tokens, no less than n."""
        known = _size(self._counts, min_count)
        if tokens == self.tokens:
            return known
        share = min_count * self.tokens / tokens
        if share >= OFTEN or not known:
            return _size(self._counts, share)
        grown = self._grown(min_count, self.tokens, tokens)
        return round(known * exp(grown + self._missed(min_count) * (1 - self.tokens / tokens)))

    def _grown(self, min_count: int, start: float, end: float) -> float:
        """log of V_1(end / m) / V_1(start / m)."""
        return self._log_types(end / min_count) - self._log_types(start / min_count)

    def _missed(self, min_count: int) -> float:
        """d_m: how much of the growth from a quarter of the sample to all of it this does not explain."""
        before = float(np.mean([_size(quarter, min_count) for quarter in self._quarters] or [0]))
        if not before:
            return 0.0
        real = log(_size(self._counts, min_count) / before)
        return max(0.0, real - self._grown(min_count, self.tokens / 4, self.tokens)) / log(4)

    def _log_types(self, tokens: float) -> float:
        """log V_1, measured within the sample and on a straight line beyond it."""
        place = log(max(tokens, 1.0))
        if place <= self._log_n[-1]:
            return float(np.interp(place, [0.0, *self._log_n], [0.0, *self._log_v]))  # one token is one word
        return float(self._log_v[-1] + self._slope * (place - self._log_n[-1]))


def _parts(slices: list[Ids], step: int) -> list[Ids]:
    """Some of the parts of the sample that have each `step`-th slice of it."""
    return [np.concatenate(slices[start::step]) for start in range(min(step, SUBSETS, len(slices)))]


def _descending(ids: Ids) -> Counts:
    counts = np.bincount(ids)
    return np.sort(counts[counts > 0])[::-1]


def _types(parts: list[Counts]) -> tuple[float, float]:
    """(n, V_1(n)), the means over some parts."""
    return float(np.mean([part.sum() for part in parts])), float(np.mean([len(part) for part in parts]))


def _size(counts: Counts, min_count: float) -> int:
    return int(np.searchsorted(-counts, -min_count, side="right"))


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Of the least-squares line; 1 through a single point, where every token is a new word."""
    if len(x) < 2:
        return 1.0
    return float(np.clip(np.polyfit(x, y, 1)[0], 0.0, 1.0))
