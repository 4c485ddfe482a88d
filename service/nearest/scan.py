"""A scan: rough cosines of every row with several vectors, and how far they can be off.

V words, D dimensions, n vectors, R rows of a block, m rows of the sample.

Two scans keep this contract: in float32 with NumPy alone (here), in int8 with NumKong (int8_scan.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.nearest.units import Doubles, Rows
from storage.embeddings import Floats

SAMPLED = 64  # every 64th row is in the sample: a 64th of the work, and what it reaches few rows reach
BLOCK = 16384  # rows of a block: the scores of 64 vectors with them stay in the processor's cache
Scores = NDArray[Any]


def float_error(dimensions: int) -> float:
    """How far a float32 product can be from the float64 cosine: D products and sums, and the rounded unit vectors."""
    return (dimensions + 8) * float(np.finfo(np.float32).eps)


class Look(ABC):
    """One way to score all rows against n vectors.

    A score times the vector's step is the rough cosine; the cosine is at most by a bound above it.

    Attributes:
        steps: (n,) the steps.
        last: whether no closer look follows.
    """

    steps: Doubles
    last: bool

    @abstractmethod
    def sample(self, which: Rows) -> Scores:
        """(n, m) scores of the rows 0, 64, 128, ... for some of the vectors."""

    @abstractmethod
    def block(self, number: int, which: Rows) -> Scores:
        """(n, R) scores of one block of rows for some of the vectors."""

    @abstractmethod
    def bounds(self, which: int, rows: Rows) -> Doubles:
        """The bounds of these rows with one vector."""

    @abstractmethod
    def thresholds(self, which: Rows, cosines: Doubles) -> Scores:
        """(n,) for some of the vectors, a score below which no row's cosine is as large as this one of n."""


class Scan(ABC):
    """What is prepared once for a matrix."""

    @abstractmethod
    def looks(self, vectors: Doubles) -> Iterator[Look]:
        """The ways to score all rows against (n, D) unit vectors: the cheapest first, the closest last."""


class FloatScan(Scan):
    """The scan in float32."""

    def __init__(self, unit: Floats) -> None:
        self._unit = unit

    def looks(self, vectors: Doubles) -> Iterator[Look]:
        """A single one."""
        yield _FloatLook(self._unit, vectors.astype(np.float32))


class _FloatLook(Look):
    last = True

    def __init__(self, unit: Floats, vectors: Floats) -> None:
        self._unit = unit
        self._vectors = vectors
        self._errors = np.full(len(vectors), float_error(unit.shape[1]))
        self.steps = np.ones(len(vectors))

    def sample(self, which: Rows) -> Scores:
        scores: Scores = self._vectors[which] @ self._unit[::SAMPLED].T
        return scores

    def block(self, number: int, which: Rows) -> Scores:
        scores: Scores = self._vectors[which] @ self._unit[number * BLOCK : (number + 1) * BLOCK].T
        return scores

    def bounds(self, which: int, rows: Rows) -> Doubles:
        return np.full(len(rows), self._errors[which])

    def thresholds(self, which: Rows, cosines: Doubles) -> Scores:
        thresholds: Scores = (cosines - self._errors[which]).astype(np.float32)
        return thresholds
