"""Training: every part of every epoch through a crew; between two parts it can be looked at, kept and left."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.settings import TrainSettings, WatchSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.crew import Crew, Trainer, crew_for, never
from pipeline.training.divergence import Bounds
from pipeline.training.held_out import Divided, Text, divide, mean_loss, require_pairs, stalled, tokens_of
from pipeline.training.keeping import Keeping
from pipeline.training.ledger import Ledger, Progress, Sum, ignore
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.probes import Probes
from storage.errors import InputError

ENOUGH_PAIRS = 1000
"""A mean of fewer pairs says too little about divergence by itself."""


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
        vectors = self.parameters.word_vectors()
        return float(np.sqrt(np.einsum("vd,vd->v", vectors, vectors).max()))


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
    keeping: Keeping | None = None,
    report: Callable[[Progress], None] = ignore,
) -> Trained:
    """Train; one worker gives the same bytes for the same arguments, and so does any number that is deterministic.

    Args:
        corpus: the text.
        vocabulary: its words, which are the rows of the parameters.
        settings: how to train.
        workers: processes that train at once.
        deterministic: train in shards, whose bytes do not depend on the workers.
        trainer: instead of the fast one, for one worker.
        start: parameters to start from, which are moved; by default `Parameters.for_settings`.
        tokens: of the vocabulary in a pass over the text, where that is not the sum of its counts.
        watch: what is held out, and when that ends the training.
        probes: looks at some words.
        keeping: writes checkpoints, and can end it.
        report: is told how far it is.

    Raises:
        Diverged: a score or a parameter left the finite numbers.
        InputError: the text, or what is held out of it, holds no pair of words; or a checkpoint cannot be written.
        Interrupted: what was done is kept in a checkpoint.
    """
    watch, counts = watch or WatchSettings(), vocabulary.counts
    text = divide(corpus, len(counts), watch.held_out)
    tokens = tokens_of(text.trained, len(counts)) if text.held_out else int(counts.sum()) if tokens is None else tokens
    start = start or Parameters.for_settings(vocabulary.words, settings)
    with (
        threadpool_limits(1, "blas"),
        np.errstate(over="ignore", invalid="ignore"),
        crew_for(workers, deterministic, settings, counts, start, trainer=trainer, tokens=tokens) as crew,
    ):
        del start  # several workers have copied it
        position = keeping.begin(crew.parameters) if keeping else Position()
        bounds = Bounds.of(crew.maker.objective, settings, counts)
        run = _Run(crew, text, Ledger(settings, tokens, position, report), bounds, probes, keeping)
        return run.to_its_end(watch.patience)


@dataclass(eq=False)
class _Run:
    """One training, epoch by epoch."""

    crew: Crew
    text: Divided
    ledger: Ledger
    bounds: Bounds
    probes: Probes | None
    keeping: Keeping | None

    def to_its_end(self, patience: int) -> Trained:
        """All epochs, or as many as the loss of held-out text falls in."""
        ledger, held_out = self.ledger, self.text.held_out
        if held_out:
            require_pairs(self.crew, held_out)
        if self.probes:
            self.probes.pass_over(ledger.progress)
        while ledger.epoch < ledger.epochs and not stalled(ledger.held_out, patience):
            self._epoch()
        self._look(last=True)
        if not any(ledger.pairs):
            raise InputError(
                "no word of the vocabulary has another within its window and sentence, so there is nothing to learn;"
                " put whole sentences or paragraphs on a line, or lower --min-count"
            )
        return self._trained(tokens_of(held_out, self._size) if held_out else 0)

    @property
    def _size(self) -> int:
        return self.crew.parameters.size

    def _epoch(self) -> None:
        """Take what is left of an epoch, and measure what was held out."""
        ledger, held_out = self.ledger, self.text.held_out
        chunks, pause = self.text.trained.chunks(self._size), self.keeping.due if self.keeping else never
        for done in self.crew.epoch(chunks, ledger.epoch, ledger.parts, pause):
            ledger.take(done)
            self.bounds.check(ledger.now.mean, ledger.epoch, done.rate)
            if done.parts:
                self._between_parts()
        self.crew.parameters.require_finite()
        ledger.end_epoch(mean_loss(self.crew, held_out) if held_out else None)
        self._between_parts()

    def _between_parts(self) -> None:
        """Judge the training, look at it, keep it."""
        ledger = self.ledger
        if ledger.part.pairs >= ENOUGH_PAIRS:
            self.bounds.check(ledger.part.mean, ledger.epoch, ledger.rate)
            ledger.part = Sum()
        self._look()
        if self.keeping and ledger.epoch < ledger.epochs:
            self.keeping.between_parts(self.crew.parameters, ledger.position)

    def _look(self, *, last: bool = False) -> None:
        """Look at the probes, if it is time or this is the end."""
        if self.probes:
            ledger = self.ledger
            epoch = min(ledger.epoch + 1, ledger.epochs)
            self.probes.look(self.crew.parameters.word_vectors, ledger.progress, epoch, ledger.tokens, last=last)

    def _trained(self, held_out_tokens: int) -> Trained:
        """What comes out."""
        ledger, tokens = self.ledger, self.crew.maker.tokens
        curves = tuple(ledger.losses), tuple(ledger.pairs), tuple(ledger.held_out)
        clock = ledger.seconds, ledger.words_per_s
        return Trained(self.crew.parameters, *curves, tokens, held_out_tokens, *clock, self.bounds.ignorance)
