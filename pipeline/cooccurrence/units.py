"""Weights of 1 / distance as whole numbers, so that a sum is the same in whatever order it is taken.

A word at distance d counts 1 / d (Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation",
section 4.2). In floating point such a sum depends on its order, and so on the number of processes and on the memory
they may use. Here 1 is WHOLE units, a number that all of 1 to 22 divide: a weight is WHOLE / d units, exactly; beyond
distance 22 it is rounded, by less than a part in 400,000 up to distance 1,000. 64 bits hold 39 billion whole ones.
"""

import math

import numpy as np
from numpy.typing import NDArray

Int64s = NDArray[np.int64]

WHOLE = math.lcm(*range(1, 23))
"""Units of weight 1."""


def units(window: int) -> Int64s:
    """(window,) the weight of each distance from 1 on."""
    return np.rint(WHOLE / np.arange(1, window + 1)).astype(np.int64)
