"""How fast GloVe counts and trains on this machine: a sample counted whole, half of it too, and seconds of real rounds.

The pairs of a text grow slower than its tokens, since some of them have been met before. From half of the sample to all
of it they grow 2^b times, and so, it is taken, on to the whole corpus: pairs = those of the sample * (N / n)^b.
"""

import itertools
import math
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.cooccurrence.cells import Cells
from pipeline.cooccurrence.counting import Counting, count
from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.text.token_files import CHUNK
from pipeline.training.course import nothing_to_learn
from pipeline.training.glove.crew import GloveCrew
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.training import divided

MATRICES = 4
"""Vectors, contexts, and AdaGrad's sums of both."""
COUNT_BYTES = 1_000_000_000
"""That counting may use."""


class Counted(NamedTuple):
    """What counting and training a whole corpus will take.

    Attributes:
        seconds: to count it.
        pairs: that it will have.
        pairs_per_s: trained.
    """

    seconds: float
    pairs: float
    pairs_per_s: float


@dataclass(frozen=True, eq=False)
class Sampled:
    """A text in memory: its tokens, (n,), and where each sentence begins, (S + 1,)."""

    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of the `size_v` most frequent words, in order, chunk by chunk."""
        known_before = 0
        for start in range(0, len(self.ids), CHUNK):
            ids = self.ids[start : start + CHUNK]
            kept = ids < size_v  # (n,)
            sentence = np.searchsorted(self.offsets, np.arange(start, start + len(ids)), side="right")
            yield Chunk(ids[kept], sentence[kept], known_before)
            known_before += int(np.count_nonzero(kept))


def try_glove(
    sample: Sampled, tokens: int, settings: TrainSettings, start: Factors, *, workers: int, seconds: float
) -> Counted:
    """Count the sample and train on it for some seconds, in a folder that is gone afterwards.

    Args:
        sample: its ids are ranks of the whole corpus's vocabulary.
        tokens: N, of the vocabulary in the whole corpus.
        settings: of the training.
        start: factors of the whole vocabulary; they are moved.
        workers: how many.
        seconds: how long to train.

    Raises:
        InputError: no two words stand near each other in it.
    """
    how = Counting(len(start.words), settings.window, settings.symmetric, COUNT_BYTES, workers)
    with tempfile.TemporaryDirectory() as folder:
        half, scratch = Path(folder) / "half", Path(folder) / "all"
        half.mkdir()
        some = _pairs(count(Sampled(sample.ids[: len(sample.ids) // 2], sample.offsets), how, half))
        began = time.perf_counter()
        scratch.mkdir()
        cells = count(sample, how, scratch)
        if not len(cells):
            raise nothing_to_learn()
        tiles, _ = divided(cells, COUNT_BYTES / 1e9, 0.0, scratch)
        known = np.count_nonzero(sample.ids < len(start.words))
        times, took = tokens / known, time.perf_counter() - began
        power = min(1.0, math.log2(tiles.pairs / some)) if some else 1.0
        with threadpool_limits(1, "blas"), GloveCrew(settings, tiles, start, workers) as crew:
            return Counted(took * times, tiles.pairs * times**power, _speed(crew, seconds))


def _pairs(cells: Cells) -> int:
    return int(cells.pairs(1 << 20).sum()) // 2


def _speed(crew: GloveCrew, seconds: float) -> float:
    """Pairs a second, from the end of the first round on, in which processes are still starting."""
    going = itertools.chain.from_iterable(map(crew.epoch, itertools.count()))
    next(going)
    began, pairs = time.perf_counter(), 0.0
    for done in going:
        pairs += done.pairs
        if time.perf_counter() - began > seconds and pairs:
            break
    return pairs / (time.perf_counter() - began)
