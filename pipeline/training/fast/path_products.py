"""The products of hierarchical softmax: the paths of a group of targets meet the group's inputs at once.

A group's targets have Q places for the nodes of their paths, or of what is left of these below the tree's top (`top`),
and J inputs meet them: products of (Q x D) (D x J), stacked over groups of about equal Q. Of the Q x J scores those
count whose input has a target with the place's node.
"""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pipeline.training.batch import MAX_NODE_MOVE
from pipeline.training.drawn import Ids, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import MULTIPLIED, decide
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class Stack(NamedTuple):
    """Groups whose lists are given the same number of places, Q, and what of a step's arrays is theirs.

    Attributes:
        nodes: (G Q,) at the groups' places.
        rows: (G Q, D) theirs.
        rows_GQD: the same by groups, and so are those that follow.
    """

    nodes: Ids
    rows: Float32s
    rows_GQD: Float32s
    scores_GQJ: Float32s
    here_GJD: Float32s
    d_here_GJD: Float32s


class PathProducts:
    """The arrays of a step, of E places and of G groups with J inputs.

    Attributes:
        turned_EJ: the minus of an input's sign at a node, times what the pair counts, 0 where they do not meet; to be
            written before `score`.
        scores_EJ: then the residuals.
        rows_ED: the nodes' rows, then what pulls them.
        here_GJD: the groups' inputs.
        d_here_GJD: their negative gradients.
        stacks: of the step, in the order of the paths.
        used: which of the E places are not the step's padding.
    """

    def __init__(self, places: int, groups: tuple[int, int], dimensions: int) -> None:
        (G, J), E, D = groups, places, dimensions
        self.turned_EJ, self.scores_EJ, self.rows_ED = floats(E, J), floats(E, J), floats(E, D)
        self.here_GJD, self.d_here_GJD = floats(G, J, D), floats(G, J, D)
        self.stacks: list[Stack] = []
        self.decide: Callable[[Float32s, Float32s], float] = decide
        self.used = slice(0)

    def score(self, parameters: Parameters, paths: Paths, h_LRD: Float32s, inputs_GJ: Ids) -> Float64s:
        """Score the inputs, rows of h, with the paths of their targets; returns losses, (1,)."""
        h_LRD.reshape(-1, h_LRD.shape[2]).take(inputs_GJ, axis=0, out=self.here_GJD, mode="clip")
        self._stack(paths)
        for stack in self.stacks:
            parameters.contexts.take(stack.nodes, axis=0, out=stack.rows, mode="clip")
            np.matmul(stack.rows_GQD, stack.here_GJD.swapaxes(1, 2), out=stack.scores_GQJ)
        used = self.used.stop
        whole = slice(used + -used % MULTIPLIED)
        self.scores_EJ[used : whole.stop] = 0.0
        return np.array([self.decide(self.scores_EJ[whole].ravel(), self.turned_EJ[whole].ravel())])

    def multiply(self, paths: Paths) -> Pull:
        """Residuals times rows, both ways: what pulls the nodes takes the place of their rows."""
        for stack in self.stacks:
            np.matmul(stack.scores_GQJ.swapaxes(1, 2), stack.rows_GQD, out=stack.d_here_GJD)
            np.matmul(stack.scores_GQJ, stack.here_GJD, out=stack.rows_GQD)
        used = self.used
        return Pull("contexts", paths.nodes[used], paths.occurrences[used], self.rows_ED[used], most=MAX_NODE_MOVE)

    def _stack(self, paths: Paths) -> None:
        """Write `stacks` and `used`."""
        D, J, end = self.rows_ED.shape[1], self.scores_EJ.shape[1], 0
        self.stacks.clear()
        for (first, last), width in zip(pairwise(paths.cuts.tolist()), paths.widths.tolist(), strict=True):
            groups, place = last - first, end
            end += groups * width
            rows, scores = self.rows_ED[place:end], self.scores_EJ[place:end]
            stack = Stack(
                paths.nodes[place:end],
                rows,
                rows.reshape(groups, width, D),
                scores.reshape(groups, width, J),
                self.here_GJD[first:last],
                self.d_here_GJD[first:last],
            )
            self.stacks.append(stack)
        self.used = slice(end)
