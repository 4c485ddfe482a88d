"""What a step does to the parameters: rows to pull, and how far each may go."""

from typing import NamedTuple

import numpy as np

from pipeline.training.batch import Ids, row_rates
from pipeline.training.fast.blocks import Float32s
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters


class Pull(NamedTuple):
    """Negative gradients of rows of one matrix; a row may come many times.

    Where `starts` is given, a gradient is a factor times an input vector, which several rows share: input k of a lane
    is that of the lane's ids starts[k] to starts[k + 1], or to the lane's last.

    Attributes:
        matrix: "vectors" or "contexts".
        ids: rows of it, of any shape.
        occurrences: how often each row stands among the step's, same shape.
        pulls: (*shape, D) the negative gradient of each; or (L, N, D) the inputs.
        curvatures: as in `row_rates`.
        factors: of the shape of the ids.
        starts: (L, N) where each input's ids begin; starts[:, 0] is 0.
    """

    matrix: str
    ids: Ids
    occurrences: Ids
    pulls: Float32s
    curvatures: Float32s | float = 0.0
    factors: Float32s | None = None
    starts: Ids | None = None


def apply(pull: Pull, parameters: Parameters, rate: float) -> None:
    """Take each occurrence's step at its own rate."""
    matrix, rates = (
        getattr(parameters, pull.matrix),
        row_rates(rate, pull.occurrences, lengths_of(pull), pull.curvatures),
    )
    if pull.factors is None or pull.starts is None:
        add_rows(matrix, pull.ids, rates, pull.pulls)
    else:
        rates *= pull.factors
        add_rows(matrix, pull.ids, rates, pull.pulls, starts=_starts_of(pull))


def lengths_of(pull: Pull) -> Float32s:
    """The Euclidean length of each gradient, of the shape of the ids."""
    lengths: Float32s = np.vecdot(pull.pulls, pull.pulls)
    np.sqrt(lengths, out=lengths)
    if pull.factors is None or pull.starts is None:
        return lengths
    shared: Float32s = np.repeat(lengths, np.diff(_starts_of(pull))).reshape(pull.ids.shape)
    shared *= np.abs(pull.factors)
    return shared


def _starts_of(pull: Pull) -> Ids:
    """(L N + 1,) where each input's ids begin among those of all lanes."""
    lanes, entries = pull.ids.shape
    starts = pull.starts + np.arange(lanes)[:, None] * entries
    return np.append(starts, lanes * entries).astype(np.int32)
