"""The products of hierarchical softmax: the paths of a group of targets meet the group's inputs at once.

A group's targets have Q places for the nodes of their paths, or of what is left of these below the tree's top (`top`),
and J inputs meet them: products of (Q x D) (D x J), stacked over groups of about equal Q. Of the Q x J scores those
count whose input has a target with the place's node.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pipeline.training.batch import MAX_NODE_MOVE
from pipeline.training.drawn import Ids, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import MULTIPLIED, decide
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class PathProducts:
    """The arrays of a step, of E places and of G groups with J inputs.

    Attributes:
        turned_EJ: the minus of an input's sign at a node, 0 where it does not meet it; to be written before `score`.
        scores_EJ: then the residuals.
        rows_ED: the nodes' rows, then what pulls them.
        here_GJD: the groups' inputs.
        d_here_GJD: their negative gradients.
        used: which of the E places are not the step's padding.
    """

    def __init__(self, places: int, groups: tuple[int, int], dimensions: int) -> None:
        (G, J), E, D = groups, places, dimensions
        self.turned_EJ, self.scores_EJ, self.rows_ED = floats(E, J), floats(E, J), floats(E, D)
        self.here_GJD, self.d_here_GJD = floats(G, J, D), floats(G, J, D)
        self.used = slice(0)

    def score(self, parameters: Parameters, paths: Paths, h_LRD: Float32s, inputs_GJ: Ids) -> Float64s:
        """Score the inputs, rows of h, with the paths of their targets; returns losses, (1,)."""
        h_LRD.reshape(-1, h_LRD.shape[2]).take(inputs_GJ, axis=0, out=self.here_GJD, mode="clip")
        for groups, places in stacks(paths):
            rows, here = self.rows_ED[places], self.here_GJD[groups]
            parameters.contexts.take(paths.nodes[places], axis=0, out=rows, mode="clip")
            np.matmul(split(rows, here), here.swapaxes(1, 2), out=split(self.scores_EJ[places], here))
        self.used = slice(places.stop)
        whole = slice(places.stop + -places.stop % MULTIPLIED)
        self.scores_EJ[places.stop : whole.stop] = 0.0
        return np.array([decide(self.scores_EJ[whole].ravel(), self.turned_EJ[whole].ravel())])

    def multiply(self, paths: Paths) -> Pull:
        """Residuals times rows, both ways: what pulls the nodes takes the place of their rows."""
        for groups, places in stacks(paths):
            here, rows = self.here_GJD[groups], split(self.rows_ED[places], self.here_GJD[groups])
            residuals = split(self.scores_EJ[places], here)
            np.matmul(residuals.swapaxes(1, 2), rows, out=self.d_here_GJD[groups])
            np.matmul(residuals, here, out=rows)
        used = self.used
        return Pull("contexts", paths.nodes[used], paths.occurrences[used], self.rows_ED[used], most=MAX_NODE_MOVE)


def stacks(paths: Paths) -> Iterator[tuple[slice, slice]]:
    """The groups of each stack, in the order of the paths, and their places."""
    place = 0
    for (first, last), width in zip(pairwise(paths.cuts.tolist()), paths.widths.tolist(), strict=True):
        yield slice(first, last), slice(place, place := place + (last - first) * width)


def split(values: Float32s, groups: Float32s) -> Float32s:
    """(E, ...) as (groups, Q, ...)."""
    return values.reshape(len(groups), -1, values.shape[1])
