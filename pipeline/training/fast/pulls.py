"""What a step does to the parameters: rows to pull, and how far each may go."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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
    matrix: NDArray[np.float32] = getattr(parameters, pull.matrix)
    lengths = np.sqrt(np.einsum("...d,...d->...", pull.pulls, pull.pulls))
    add_rows(matrix, pull.ids, row_rates(rate, pull.occurrences, lengths, pull.curvatures), pull.pulls)
