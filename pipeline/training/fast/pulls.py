"""What a step does to the parameters: rows to pull, and how far each may go."""

from typing import NamedTuple

import numpy as np

from pipeline.training.batch import Ids, row_rates
from pipeline.training.fast.blocks import Float32s
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters


class Pull(NamedTuple):
    """Negative gradients of rows of one matrix; a row may come many times.

    Attributes:
        matrix: "vectors" or "contexts".
        ids: rows of it, of any shape.
        occurrences: how often each row stands among the step's, same shape.
        pulls: (*shape, D) the negative gradient of each.
        curvatures: as in `row_rates`.
    """

    matrix: str
    ids: Ids
    occurrences: Ids
    pulls: Float32s
    curvatures: Float32s | float = 0.0


def apply(pull: Pull, parameters: Parameters, rate: float) -> None:
    """Take each occurrence's step at its own rate."""
    lengths: Float32s = np.vecdot(pull.pulls, pull.pulls)
    rates = row_rates(rate, pull.occurrences, np.sqrt(lengths, out=lengths), pull.curvatures)
    add_rows(getattr(parameters, pull.matrix), pull.ids, rates, pull.pulls)
