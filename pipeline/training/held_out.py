"""Held-out text: sentences that are not trained on, whose loss tells what was learned and not learned by heart."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.text.chunk import Chunk
from pipeline.training.batch import Batch
from pipeline.training.crew import Crew
from storage.errors import InputError

HELD_OUT = 2**32 - 1
"""Stands for the epoch in the keys of held-out text's draws: the same each time, and those of no epoch."""

ROUNDING = 1e-6
"""So that 49 times the number next to 1 / 49 counts as 1."""


class Text(Protocol):
    """What is trained on: a `TokenCorpus`, or the part of one that the cross-check holds in memory."""

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of the `size_v` most frequent words, in order, chunk by chunk."""


@dataclass(frozen=True, eq=False)
class Side:
    """The sentences of a text that are held out, or those that are not.

    Attributes:
        text: all of it.
        share: of the sentences that are held out.
        held: which side this is.
    """

    text: Text
    share: float
    held: bool

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of this side's sentences, in order, chunk by chunk."""
        known = 0
        for chunk in self.text.chunks(size_v):
            mine = held_out(chunk.sentence, self.share) == self.held  # (n,)
            yield Chunk(chunk.ids[mine], chunk.sentence[mine], known)
            known += int(np.count_nonzero(mine))


def held_out(sentence: NDArray[np.int64], share: float) -> NDArray[np.bool_]:
    """Which of the sentences with these numbers are held out, evenly spread: every n-th one for a share of 1 / n."""
    before, behind = np.floor(sentence * share + ROUNDING), np.floor((sentence + 1) * share + ROUNDING)
    found: NDArray[np.bool_] = behind > before
    return found


@dataclass(frozen=True, eq=False)
class Divided:
    """A text with its two sides; `held_out` is None where all of it is trained on."""

    trained: Text
    held_out: Text | None


def divide(text: Text, size_v: int, share: float) -> Divided:
    """Hold a share of a text's sentences out; nothing where it is 0.

    Raises:
        InputError: one side has no token.
    """
    if not share:
        return Divided(text, None)
    divided = Divided(Side(text, share, False), Side(text, share, True))
    for side, what in ((divided.trained, "to train on"), (divided.held_out, "held out")):
        if side and not tokens_of(side, size_v):
            raise InputError(f"no sentence is left {what}: the text has too few lines for --held-out {share}")
    return divided


def tokens_of(text: Text, size_v: int) -> int:
    """How many tokens of the vocabulary a pass over a text has."""
    return sum(len(chunk.ids) for chunk in text.chunks(size_v))


def require_pairs(crew: Crew, text: Text) -> None:
    """Look before the training whether its loss can be measured.

    Raises:
        InputError: held-out text has no pair.
    """
    if not any(batch.pairs for batch in _batches(crew, text)):
        raise InputError("the sentences held out hold no pair of words to measure a loss by; raise --held-out")


def mean_loss(crew: Crew, text: Text) -> float:
    """Mean loss per pair, in nats: subsampled, with windows and noise drawn as in training, the same each time."""
    loss = pairs = 0.0
    for batch in _batches(crew, text):
        loss += crew.loss(batch)
        pairs += batch.pairs
    return loss / pairs


def _batches(crew: Crew, text: Text) -> Iterator[Batch]:
    return crew.maker.epoch(text.chunks(crew.parameters.size), HELD_OUT)


def stalled(losses: list[float], patience: int) -> bool:
    """Whether the losses of held-out text have not fallen below their least for `patience` epochs; never for 0."""
    return patience > 0 and len(losses) > patience and min(losses[-patience:]) >= min(losses[:-patience])
