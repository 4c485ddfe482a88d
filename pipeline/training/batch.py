"""`Batch`: all that one step needs besides the parameters and the learning rate, randomness included.

Letters, here and in the trainers: V vocabulary, D dimensions, C window, N centers in a step, G groups of centers that
share their noise, K noise words of a group.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]


BLOCK = 16
"""T, the consecutive centers that the fast trainer multiplies at once; a step holds a multiple of it."""


@dataclass(frozen=True, eq=False)
class Batch:
    """N consecutive centers of the subsampled text, and the noise drawn for them.

    Noise is shared: the K noise words of a group serve all its N / G centers. A center with p contexts is owed
    p * negative noise pairs, so each of its K noise pairs weighs p * negative / K, and the expected gradient is that
    of `negative` independent draws for every pair of center and context. A noise word that happens to be the context
    itself counts like any other, as in equation 4 of the paper; word2vec.c and gensim skip it.

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
        return int(np.count_nonzero(self.positive))


MAX_MOVE = 1.0
"""The farthest that the occurrences of a word may move its row in one step (`row_rates`), as tokens and again as noise;
trained vectors are 1 to 7 long."""


def row_rates(rate: float, occurrences: Ids, lengths: Floats) -> Floats:
    """The learning rate of each occurrence of a word in a step, lowered where its row would leap.

    A step applies all gradients at the parameters before it, so a word that stands n times moves n times at once. Where
    the occurrences pull the same way (an article on Lisp, a list), that is a leap with the gradient of one point, which
    overshoots, and then grows without bound: a few such bursts spoil a whole model. So each occurrence moves its row by
    at most MAX_MOVE / n, and by the triangle inequality the row by at most MAX_MOVE: gradient clipping (Pascanu,
    Mikolov and Bengio 2013, section 3.2), row by row. In even text, at the defaults, one occurrence in 60 reaches it
    in the first epoch; at higher rates and with more noise more do, most of them of frequent words, which so learn more
    slowly.

    Args:
        rate: learning rate.
        occurrences: n for each occurrence.
        lengths: Euclidean length of each occurrence's gradient, same shape.
    """
    moves = rate * occurrences * lengths  # how far each row would move if all its occurrences pulled one way
    rates: Floats = rate / np.maximum(1.0, moves / MAX_MOVE)
    return rates.astype(lengths.dtype)
