"""`Ledger`: the sums and the clock of a training, and what it reports of them."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from pipeline.settings import TrainSettings
from pipeline.training.crew import Done
from pipeline.training.position import Position

REPORT_SECONDS = 0.5


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
        words_per_s: raw tokens per second since this process began to train.
        eta_s: seconds left at that speed.
        recent_loss: mean loss per positive pair since the last report.
        held_out_loss: mean loss per pair of held-out text after the last epoch that has ended; None before.
        pairs_per_s: positive pairs per second since this process began to train.
    """

    epoch: int
    epochs: int
    tokens: int
    total_tokens: int
    loss: float
    alpha: float
    words_per_s: float
    eta_s: float
    recent_loss: float = math.nan
    held_out_loss: float | None = None
    pairs_per_s: float = math.nan


def ignore(_: Progress) -> None:
    """Report to nobody."""


@dataclass
class Sum:
    """Of the losses of pairs, in float64, each pair as much as it counts."""

    loss: float = 0.0
    pairs: float = 0

    def add(self, done: Done) -> None:
        """Count a step in."""
        self.loss += done.loss
        self.pairs += done.pairs

    @property
    def mean(self) -> float:
        """In nats per pair; 0 where there is none."""
        return self.loss / max(self.pairs, 1)


class Ledger:
    """What a training has done so far.

    Args:
        settings: of the training.
        tokens: raw tokens of a pass over the text.
        position: where it begins.
        report: is told about every REPORT_SECONDS and at the end of each epoch.
    """

    def __init__(
        self, settings: TrainSettings, tokens: int, position: Position, report: Callable[[Progress], None] = ignore
    ) -> None:
        self.epochs, self.total, self._report = settings.epochs, tokens * settings.epochs, report
        self.epoch, self.parts, self.progress = position.epoch, position.parts, position.progress
        self.losses, self.pairs, self.held_out = list(position.losses), list(position.pairs), list(position.held_out)
        self.now, self.part, self._recent = Sum(position.loss, position.epoch_pairs), Sum(), Sum()
        self.rate, self._recent_loss = settings.alpha, math.nan
        self._seconds_before, self._tokens_before = position.seconds, self.tokens
        self._pairs_here = 0.0
        self._started = self._reported = time.perf_counter()

    @property
    def tokens(self) -> int:
        """Raw tokens passed so far, all epochs."""
        return int(self.progress * self.total)

    @property
    def seconds(self) -> float:
        """In the training loop, that of earlier processes included."""
        return self._seconds_before + time.perf_counter() - self._started

    @property
    def words_per_s(self) -> float:
        """Raw tokens per second since this process began."""
        return (self.tokens - self._tokens_before) / max(time.perf_counter() - self._started, 1e-9)

    @property
    def pairs_per_s(self) -> float:
        """Positive pairs per second since this process began."""
        return self._pairs_here / max(time.perf_counter() - self._started, 1e-9)

    def take(self, done: Done) -> None:
        """Count in what was done, and report from time to time."""
        for total in (self.now, self.part, self._recent):
            total.add(done)
        self._pairs_here += done.pairs
        self.rate, self.progress = done.rate, max(self.progress, done.progress)
        if done.parts:
            self.parts = done.parts
        if time.perf_counter() - self._reported > REPORT_SECONDS:
            self._tell(self.epoch + 1, self.now.mean)

    def end_epoch(self, held_out: float | None) -> None:
        """Begin the next one, with the loss that held-out text, if there is any, has after this one."""
        self.losses.append(self.now.mean)
        self.pairs.append(self.now.pairs)
        if held_out is not None:
            self.held_out.append(held_out)
        self.epoch, self.parts, self.now = self.epoch + 1, 0, Sum()
        self.progress = self.epoch / self.epochs
        self._tell(self.epoch, self.losses[-1])

    def position(self) -> Position:
        """Where the training stands, in numbers to begin again from."""
        return Position(
            epoch=self.epoch,
            parts=self.parts,
            progress=self.progress,
            losses=tuple(self.losses),
            pairs=tuple(self.pairs),
            held_out=tuple(self.held_out),
            loss=self.now.loss,
            epoch_pairs=self.now.pairs,
            seconds=self.seconds,
        )

    def _tell(self, epoch: int, loss: float) -> None:
        self._reported = time.perf_counter()
        if self._recent.pairs:
            self._recent_loss, self._recent = self._recent.mean, Sum()
        speed, held_out = self.words_per_s, self.held_out[-1] if self.held_out else None
        left = (self.total - self.tokens) / speed if speed else math.inf
        where = (epoch, self.epochs, self.tokens, self.total, loss, self.rate, speed, left)
        self._report(Progress(*where, self._recent_loss, held_out, self.pairs_per_s))
