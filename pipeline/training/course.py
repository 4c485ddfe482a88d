"""`Course`: every part of every epoch of a training; between two parts it can be looked at, kept and left."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.training.batch import Floats
from pipeline.training.crew import Done, Pause, never
from pipeline.training.divergence import Bounds
from pipeline.training.held_out import stalled
from pipeline.training.keeping import Keeping
from pipeline.training.learned import Learned
from pipeline.training.ledger import Ledger, Sum
from pipeline.training.parameters import Parameters
from pipeline.training.probes import Probes
from storage.errors import InputError

ENOUGH_PAIRS = 1000
"""A mean of fewer pairs says too little about divergence by itself."""


class Passes(NamedTuple):
    """What is run over, epoch by epoch.

    Attributes:
        learned: what moves.
        take: an epoch, but for its first parts, with a question that is asked between parts.
        measure: the mean loss per pair of what is held out; None where nothing is.
    """

    learned: Learned
    take: Callable[[int, int, Pause], Iterator[Done]]
    measure: Callable[[], float] | None


@dataclass(frozen=True, eq=False)
class Trained:
    """What a training leaves.

    Attributes:
        parameters: both matrices.
        losses: for each epoch the mean loss per positive pair, in nats, each pair as much as it counts (`Batch.pairs`).
        pairs: for each epoch the number of positive pairs, each as much as it counts.
        held_out: for each epoch the mean loss per pair of held-out text after it; empty where none is held out.
        tokens: raw tokens of the vocabulary in a pass over the text that was trained on.
        held_out_tokens: the same of the text that was not.
        seconds: time in the training loop.
        words_per_s: raw tokens per second of this process.
        pairs_per_s: positive pairs per second of this process.
        ignorance: mean loss per pair of knowing nothing, in nats.
        biases: (V, 2) GloVe's, of each word and of it as a context; None of the other models.
    """

    parameters: Parameters
    losses: tuple[float, ...]
    pairs: tuple[float, ...]
    held_out: tuple[float, ...]
    tokens: int
    held_out_tokens: int
    seconds: float
    words_per_s: float
    pairs_per_s: float
    ignorance: float
    biases: Floats | None = None

    @classmethod
    def of(
        cls,
        parameters: Parameters,
        *,
        ledger: Ledger,
        bounds: Bounds,
        tokens: int,
        held_out_tokens: int,
        biases: Floats | None = None,
    ) -> "Trained":
        """What a course has left."""
        curves = tuple(ledger.losses), tuple(ledger.pairs), tuple(ledger.held_out)
        clock = ledger.seconds, ledger.words_per_s, ledger.pairs_per_s
        return cls(parameters, *curves, tokens, held_out_tokens, *clock, bounds.ignorance, biases)

    @property
    def largest_norm(self) -> float:
        """The longest word vector: the first to tell when bursts spoil a run."""
        vectors = self.parameters.word_vectors()
        return float(np.sqrt(np.einsum("vd,vd->v", vectors, vectors).max()))


@dataclass(eq=False)
class Course:
    """One training, epoch by epoch."""

    passes: Passes
    ledger: Ledger
    bounds: Bounds
    probes: Probes | None
    keeping: Keeping | None

    def to_its_end(self, patience: int) -> None:
        """All epochs, or as many as the loss of what is held out falls in.

        Raises:
            InputError: there was no pair; or a checkpoint cannot be written.
            Diverged: the loss or a parameter left what a training has.
            Interrupted: what was done is kept.
        """
        ledger = self.ledger
        if self.probes:
            self.probes.pass_over(ledger.progress)
        while ledger.epoch < ledger.epochs and not stalled(ledger.held_out, patience):
            self._epoch()
        self._look(last=True)
        if not any(ledger.pairs):
            raise nothing_to_learn()

    def _epoch(self) -> None:
        """Take what is left of an epoch, and measure what was held out."""
        ledger, passes = self.ledger, self.passes
        for done in passes.take(ledger.epoch, ledger.parts, self.keeping.due if self.keeping else never):
            ledger.take(done)
            self.bounds.check(ledger.now.mean, ledger.epoch, done.rate)
            if done.parts:
                self._between_parts()
        passes.learned.require_finite()
        ledger.end_epoch(passes.measure() if passes.measure else None)
        self._between_parts()

    def _between_parts(self) -> None:
        """Judge the training, look at it, keep it."""
        ledger = self.ledger
        if ledger.part.pairs >= ENOUGH_PAIRS:
            self.bounds.check(ledger.part.mean, ledger.epoch, ledger.rate)
            ledger.part = Sum()
        self._look()
        if self.keeping and ledger.epoch < ledger.epochs:
            self.keeping.between_parts(self.passes.learned, ledger.position)

    def _look(self, *, last: bool = False) -> None:
        """Look at the probes, if it is time or this is the end."""
        if self.probes:
            ledger = self.ledger
            epoch = min(ledger.epoch + 1, ledger.epochs)
            self.probes.look(self.passes.learned.word_vectors, ledger.progress, epoch, ledger.tokens, last=last)


def nothing_to_learn() -> InputError:
    """The complaint about a text without a pair."""
    return InputError(
        "no word of the vocabulary has another within its window and sentence, so there is nothing to learn;"
        " put whole sentences or paragraphs on a line, or lower --min-count"
    )
