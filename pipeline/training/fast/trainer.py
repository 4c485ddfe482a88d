"""The fast trainer: an input side and an output side in float32 matrix products, composed to the reference's step.

    input.forward        rows of `vectors` -> h, an input vector for each center
    output.forward       h against rows of `contexts` -> residuals and the loss
    output.backward      residuals -> d_h, and pulls on rows of `contexts`
    input.backward       d_h -> pulls on rows of `vectors`
    apply                each occurrence of a row at its own learning rate (`row_rates`)

Only the last goes row by row. The arrays of both sides are made once for each shape of batch.
"""

import math
from typing import Protocol

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s
from pipeline.training.fast.cbow import CbowInput
from pipeline.training.fast.hierarchical import OwnHierarchical, SharedHierarchical
from pipeline.training.fast.negative import OwnNegative, SharedNegative
from pipeline.training.fast.pulls import Pull, apply
from pipeline.training.fast.rows import OwnRows, PieceRows, Rows
from pipeline.training.fast.skip_gram import SkipGramInput
from pipeline.training.fast.softmax import SoftmaxOutput
from pipeline.training.fast.top import Top
from pipeline.training.objective import Objective
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces

SHAPES_KEPT = 16
"""Only hierarchical softmax has batches of more than one shape: their longest list of nodes differs."""


class InputSide(Protocol):
    """From rows of `vectors` to input vectors, and back."""

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors."""

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """What pulls the rows, from the negative gradient of the input vectors, (L, N, D)."""


class OutputSide(Protocol):
    """From input vectors to the loss, and back."""

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Losses that add up to the batch's, in nats."""

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:
        """The negative gradient of the input vectors, (L, N, D), and what pulls the rows of `contexts`.

        In every fourth step of skip-gram with hierarchical softmax, that gradient includes what the order of the pairs
        adds at this learning rate (`order`).
        """


class FastTrainer:
    """Steps on float32 parameters."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        shared = objective.architecture == "skipgram"
        self._top = Top.of(objective.tree) if objective.tree and shared else None
        self._made: dict[tuple[int, ...], tuple[InputSide, OutputSide]] = {}
        self._sides: tuple[InputSide, OutputSide] | None = None
        self._pieces: Pieces | None = None
        self._rows: Rows = OwnRows()

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move `parameters` by one step of learning rate `rate`; return the batch's summed loss before it, in nats.

        A loss that is not finite is returned without moving anything.
        """
        loss = self.loss(parameters, batch)
        if np.isfinite(loss):
            for pull in self.pulls(batch, rate):
                apply(pull, parameters, rate)
        return loss

    def loss(self, parameters: Parameters, batch: Batch) -> float:
        """The batch's summed loss, in nats; moves nothing."""
        inputs, outputs = self._sides = self._sides_for(parameters, batch)
        return math.fsum(outputs.forward(parameters, batch, inputs.forward(parameters, batch)))

    def pulls(self, batch: Batch, rate: float) -> list[Pull]:
        """What the batch, whose loss was just computed, would do to the parameters at a learning rate; once."""
        if self._sides is None:
            raise ValueError("pulls are those of the batch whose loss was just computed, and can be had once")
        (inputs, outputs), self._sides = self._sides, None
        d_h, pulls = outputs.backward(batch, rate)
        return [*inputs.backward(batch, d_h), *pulls]

    def _sides_for(self, parameters: Parameters, batch: Batch) -> tuple[InputSide, OutputSide]:
        if parameters.pieces is not self._pieces:  # other words
            self._made.clear()
            self._pieces = parameters.pieces
            self._rows = self._new_rows(parameters)
        words = len(parameters.contexts) if self.objective.loss == "softmax" else 0  # elsewhere no array is so long
        sizes = (*batch.sizes, words, parameters.vectors.shape[1])
        if sizes not in self._made:
            if len(self._made) == SHAPES_KEPT:
                self._made.clear()
            self._made[sizes] = self._new_sides(parameters, batch)
        return self._made[sizes]

    def _new_rows(self, parameters: Parameters) -> Rows:
        if parameters.pieces:
            mean = self.objective.mean or self.objective.architecture == "skipgram"
            return PieceRows(parameters.pieces, parameters.vectors.shape[1], mean)
        return OwnRows()

    def _new_sides(self, parameters: Parameters, batch: Batch) -> tuple[InputSide, OutputSide]:
        dimensions, own = parameters.vectors.shape[1], self.objective.architecture == "cbow"
        inputs: InputSide = (
            CbowInput(batch, dimensions, self.objective.mean, self._rows)
            if own
            else SkipGramInput(batch, dimensions, self._rows)
        )
        if self._top:
            return inputs, SharedHierarchical(batch, dimensions, self._top)
        if self.objective.tree:
            return inputs, OwnHierarchical(batch, dimensions)
        if self.objective.loss == "softmax":
            return inputs, SoftmaxOutput(batch, parameters)
        return inputs, (OwnNegative if own else SharedNegative)(batch, dimensions)
