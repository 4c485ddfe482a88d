"""How many words are at least so near: one pass in float32, and float64 for those that it cannot decide."""

import numpy as np

from service.engine.space import Space
from service.nearest import Wanted
from service.nearest.scan import float_error


def count_above(space: Space, wanted: Wanted) -> int:
    """How many of the wanted rows have a cosine of `wanted.least` or more, however many are wanted."""
    rough = space.index.unit @ wanted.vector.astype(np.float32)  # (V,)
    counted = np.ones(len(rough), bool) if wanted.allowed is None else wanted.allowed.copy()
    counted[list(wanted.banned)] = False
    off = float_error(space.index.unit.shape[1])
    sure = rough > wanted.least + off
    doubtful = np.flatnonzero(counted & ~sure & (rough >= wanted.least - off))  # (n,)
    exact = space.index.cosines(doubtful, wanted.vector)
    return int(np.count_nonzero(counted & sure)) + int(np.count_nonzero(exact >= wanted.least))
