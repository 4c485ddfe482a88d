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
    rates = row_rates(rate, pull.occurrences, lengths_of(pull), pull.curvatures)
    add_rows(getattr(parameters, pull.matrix), pull.ids, rates, pull.pulls)


def lengths_of(pull: Pull) -> Float32s:
    """The Euclidean length of each gradient, of the shape of the ids."""
    lengths: Float32s = np.vecdot(pull.pulls, pull.pulls)
    return np.sqrt(lengths, out=lengths)


def apply_share(pull: Pull, lengths: Float32s, parameters: Parameters, rate: float, share: tuple[int, int]) -> None:
    """The same for those rows only whose number is share[0] modulo share[1], from `lengths_of` that are known."""
    mine = pull.ids.ravel() % share[1] == share[0]
    rates = row_rates(rate, pull.occurrences, lengths, pull.curvatures)
    add_rows(getattr(parameters, pull.matrix), pull.ids, rates, pull.pulls, mine)
