"""What is to be found, and what was found.

V words, D dimensions, n answers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.nearest.units import Doubles, Rows
from storage.embeddings import Floats


@dataclass(frozen=True, eq=False)
class Wanted:
    """What is to be found.

    Attributes:
        vector: (D,) float64 of length 1.
        k: how many rows.
        banned: rows that are left out.
        allowed: (V,) bool, the rows among which is chosen; None for all.
        least: the smallest cosine that counts.
    """

    vector: Doubles
    k: int
    banned: Sequence[int] = ()
    allowed: NDArray[np.bool_] | None = None
    least: float = -1.0


@dataclass(frozen=True, eq=False)
class Found:
    """The k nearest rows, or all there are; ties by row, so k = 5 is a prefix of k = 50.

    Attributes:
        rows: (n,) rows, nearest first.
        scores: (n,) their cosines, exact in float64 for the float32 rows.
    """

    rows: Rows
    scores: Doubles


class Ranker(Protocol):
    """What ranks: `Index`, or something around it."""

    unit: Floats

    @property
    def second_looks(self) -> int:
        """How many questions so far had too many rows left after the scan."""

    def nearest(self, wanted: Sequence[Wanted]) -> list[Found]:
        """What each of them asks for; the answer to one does not depend on the others."""

    def cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines of n rows with a (D,) unit vector."""
