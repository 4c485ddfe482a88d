"""Training: every part of every epoch through a crew; between two parts it can be looked at, kept and left."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.settings import TrainSettings, WatchSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.checkpoint import Checkpoint, Checkpoints
from pipeline.training.crew import Crew, Solo, Trainer, crew_for
from pipeline.training.divergence import Bounds
from pipeline.training.held_out import Side, Text, divide, mean_loss, require_pairs, stalled, tokens_of
from pipeline.training.interrupt import Interrupt
from pipeline.training.ledger import Ledger, Progress, Sum, ignore
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.probes import Probes
from storage.errors import InputError, Interrupted

ENOUGH_PAIRS = 1000
"""A mean of fewer pairs says too little about divergence by itself."""
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training leaves.

    Attributes:
        parameters: both matrices.
        losses: for each epoch the mean loss per positive pair, in nats, each pair counted as it was met.
        pairs: for each epoch the number of positive pairs.
        held_out: for each epoch the mean loss per pair of held-out text after it; empty where none is held out.
        tokens: raw tokens of the vocabulary in a pass over the text that was trained on.
        held_out_tokens: the same of the text that was not.
        seconds: time in the training loop.
        words_per_s: raw tokens per second of this process.
        ignorance: mean loss per pair of knowing nothing, in nats.
    """

    parameters: Parameters
    losses: tuple[float, ...]
    pairs: tuple[int, ...]
    held_out: tuple[float, ...]
    tokens: int
    held_out_tokens: int
    seconds: float
    words_per_s: float
    ignorance: float

    @property
    def largest_norm(self) -> float:
        """The longest word vector: the first to tell when bursts spoil a run."""
        return float(np.sqrt(np.einsum("vd,vd->v", self.parameters.vectors, self.parameters.vectors).max()))


def train(
    corpus: Text,
    vocabulary: Vocabulary,
    settings: TrainSettings,
    *,
    workers: int = 1,
    deterministic: bool = False,
    trainer: Trainer | None = None,
    start: Parameters | None = None,
    tokens: int | None = None,
    watch: WatchSettings | None = None,
    probes: Probes | None = None,
    checkpoints: Checkpoints | None = None,
    resume: Checkpoint | None = None,
    interrupt: Interrupt | None = None,
    report: Callable[[Progress], None] = ignore,
) -> Trained:
    """Train; one worker, or several that are deterministic, give the same bytes for the same arguments.

    Args:
        corpus: the text.
        vocabulary: its words; the rows of the parameters.
        settings: of the training.
        workers: processes that train at once.
        deterministic: let them share every step.
        trainer: instead of the fast one, for one worker.
        start: parameters to start from, which are moved; by default `Parameters.start`.
        tokens: of the vocabulary in a pass over the text, where that is not the sum of its counts.
        watch: what is held out, and when that ends the training.
        probes: words to look at.
        checkpoints: where to keep the training from time to time, and when it is interrupted.
        resume: where to go on.
        interrupt: ends the training between two parts, after a checkpoint.
        report: is told how far it is.

    Raises:
        Diverged: a score or a parameter left the finite numbers.
        InputError: the text, or what is held out of it, holds no pair of words; or a checkpoint cannot be written.
        Interrupted: what was done is kept in a checkpoint.
    """
    watch, size = watch or WatchSettings(), len(vocabulary)
    text, held_out = divide(corpus, size, watch.held_out) if watch.held_out else (corpus, None)
    tokens = tokens_of(text, size) if held_out else int(vocabulary.counts.sum()) if tokens is None else tokens
    start = start or Parameters.start(size, settings.vector_size, settings.seed)
    with (
        threadpool_limits(1, "blas"),
        np.errstate(over="ignore", invalid="ignore"),
        Solo(settings, vocabulary.counts, start, trainer, tokens=tokens)
        if trainer
        else crew_for(workers, deterministic, settings, vocabulary.counts, start, tokens=tokens) as crew,
    ):
        del start  # several workers have copied it
        if resume:
            resume.restore(crew.parameters)
        ledger = Ledger(settings, tokens, resume.position if resume else Position(), report)
        bounds = Bounds.of(crew.maker.objective, settings, vocabulary.counts)
        run = _Run(crew, ledger, bounds=bounds, probes=probes, checkpoints=checkpoints, interrupt=interrupt)
        if held_out:
            require_pairs(crew, held_out, size)
        while ledger.epoch < settings.epochs and not stalled(ledger.held_out, watch.patience):
            run.epoch(text, held_out)
        run.look(last=True)
    if not any(ledger.pairs):
        raise InputError(
            "no word of the vocabulary has another within its window and sentence, so there is nothing to learn;"
            " put whole sentences or paragraphs on a line, or lower --min-count"
        )
    return run.trained(tokens_of(held_out, size) if held_out else 0)


