"""How fast and in how much memory this machine trains: a few seconds of real steps on matrices of the real size.

They are taken in a process of their own, so that its memory is that of a training and of nothing else.
"""

import hashlib
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from itertools import count
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.plan.glove_trial import MATRICES, Sampled, try_glove
from pipeline.plan.memory import peak_bytes
from pipeline.settings import TrainSettings
from pipeline.text.block_tokens import prepare_worker
from pipeline.text.chunk import Chunk
from pipeline.text.token_files import CHUNK
from pipeline.text.vocabulary import Counts
from pipeline.training.crew import Crew, at_work, crew_for, expect_others
from pipeline.training.glove.factors import Factors
from pipeline.training.parameters import Parameters
from storage.errors import FirthError

SECONDS = 3.0
LONGEST = 100_000
"""Epochs of the calibration: its learning rate stays where it is."""
HASHED = 1 << 24


class Trial(NamedTuple):
    """What is tried.

    Attributes:
        words: V of them.
        counts: (V,) of the words, as they are expected in the whole corpus, descending.
        ids: (n,) tokens of the sample.
        offsets: (S + 1,) where each sentence begins in `ids`.
        settings: of the training.
        workers: processes that train.
        deterministic: whether they train in shards.
        seconds: how long.
    """

    words: Sequence[str]
    counts: Counts
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    settings: TrainSettings
    workers: int
    deterministic: bool
    seconds: float


@dataclass(frozen=True)
class Calibration:
    """What was measured.

    Attributes:
        start: seconds before the first step.
        tokens_per_s: raw tokens of the vocabulary.
        hash_bytes_per_s: of the matrices when they are written.
        peak_bytes: the most memory of all processes, without the sample.
        rows: of the first matrix for each word: 1, or more with fastText; 3 with GloVe, which has four matrices.
        pairs: of GloVe in the whole corpus.
    """

    start: float
    tokens_per_s: float
    hash_bytes_per_s: float
    peak_bytes: int
    rows: float = 1.0
    pairs: float = 0.0


def calibrate(trial: Trial) -> Calibration:
    """Train for a few seconds in another process.

    Raises:
        FirthError: that process ended early.
    """
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, initializer=prepare_worker) as pool:
        try:
            return pool.submit(measure, trial).result()
        except BrokenProcessPool:
            size = 8 * len(trial.counts) * trial.settings.vector_size
            raise FirthError(
                f"the calibration ended early: memory ran out (the matrices take at least {size:,} bytes), it was"
                ' killed, or the program that calls Firth lacks `if __name__ == "__main__":`'
            ) from None


def measure(trial: Trial) -> Calibration:
    """Train for a few seconds in this process."""
    settings = replace(trial.settings, epochs=LONGEST)
    expect_others(trial.workers)
    if settings.model == "glove":
        return _measure_glove(trial, settings)
    started = time.perf_counter()
    start = Parameters.for_settings(trial.words, settings)
    rows = len(start.vectors) / start.size
    with (
        at_work(),
        crew_for(trial.workers, trial.deterministic, settings, trial.counts, start) as crew,
    ):
        del start
        together = 1 if trial.deterministic else trial.workers
        first, speed = _speed(crew, _endless(trial), int(trial.counts.sum()) * LONGEST, trial.seconds, together)
        peak = peak_bytes() - trial.ids.nbytes - trial.offsets.nbytes
        return Calibration(first - started, speed, _hash_speed(crew.parameters), peak, rows)


def _measure_glove(trial: Trial, settings: TrainSettings) -> Calibration:
    started = time.perf_counter()
    start = Factors.start(len(trial.counts), settings.vector_size, settings.seed)
    drawn = time.perf_counter() - started
    tokens = int(trial.counts.sum())
    found = try_glove(
        Sampled(trial.ids, trial.offsets), tokens, settings, start, workers=trial.workers, seconds=trial.seconds
    )
    peak = peak_bytes() - trial.ids.nbytes - trial.offsets.nbytes
    speed = tokens * found.pairs_per_s / found.pairs
    matrices = Parameters(*start.combined("sum"))
    return Calibration(drawn + found.seconds, speed, _hash_speed(matrices), peak, MATRICES - 1, found.pairs)


class Mark(NamedTuple):
    """When a step was done, and how many tokens lie before it."""

    time: float
    tokens: float


def _speed(crew: Crew, chunks: Iterable[Chunk], total: int, seconds: float, together: int) -> tuple[float, float]:
    """When the first step was done, and the tokens a second since."""
    rounds: list[Mark] = []
    begins = True
    for done in crew.epoch(chunks, 0):
        if done.pairs or not done.parts:  # else it only says that a round has ended
            last = Mark(time.perf_counter(), done.progress * total)
            rounds += [last] if begins else []
            begins = False
        begins = begins or done.parts > 0
        if last.time > rounds[0].time + seconds and last.tokens > rounds[0].tokens:
            break
    return rounds[0].time, speed_between(rounds, last, together)


def speed_between(rounds: Sequence[Mark], last: Mark, together: int) -> float:
    """Tokens a second.

    In a round each of `together` processes takes the steps of its own stretch of text, and only this one's are seen.
    So the time from round to round counts, but for the first, in which the others are still starting. Within a round,
    where one takes longer than we have, the others are taken to be as fast as this one.

    Args:
        rounds: the first step of each.
        last: the last step of all.
        together: how many processes.
    """
    if len(rounds) > 2:
        return (rounds[-1].tokens - rounds[1].tokens) / (rounds[-1].time - rounds[1].time)
    return together * (last.tokens - rounds[0].tokens) / (last.time - rounds[0].time)


def _endless(trial: Trial) -> Iterator[Chunk]:
    """The sample's tokens of the vocabulary, again and again."""
    known_before, sentences = 0, len(trial.offsets) - 1
    for lap in count():
        for start in range(0, len(trial.ids), CHUNK):
            ids = trial.ids[start : start + CHUNK]
            kept = ids < len(trial.counts)
            sentence = np.searchsorted(trial.offsets, np.arange(start, start + len(ids)), side="right")
            yield Chunk(ids[kept], sentence[kept] + lap * sentences, known_before)
            known_before += int(np.count_nonzero(kept))


def _hash_speed(parameters: Parameters) -> float:
    rows = 1 + HASHED // parameters.vectors[0].nbytes
    data = parameters.vectors[:rows].tobytes()
    started = time.perf_counter()
    hashlib.sha256(data)
    return len(data) / (time.perf_counter() - started)
