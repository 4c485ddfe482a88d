"""What the reference trainer does to an occurrence of a row, in parts that are summed up first."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from pipeline.models.negative_sampling import Float64s
from pipeline.training.batch import MAX_MOVE, Batch, Floats, row_rates
from pipeline.training.parameters import Parameters


class Update(NamedTuple):
    """A part of the gradient of one occurrence of a row.

    Attributes:
        matrix: "vectors" or "contexts".
        row: of it.
        occurrence: which of the row's occurrences in the step.
        occurrences: how many there are.
        gradient: (D,).
        curvature: its part of the bound for `row_rates`.
        most: how far the row may move.
        inputs: J where up to J inputs pull the row together: then a bound of the gradient's length stands for it, as in
            `fast.hierarchical`; 0 for its own length.
    """

    matrix: str
    row: int
    occurrence: tuple[object, ...]
    occurrences: int
    gradient: Float64s
    curvature: float = 0.0
    most: float = MAX_MOVE
    inputs: int = 0


def of_token(batch: Batch, lane: int, place: int, gradient: Float64s) -> Update:
    """The update of the row of a token of a lane."""
    row, count = int(batch.tokens[lane, place]), int(batch.occurrences[lane, place])
    return Update("vectors", row, ("token", lane, place), count, gradient)


def apply(updates: Iterable[Update], parameters: Parameters, rate: float) -> None:
    """Move each occurrence's row at its own rate (`row_rates`)."""
    for whole in _summed(updates):
        target: Floats = getattr(parameters, whole.matrix)
        target[whole.row] -= _rate(rate, whole) * whole.gradient


def _summed(updates: Iterable[Update]) -> Iterator[Update]:
    """Each occurrence, from its parts."""
    parts = defaultdict[tuple[str, int, tuple[object, ...]], list[Update]](list)
    for update in updates:
        parts[update.matrix, update.row, update.occurrence].append(update)
    for found in parts.values():
        gradient: Float64s = np.sum([update.gradient for update in found], axis=0)
        yield found[0]._replace(gradient=gradient, curvature=sum(update.curvature for update in found))


def _rate(rate: float, update: Update) -> float:
    # |residual_1 h_1 + ... + residual_J h_J|^2 <= J (|h_1|^2 + ... + |h_J|^2), the curvature times 4
    longest = np.sqrt(4 * update.inputs * update.curvature) if update.inputs else np.linalg.norm(update.gradient)
    counts, lengths = np.array([update.occurrences], np.int32), np.array([longest])
    return float(row_rates(rate, counts, lengths, update.curvature, update.most)[0])
