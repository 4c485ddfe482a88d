"""A scan: rough cosines of every row with several vectors, and how far they can be off.

V words, D dimensions, n vectors, R rows of a block, m rows of the sample.

Two scans keep this contract: in float32 with NumPy alone (here), in int8 with NumKong (int8_scan.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np

from service.nearest.units import ROWS_AT_ONCE, Doubles, Rows
from storage.embeddings import Floats

SAMPLED = 64  # every 64th row is in the sample: a 64th of the work, and thresholds that let few rows pass


def float_error(dimensions: int) -> float:
    """How far a float32 product can be from the float64 cosine: D products and sums, and the rounded unit vectors."""
    return (dimensions + 8) * float(np.finfo(np.float32).eps)


class Asked(ABC):
    """Several unit vectors, ready to be multiplied with all rows.

    Attributes:
        steps: (n,) what the scores of each vector are multiplied with to be cosines.
        widest: (n,) how far the cosine of any row can be from such a product.
        coarse: whether a float32 product would come nearer.
    """

    steps: Doubles
    widest: Doubles
    coarse: bool

    @abstractmethod
    def sample(self) -> Floats:
        """(n, m) scores of the rows 0, 64, 128, ..."""

    @abstractmethod
    def blocks(self) -> Iterator[tuple[int, Floats]]:
        """The first row of each block and its (n, R) scores; together the blocks are all V rows."""

    @abstractmethod
    def bounds(self, which: int, rows: Rows) -> Doubles:
        """How far the cosine of each of these rows with vector `which` can be off; at most `widest`."""


class FloatScan:
    """The scan in float32."""

    def __init__(self, unit: Floats) -> None:
        self._unit = unit

    def ask(self, vectors: Doubles) -> Asked:
        """Take (n, D) unit vectors."""
        return _FloatAsked(self._unit, vectors)


class _FloatAsked(Asked):
    coarse = False

    def __init__(self, unit: Floats, vectors: Doubles) -> None:
        self._unit = unit
        self._vectors = vectors.astype(np.float32)
        self.steps = np.ones(len(vectors))
        self.widest = np.full(len(vectors), float_error(unit.shape[1]))

    def sample(self) -> Floats:
        scores: Floats = self._vectors @ self._unit[::SAMPLED].T
        return scores

    def blocks(self) -> Iterator[tuple[int, Floats]]:
        for start in range(0, len(self._unit), ROWS_AT_ONCE):
            yield start, self._vectors @ self._unit[start : start + ROWS_AT_ONCE].T

    def bounds(self, which: int, rows: Rows) -> Doubles:
        return np.full(len(rows), self.widest[which])
