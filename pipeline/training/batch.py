"""`Batch`: all that one step needs besides the parameters and the learning rate, randomness included.

Letters, here and in the trainers: V vocabulary, D dimensions, C window, N centers in a step, G groups of centers that
share their noise, K noise words of a group.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]


BLOCK = 16
"""T, the consecutive centers that the fast trainer multiplies at once; a step holds a multiple of it."""


@dataclass(frozen=True, eq=False)
class Batch:
    """N consecutive centers of the subsampled text, and the noise drawn for them.

    Noise is shared: the K noise words of a group serve all its N / G centers. A center with p contexts is owed
    p * negative noise pairs, so each of its K noise pairs weighs p * negative / K, and the expected gradient is that
    of `negative` independent draws for every pair of center and context.

    Attributes:
        tokens: (N + 2C,) word ids of the centers and of the C tokens on either side.
        positive: (N, 2C + 1) whether tokens[n + o] is a context of center n, whose own place is o = C.
        noise: (G, K) word ids drawn from the noise distribution, for each group of consecutive centers.
        negative: noise pairs owed to each positive pair.
        token_occurrences: (N + 2C,) how often tokens[i] stands among `tokens`: see `row_rates`.
        noise_occurrences: (G, K) how often noise[g, k] stands among `noise`.
        progress: share of the whole training that lies before this batch, from 0 to 1.
    """

    tokens: Ids
    positive: Bools
    noise: Ids
    negative: int
    token_occurrences: Ids
    noise_occurrences: Ids
    progress: float

    @property
    def window(self) -> int:
        """C, the largest distance of a context."""
        return (len(self.tokens) - len(self.positive)) // 2

    @property
    def centers(self) -> Ids:
        """(N,) word ids of the centers."""
        return self.tokens[self.window : len(self.tokens) - self.window]

    @property
    def group(self) -> int:
        """N / G, how many centers share their noise."""
        return len(self.positive) // len(self.noise)

    @property
    def pairs(self) -> int:
        """How many positive pairs the batch holds."""
        return int(self.positive.sum())


MAX_PULL = 7.2
"""The most that one row may be pulled in one step: learning rate times the weight of its pairs (`row_rates`)."""


def row_rates(rate: float, occurrences: Ids, pairs: float) -> NDArray[np.float64]:
    """The learning rate of each occurrence, lowered where its word comes in a burst.

    A step applies the summed gradient at the parameters before the step, so a word that stands n times moves n times
    at once. Where the occurrences pull the same way (an article on Lisp, a list), that is gradient descent on one
    logistic loss whose curvature grows with the weight of the pairs, n * pairs: it overshoots once rate * n * pairs *
    (curvature of a pair) exceeds 2, and then grows without bound. So rate * n * pairs is held at MAX_PULL.

    The value is measured, on 100 million words of English with gensim's defaults (8 occurrences pass untouched at
    7.2): twice that much diverges.  Steps are cut so that the most frequent word of even text stays within it
    (`batches.StepShape.for_text`); only bursts are held back.

    Args:
        rate: learning rate.
        occurrences: how often each occurrence's word stands in the step.
        pairs: mean weight of the pairs of one occurrence, `pairs_per_center`.
    """
    return np.minimum(rate, MAX_PULL / (pairs * occurrences))


def pairs_per_center(window: int, negative: int) -> float:
    """Mean weight of the pairs of a center far from a sentence's end: (C + 1) contexts, each with its noise.

    Windows are drawn uniformly from 1 to C on both sides, so the mean number of contexts is C + 1.
    """
    return (window + 1.0) * (1.0 + negative)
