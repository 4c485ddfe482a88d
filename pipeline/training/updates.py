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
    """

    matrix: str
    row: int
    occurrence: tuple[object, ...]
    occurrences: int
    gradient: Float64s
    curvature: float = 0.0
    most: float = MAX_MOVE


def of_token(batch: Batch, lane: int, place: int, gradient: Float64s) -> Update:
    """The update of the row of a token of a lane."""
    row, count = int(batch.tokens[lane, place]), int(batch.occurrences[lane, place])
    return Update("vectors", row, ("token", lane, place), count, gradient)


def apply(updates: Iterable[Update], parameters: Parameters, rate: float) -> None:
    """Move each occurrence's row at its own rate (`row_rates`)."""
    for matrix, row, gradient, count, *bounds in _summed(updates):
        target: Floats = getattr(parameters, matrix)
        target[row] -= _rate(rate, count, gradient, *bounds) * gradient


def _summed(updates: Iterable[Update]) -> Iterator[tuple[str, int, Float64s, int, float, float]]:
    """Matrix, row, gradient, count, curvature and bound of each occurrence, from its parts."""
    parts = defaultdict[tuple[str, int, tuple[object, ...]], list[Update]](list)
    for update in updates:
        parts[update.matrix, update.row, update.occurrence].append(update)
    for (matrix, row, _), found in parts.items():
        gradient = np.sum([update.gradient for update in found], axis=0)
        yield matrix, row, gradient, found[0].occurrences, sum(update.curvature for update in found), found[0].most


def _rate(rate: float, count: int, gradient: Float64s, curvature: float, most: float) -> float:
    lengths = np.array([np.linalg.norm(gradient)])
    return float(row_rates(rate, np.array([count], np.int32), lengths, curvature, most)[0])