class _Run:
    """One training, epoch by epoch."""

    def __init__(
        self,
        crew: Crew,
        ledger: Ledger,
        *,
        bounds: Bounds,
        probes: Probes | None,
        checkpoints: Checkpoints | None,
        interrupt: Interrupt | None,
    ) -> None:
        self.crew, self.ledger, self.bounds = crew, ledger, bounds
        self.size = len(crew.parameters.vectors)
        self.probes, self.checkpoints, self.interrupt = probes, checkpoints, interrupt
        if probes:
            probes.pass_over(ledger.progress)

    def epoch(self, text: Text, held_out: Side | None) -> None:
        """Take what is left of an epoch, and measure what was held out."""
        ledger = self.ledger
        for done in self.crew.epoch(text.chunks(self.size), ledger.epoch, ledger.parts, self._due):
            ledger.take(done)
            self.bounds.check(ledger.now.mean, ledger.epoch, done.rate)
            if done.parts:
                self._between_parts()
        self.crew.parameters.require_finite()
        ledger.end_epoch(mean_loss(self.crew, held_out, self.size) if held_out else None)
        self._between_parts()

    def _due(self) -> bool:
        """Whether there is something to do between two parts."""
        interrupted = self.interrupt is not None and self.interrupt.number is not None
        return interrupted or (self.checkpoints is not None and self.checkpoints.due)

    def look(self, *, last: bool = False) -> None:
        """Look at the probes, if it is time or this is the end."""
        if self.probes:
            ledger = self.ledger
            epoch = min(ledger.epoch + 1, ledger.epochs)
            self.probes.look(self.crew.parameters.vectors, ledger.progress, epoch, ledger.tokens, last=last)

    def _between_parts(self) -> None:
        """Look at the training, keep it, leave it: whatever is due."""
        ledger = self.ledger
        if ledger.part.pairs >= ENOUGH_PAIRS:
            self.bounds.check(ledger.part.mean, ledger.epoch, ledger.rate)
            ledger.part = Sum()
        self.look()
        if self.checkpoints:
            if self.interrupt and self.interrupt.number is not None:
                self._leave(self.checkpoints, self.interrupt.number)
            if self.checkpoints.due:
                self.checkpoints.save(self.crew.parameters, ledger.position())

    def _leave(self, checkpoints: Checkpoints, signal_number: int) -> None:
        ledger = self.ledger
        if ledger.epoch == ledger.epochs:
            return  # nothing is left to do
        kept = checkpoints.save(self.crew.parameters, ledger.position())
        raise Interrupted(f"{ledger.progress:.0%} of the training is kept in {kept}.", signal_number)

    def trained(self, held_out_tokens: int) -> Trained:
        """What comes out."""
        ledger, tokens = self.ledger, self.crew.maker.tokens
        curves = tuple(ledger.losses), tuple(ledger.pairs), tuple(ledger.held_out)
        clock = ledger.seconds, ledger.words_per_s
        return Trained(self.crew.parameters, *curves, tokens, held_out_tokens, *clock, self.bounds.ignorance)
