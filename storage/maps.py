"""`Map`: where words stand on a plane, and in which cluster; made when a model is stored, drawn by the page."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats
from storage.errors import InputError


@dataclass(frozen=True, eq=False)
class Map:
    """n words of a model on a plane.

    Attributes:
        rows: (n,) int64, the words' rows in the model's matrix, ascending.
        points: (n, 2) float32, x and y of each.
        clusters: (n,) int64, the number of each one's cluster.

    Raises:
        InputError: no word, shapes or types that do not fit, rows that do not ascend, or a number that is not finite.
    """

    rows: NDArray[np.int64]
    points: Floats
    clusters: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse what could not be drawn."""
        shapes, n = (self.rows.shape, self.points.shape, self.clusters.shape), len(self.rows)
        if shapes != ((n,), (n, 2), (n,)) or n == 0:
            raise InputError("a map's rows {}, points {} and clusters {} do not fit together".format(*shapes))
        types = tuple(array.dtype.name for array in (self.rows, self.points, self.clusters))
        if types != ("int64", "float32", "int64"):
            raise InputError("a map's rows are {}, points {} and clusters {}, not int64, float32, int64".format(*types))
        if self.rows[0] < 0 or (np.diff(self.rows) <= 0).any():
            raise InputError("a map's rows do not ascend from 0 on")
        if not np.isfinite(self.points).all():
            raise InputError("a map holds a number that is not finite")

    def __len__(self) -> int:
        return len(self.rows)
