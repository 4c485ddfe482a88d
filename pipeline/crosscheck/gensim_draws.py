"""gensim's random draws and its table of the sigmoid, repeated number for number from how gensim 4.4 behaves.

Nothing here is part of Firth's training. The replay needs it to make the choices that gensim makes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.gensim_twin import JOB_WORDS, NOISE_UNITS, SAMPLE_UNITS
from pipeline.models.negative_sampling import Float64s, Sigmoid

Rows = NDArray[np.int64]

_MULTIPLIER = np.uint64(25_214_903_917)
_INCREMENT = np.uint64(11)
_MASK = np.uint64(2**48 - 1)


class Generator48:
    """The 48-bit linear congruential generator that java.util.Random uses; a draw is the state's top 32 bits."""

    def __init__(self, state: int) -> None:
        self._state = np.uint64(state)

    def draw(self, count: int) -> NDArray[np.uint64]:
        """The next `count` draws, each from the state before it steps.

        n steps of s -> A s + C lead to A^n s + C (A^(n-1) + ... + 1), so all states come at once. Products wrap at
        2^64, which leaves their lower 48 bits right.
        """
        powers = np.full(count + 1, _MULTIPLIER)
        powers[0] = 1
        np.multiply.accumulate(powers, out=powers)
        sums = np.concatenate([np.zeros(1, np.uint64), np.add.accumulate(powers[:-1])])
        states = (powers * self._state + _INCREMENT * sums) & _MASK  # (count + 1,)
        self._state = states[-1]
        draws: NDArray[np.uint64] = states[:-1] >> np.uint64(16)
        return draws


@dataclass(frozen=True, eq=False)
class Job:
    """Consecutive sentences that gensim trains with one learning rate.

    Attributes:
        sentences: word ids of each sentence.
        progress: share of the epoch's sentences that lie before this job.
    """

    sentences: Sequence[Rows]
    progress: float


def jobs(sentences: Sequence[Rows], raw_lengths: Sequence[int]) -> Iterator[Job]:
    """Fill jobs with whole sentences up to 10,000 words, words outside the vocabulary counted too."""
    first, words = 0, 0
    for number, length in enumerate(raw_lengths):
        if words + length > JOB_WORDS and number > first:
            yield Job(sentences[first:number], first / len(sentences))
            first, words = number, 0
        words += length
    yield Job(sentences[first:], first / len(sentences))


def kept(draws: NDArray[np.uint64], keep_probability: Float64s) -> NDArray[np.bool_]:
    """Which tokens survive subsampling: those whose 32-bit draw does not exceed their probability's integer."""
    return draws <= (keep_probability * SAMPLE_UNITS).astype(np.uint64)


def noise_words(draws: NDArray[np.uint64], distribution: Float64s) -> Rows:
    """Draws to word ids: the first word whose cumulative probability, as an integer, reaches the draw."""
    cumulative = np.rint(np.cumsum(distribution) * NOISE_UNITS).astype(np.uint64)  # (V,)
    words: Rows = np.searchsorted(cumulative, draws % cumulative[-1], side="left")
    return words


class Table:
    """Sigma at even steps from -limit to just below limit, each result rounded to single precision as gensim keeps it.

    Args:
        limit: the score from which on there is no entry.
        size: how many entries there are.
    """

    def __init__(self, limit: int, size: int) -> None:
        self.limit, self._per_unit = float(limit), size // limit // 2
        steps = _rounded(np.arange(size) / size)
        powers = _rounded(np.exp((steps * 2 - 1) * self.limit))
        self._values = _rounded(powers / (powers + 1))

    def look_up(self, scores: Float64s) -> Float64s:
        """The entries of scores within the limits."""
        return self._values.take(((scores + self.limit) * self._per_unit).astype(np.intp))


def _rounded(values: Float64s) -> Float64s:
    return values.astype(np.float32).astype(np.float64)


WORD2VEC = Table(6, 1000)
"""83 entries a unit, the integer part of 1000 / 6 / 2 = 83.33: they are looked up askew."""

FASTTEXT = Table(8, 512)
"""32 entries a unit."""


def table_sigmoid(labels: Float64s, table: Table = WORD2VEC, *, saturates: bool = False) -> Sigmoid:
    """gensim's sigmoid for outputs with these labels.

    Inside the limits it is the table's entry at the integer part of (score + 6) * 83, reckoned in double precision from
    a score in single precision: a score a little below zero, as most are at the start, finds the entry before that of
    zero. From 6 on in either direction gensim skips the output: a sigmoid equal to the label leaves no residual.

    Args:
        labels: of the outputs.
        table: which one.
        saturates: beyond the limits the sigmoid is 0 or 1 instead: so it is in FastText's CBOW with negative sampling.
    """

    def sigmoid(scores: Float64s) -> Float64s:
        rounded = _rounded(scores)
        if rounded @ rounded < table.limit**2:  # then no score reaches the limit: nearly always, and quick to see
            return table.look_up(rounded)
        inside = np.abs(rounded) < table.limit
        outside = (rounded > 0).astype(np.float64) if saturates else labels
        return np.where(inside, table.look_up(np.where(inside, rounded, 0)), outside)

    return sigmoid
