"""What the cross-check puts to the test."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models import cbow, fasttext, hierarchical_softmax, negative_sampling, skip_gram
from pipeline.models.huffman import HuffmanTree
from pipeline.models.negative_sampling import Float64s, Sigmoid
from pipeline.settings import TrainSettings
from pipeline.training import batches, sampling, schedule
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.stream import Stream

Counts = NDArray[np.int64]
Gradients = tuple[Float64s, Float64s]


class InputSide(NamedTuple):
    """From the rows of the input words to their joint vector, and from its gradient back to how the rows move.

    Attributes:
        forward: (p, D) rows to (D,).
        step: the (D,) gradient and p to what the learning rate multiplies, (p, D).
    """

    forward: Callable[[Float64s], Float64s]
    step: Callable[[Float64s, int], Float64s]


OutputSide = Callable[[Float64s, Float64s, Float64s, Float64s, Sigmoid], Gradients]
"""Input vector (D,), M output rows (M, D), their labels and weights (M,), sigmoid: gradients (D,) and (M, D)."""


@dataclass(frozen=True)
class Mathematics:
    """Firth's functions, as training uses them; a planted fault replaces one."""

    keep_probability: Callable[[Counts, float], Float64s] = sampling.keep_probability
    noise_distribution: Callable[[Counts, float], Float64s] = sampling.noise_distribution
    tree: Callable[[Counts], HuffmanTree] = HuffmanTree.of
    positives: Callable[[Stream, int], NDArray[np.bool_]] = batches.positives
    pieces: Callable[[Sequence[str], TrainSettings], Pieces | None] = Pieces.for_settings
    start: Callable[[int, int, int, Pieces | None], Parameters] = Parameters.start
    skip_gram_forward: Callable[[Float64s], Float64s] = skip_gram.forward
    skip_gram_gradient: Callable[[Float64s], Float64s] = skip_gram.gradient
    cbow_forward: Callable[[Float64s, bool], Float64s] = cbow.forward
    cbow_gradient: Callable[[Float64s, int, bool], Float64s] = cbow.gradient
    cbow_step_factor: Callable[[int, bool], float] = cbow.step_factor
    fasttext_forward: Callable[[Float64s, bool], Float64s] = fasttext.forward
    fasttext_gradient: Callable[[Float64s, int, bool], Float64s] = fasttext.gradient
    fasttext_step_factor: Callable[[int, bool], float] = fasttext.step_factor
    negative_gradient: OutputSide = negative_sampling.gradient
    path_gradient: Callable[[Float64s, Float64s, Float64s, Sigmoid], Gradients] = hierarchical_softmax.gradient
    learning_rate: Callable[[TrainSettings, float], float] = schedule.learning_rate

    def input_side(self, settings: TrainSettings) -> InputSide:
        """Skip-gram's or CBOW's, or fastText's of either."""
        if settings.model == "fasttext":
            return self._fasttext(settings.cbow_mean or settings.architecture == "skipgram")
        if settings.architecture == "skipgram":
            return InputSide(self.skip_gram_forward, lambda d_h, _: self.skip_gram_gradient(d_h))
        mean = settings.cbow_mean
        return InputSide(
            lambda rows: self.cbow_forward(rows, mean),
            lambda d_h, p: self.cbow_step_factor(p, mean) * self.cbow_gradient(d_h, p, mean),
        )

    def _fasttext(self, mean: bool) -> InputSide:
        return InputSide(
            lambda rows: self.fasttext_forward(rows, mean),
            lambda d_h, p: self.fasttext_step_factor(p, mean) * self.fasttext_gradient(d_h, p, mean),
        )

    def output_side(self, settings: TrainSettings) -> OutputSide:
        """That of negative sampling, or that of hierarchical softmax, where a node's label is 1 - its code."""
        if settings.loss == "ns":
            return self.negative_gradient
        return lambda h, u, labels, _, sigmoid: self.path_gradient(h, u, 1.0 - labels, sigmoid)
