"""Which tokens are kept, which words are noise, how wide a window is: the distributions and their draws.

Every draw comes from a generator that is seeded by (seed, purpose, and where in the training it is made), so a draw
does not depend on what was drawn before it.
"""

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Ids = NDArray[np.int32]


class Purpose(IntEnum):
    """What random numbers are for; each purpose has its own stream."""

    SUBSAMPLING = 1
    WINDOW = 2
    NOISE = 3  # and in which steps the order of the pairs counts
    ROUNDS = 4
    RUNS = 5


def generator(seed: int, purpose: Purpose, *place: int) -> np.random.Generator:
    """The generator for one purpose at one place of the training, for example (epoch, chunk)."""
    return np.random.default_rng([seed, purpose, *place])


def keep_probability(counts: NDArray[np.int64], sample: float) -> Float64s:
    """The probability that one token of each word survives subsampling, (V,).

    p(w) = min(1, (sqrt(f / t) + 1) t / f), f = count / all kept counts, t = `sample`: the rule of word2vec.c and of
    gensim, which differs from the paper's 1 - sqrt(t / f) (Mikolov et al. 2013, equation 5). t = 0 keeps all.
    """
    if sample == 0:
        return np.ones(len(counts))
    threshold = sample * counts.sum()
    kept: Float64s = (np.sqrt(counts / threshold) + 1.0) * (threshold / counts)
    return np.minimum(kept, 1.0)


def noise_distribution(counts: NDArray[np.int64], exponent: float) -> Float64s:
    """P(w) proportional to count ** exponent, (V,); 0.75 in Mikolov et al. 2013, section 2.2."""
    powers: Float64s = counts.astype(np.float64) ** exponent
    total: float = powers.sum()
    return powers / total


class AliasTable:
    """Draws from a fixed distribution over V words in constant time and without rounding it to a table of slots.

    Walker's alias method (1977) in Vose's construction (1991): V columns of equal height, each shared by at most two
    words. A draw picks a column, then one of its two words.
    """

    def __init__(self, probabilities: Float64s) -> None:
        size = len(probabilities)
        self._share = np.ones(size)  # (V,) how much of its own column a word keeps
        self._alias = np.arange(size, dtype=np.int32)  # (V,) the word that fills the rest
        self._fill(probabilities * size)

    def _fill(self, heights: Float64s) -> None:
        remaining = heights.tolist()
        small = [word for word, height in enumerate(remaining) if height < 1]
        large = [word for word, height in enumerate(remaining) if height >= 1]
        while small and large:
            low, high = small.pop(), large[-1]
            self._share[low], self._alias[low] = remaining[low], high
            remaining[high] -= 1 - remaining[low]
            if remaining[high] < 1:
                small.append(large.pop())

    @property
    def probabilities(self) -> Float64s:
        """The distribution that the columns hold, (V,)."""
        held = self._share + np.bincount(self._alias, 1 - self._share, len(self._share))
        return held / len(self._share)

    def draw(self, generator: np.random.Generator, shape: tuple[int, ...]) -> Ids:
        """Word ids of the given shape."""
        place = generator.random(shape) * len(self._share)  # one number serves as column and as height within it
        columns = place.astype(np.int32)
        place -= columns
        return np.where(place < self._share.take(columns), columns, self._alias.take(columns))
