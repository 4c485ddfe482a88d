"""Who meets whom where the text is cut into runs of C tokens, and how much a pair counts (`StepShape`).

With negative sampling runs are those of inputs: each meets the run's others and one token on either side of the run. A
pair at distance d is met with probability (C + 1 - d) / C, as with windows drawn from 1 to C.

With hierarchical softmax runs are those of targets. Each is met by the run's others and, as far as the window reaches,
by three tokens beside the run, two of them on the right of every other run and on the left of the runs between. So
pairs are met more often than with drawn windows, and each counts the less: (C + 1 - d) / C is still what it is expected
to count, but less is left to chance, and the vectors are better for it. With C = 5 a run meets eight inputs, and a
product of eights is fast.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.training.batch import Bools

BESIDE = 3
"""Tokens beside a run of targets that meet it."""


def runs_of_inputs(run: int) -> Bools:
    """(2C + 1, C) whether the neighbor at each place, as a target, is met by the t-th token of a run, as an input."""
    _, neighbor = _places(run, 1)
    met: Bools = (neighbor >= -1) & (neighbor <= run)
    return met


def runs_of_targets(run: int) -> Bools:
    """(2C + 1, 2C) the same, where runs are the targets', for the tokens of two runs of which the second reaches left.

    The neighbor may lie in the runs beside these two.
    """
    own, neighbor = _places(run, 2)
    number = neighbor // run
    begin, left = number * run, 1 + number % 2
    met: Bools = (own >= begin - left) & (own < begin - left + run + BESIDE)
    return met


def weights_of_targets(run: int) -> NDArray[np.float32]:
    """(2C + 1,) how much a pair counts, by the neighbor's place: its probability with drawn windows over that here."""
    distances = np.abs(np.arange(-run, run + 1))
    met = runs_of_targets(run).mean(axis=1)
    met[run] = np.inf  # the token itself
    weights: NDArray[np.float32] = ((run + 1 - distances) / run / met).astype(np.float32)
    return weights


def _places(run: int, runs: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The tokens of some runs, (C runs,), and their neighbors, (2C + 1, C runs), counted from the first one's begin."""
    own = np.arange(run * runs)
    return own, own + np.arange(-run, run + 1)[:, None]
