"""Training: every batch of every epoch through a trainer, with the learning rate's schedule and an honest loss."""

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.schedule import learning_rate
from storage.errors import Diverged, InputError

REPORT_SECONDS = 0.5
DIVERGED = 3.0
"""A mean loss this many times that of knowing nothing ends the training."""


class Text(Protocol):
    """What is trained on: a `TokenCorpus`, or the part of one that the cross-check holds in memory."""

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of the `size_v` most frequent words, in order, chunk by chunk."""


class Trainer(Protocol):
    """What the reference and the fast trainer have in common."""

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move the parameters in place; return the batch's summed loss before the step, in nats."""


@dataclass(frozen=True)
class Progress:
    """Where a training stands.

    Attributes:
        epoch: the current one, from 1.
        epochs: how many there are.
        tokens: raw tokens of the vocabulary passed so far, all epochs.
        total_tokens: the same at the end.
        loss: mean loss per positive pair in the current epoch so far, in nats.
        alpha: current learning rate.
        words_per_s: raw tokens per second since the start.
        eta_s: seconds left at that speed.
    """

    epoch: int
    epochs: int
    tokens: int
    total_tokens: int
    loss: float
    alpha: float
    words_per_s: float
    eta_s: float


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training leaves.

    Attributes:
        parameters: both matrices.
        losses: for each epoch the mean loss per positive pair, in nats, each pair counted as it was met.
        pairs: for each epoch the number of positive pairs.
        seconds: time in the training loop.
    """

    parameters: Parameters
    losses: tuple[float, ...]
    pairs: tuple[int, ...]
    seconds: float

    @property
    def largest_norm(self) -> float:
        """The longest word vector: the first to tell when bursts spoil a run."""
        return float(np.sqrt(np.einsum("vd,vd->v", self.parameters.vectors, self.parameters.vectors).max()))


def ignore(_: Progress) -> None:
    """Report to nobody."""


def train(
    corpus: Text,
    vocabulary: Vocabulary,
    settings: TrainSettings,
    *,
    trainer: Trainer | None = None,
    report: Callable[[Progress], None] = ignore,
) -> Trained:
    """Train skip-gram with negative sampling on one thread; the same arguments give the same bytes.

    Raises:
        Diverged: a score or a parameter left the finite numbers.
        InputError: the text holds no pair of words.
    """
    parameters = Parameters.start(len(vocabulary), settings.vector_size, settings.seed)
    maker = BatchMaker(vocabulary.counts, settings)
    run = _Run(settings, int(vocabulary.counts.sum()), trainer or FastTrainer(maker.objective), report)
    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        for epoch in range(settings.epochs):
            run.epoch(parameters, maker.epoch(corpus.chunks(len(vocabulary)), epoch), epoch)
            parameters.require_finite()
    if not any(run.pairs):
        raise InputError(
            "no word of the vocabulary has another within its window and sentence, so there is nothing to learn;"
            " put whole sentences or paragraphs on a line, or lower --min-count"
        )
    return Trained(parameters, tuple(run.losses), tuple(run.pairs), time.perf_counter() - run.started)


class _Run:
    """One training: its clock, its sums, its reports."""

    def __init__(
        self, settings: TrainSettings, tokens: int, trainer: Trainer, report: Callable[[Progress], None]
    ) -> None:
        self.settings, self.total, self.trainer, self.report = settings, tokens * settings.epochs, trainer, report
        self.started = self.reported = time.perf_counter()
        self.losses: list[float] = []
        self.pairs: list[int] = []

    def epoch(self, parameters: Parameters, batches: Iterable[Batch], epoch: int) -> None:
        loss, pairs, rate = 0.0, 0, self.settings.alpha
        for batch in batches:
            rate = learning_rate(self.settings, batch.progress)
            loss += self.trainer.step(parameters, batch, rate)
            pairs += batch.pairs
            self._require_sound(loss / max(pairs, 1), epoch, rate)
            if time.perf_counter() - self.reported > REPORT_SECONDS:
                self._tell(epoch, int(batch.progress * self.total), loss / max(pairs, 1), rate)
        self.losses.append(loss / max(pairs, 1))
        self.pairs.append(pairs)
        self._tell(epoch, self.total * (epoch + 1) // self.settings.epochs, self.losses[-1], rate)

    def _require_sound(self, loss: float, epoch: int, rate: float) -> None:
        """Rows cannot leap (`row_rates`), so a learning rate far too high shows in the loss.

        Raises:
            Diverged: the loss is not finite, or far above that of all scores being zero.
        """
        ignorance = (1 + self.settings.negative) * math.log(2)
        if not loss < DIVERGED * ignorance:
            raise Diverged(
                f"training diverges: at learning rate {rate:.4g} in epoch {epoch + 1} the mean loss is {loss:.4g}, "
                f"where vectors that know nothing have {ignorance:.4g}; lower --alpha (now {self.settings.alpha})"
            )

    def _tell(self, epoch: int, tokens: int, loss: float, rate: float) -> None:
        self.reported = time.perf_counter()
        speed = tokens / max(self.reported - self.started, 1e-9)
        left = (self.total - tokens) / speed if speed else math.inf
        self.report(Progress(epoch + 1, self.settings.epochs, tokens, self.total, loss, rate, speed, left))
