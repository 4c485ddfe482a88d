"""What a step does to the parameters: rows to pull, and how far each may go."""

from typing import NamedTuple

import numpy as np

from pipeline.training.batch import MAX_MOVE, row_rates
from pipeline.training.drawn import Ids
from pipeline.training.fast.blocks import Float32s
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters


class Pull(NamedTuple):
    """Negative gradients of rows of one matrix; a row may come many times.

    A gradient is a row of `pulls`; or, where there are `starts`, several ids share one.

    Attributes:
        matrix: "vectors" or "contexts".
        ids: rows of it, of any shape.
        occurrences: how often each row stands among the step's, same shape.
        pulls: (*shape, D) the negative gradient of each; or (..., D) what they share.
        curvatures: as in `row_rates`.
        starts: (shared rows + 1,) the k-th is shared by ids starts[k] to starts[k + 1].
        most: how far a row may move.
        lengths: of the shape of the ids, at least as long as each gradient; None to have them measured.
    """

    matrix: str
    ids: Ids
    occurrences: Ids
    pulls: Float32s
    curvatures: Float32s | float = 0.0
    starts: Ids | None = None
    most: float = MAX_MOVE
    lengths: Float32s | None = None


def apply(pull: Pull, parameters: Parameters, rate: float) -> None:
    """Take each occurrence's step at its own rate."""
    lengths = _measured(pull) if pull.lengths is None else pull.lengths
    rates = row_rates(rate, pull.occurrences, lengths, pull.curvatures, pull.most)
    add_rows(getattr(parameters, pull.matrix), pull.ids, rates, pull.pulls, starts=pull.starts)


def _measured(pull: Pull) -> Float32s:
    """How long each gradient is."""
    lengths: Float32s = np.vecdot(pull.pulls, pull.pulls)
    np.sqrt(lengths, out=lengths)
    if pull.starts is not None:
        lengths = np.repeat(lengths, np.diff(pull.starts)).reshape(pull.ids.shape)
    return lengths
