"""The lower ends of the targets' paths, fast: the ends of a group of targets meet the inputs around it in one product.

A group's targets have Q places for the nodes of their ends, and J inputs meet them: products of (Q x D) (D x J),
stacked over groups of about equal Q. Of the Q x J scores those count whose input has the place's target. In CBOW a
group is one target with its one input (T = J = 1).
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pipeline.training.batch import MAX_NODE_MOVE, Batch, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import MULTIPLIED, decide
from pipeline.training.fast.groups import Groups, paths_of
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.order import half_of
from pipeline.training.parameters import Parameters


class Ends:
    """What both kinds of ends have in common: the arrays of a step."""

    def __init__(self, batch: Batch, dimensions: int, groups: Groups) -> None:
        (G, T, J), E, D = groups.near_GTJ.shape, len(paths_of(batch).nodes), dimensions
        self._groups = groups
        self._branches = np.zeros((2 * G * T + 1, J), np.float32)  # - sign: of code 0, then 1, for each target
        self.turned_EJ, self.scores_EJ = floats(E, J), floats(E, J)
        self.rows_ED, self.here_GJD = floats(E, D), floats(G, J, D)

    def forward(self, parameters: Parameters, batch: Batch, h_LRD: Float32s) -> Float64s:
        """Score the inputs with the ends of their targets; returns losses, (1,)."""
        paths = paths_of(batch)
        self.inputs_GJ = self._groups.rows_GJ.take(paths.order, axis=0)
        _rows(h_LRD).take(self.inputs_GJ, axis=0, out=self.here_GJD, mode="clip")
        for groups, places in _stacks(paths):
            rows, here = self.rows_ED[places], self.here_GJD[groups]
            parameters.contexts.take(paths.nodes[places], axis=0, out=rows, mode="clip")
            np.matmul(_split(rows, here), here.swapaxes(1, 2), out=_split(self.scores_EJ[places], here))
        self.used = places.stop
        return self._decide(paths)

    def _decide(self, paths: Paths) -> Float64s:
        """Turn scores into residuals."""
        (G, T, J), whole = self._groups.near_GTJ.shape, slice(self.used + -self.used % MULTIPLIED)
        branches = self._branches[:-1].reshape(G, T, 2, J)
        np.negative(self._groups.near_GTJ, out=branches[:, :, 0])
        branches[:, :, 1] = self._groups.near_GTJ
        turned, scores = self.turned_EJ[whole], self.scores_EJ[whole]
        self._branches.take(paths.rows[whole], axis=0, out=turned, mode="clip")
        scores[self.used :] = 0.0
        return decide(scores.reshape(1, -1), turned.reshape(1, -1))

    def backward(self, batch: Batch, d_h_LRD: Float32s, rate: float) -> Pull:
        """Add to the inputs' negative gradients; returns what pulls the nodes."""
        raise NotImplementedError


class SharedEnds(Ends):
    """Skip-gram: a group's targets share its inputs, and the inputs of a target draw each other (`order`)."""

    def __init__(self, batch: Batch, dimensions: int, groups: Groups) -> None:
        super().__init__(batch, dimensions, groups)
        (G, J, _), self.d_here_GJD = self.here_GJD.shape, floats(*self.here_GJD.shape)
        self._ones_GJ, self._others_JJ = np.ones((G, J), np.float32), 1.0 - np.eye(J, dtype=np.float32)

    def backward(self, batch: Batch, d_h_LRD: Float32s, rate: float) -> Pull:
        """Residuals times rows, both ways: what pulls the nodes takes the place of their rows."""
        paths, used = paths_of(batch), slice(self.used)
        # in other memory: of a matrix and itself NumPy makes a symmetric product, which takes longer when small
        halves_EJ = np.multiply(self.scores_EJ[used], np.float32(half_of(rate)), out=self.turned_EJ[used])
        for groups, places in _stacks(paths):
            here, rows = self.here_GJD[groups], _split(self.rows_ED[places], self.here_GJD[groups])
            residuals = _split(self.scores_EJ[places], here)
            np.matmul(residuals.swapaxes(1, 2), rows, out=self.d_here_GJD[groups])
            drawn = np.matmul(_split(halves_EJ[places], here).swapaxes(1, 2), residuals)
            drawn *= self._others_JJ
            self.d_here_GJD[groups] += drawn @ here
            np.matmul(residuals, here, out=rows)
        add_rows(_rows(d_h_LRD), self.inputs_GJ, self._ones_GJ, self.d_here_GJD)
        return Pull("contexts", paths.nodes[used], paths.occurrences[used], self.rows_ED[used], most=MAX_NODE_MOVE)


class OwnEnds(Ends):
    """CBOW: a group is one target with its own input, and a node's gradient is a residual times that (`Pull`)."""

    def backward(self, batch: Batch, d_h_LRD: Float32s, rate: float) -> Pull:  # noqa: ARG002 - a target has no others
        """Residuals times rows, row by row: products of such small matrices would take longer."""
        paths, residuals = paths_of(batch), self.scores_EJ[: self.used, 0]
        widths = np.repeat(paths.widths, np.diff(paths.cuts))
        add_rows(_rows(d_h_LRD), np.repeat(self.inputs_GJ[:, 0], widths), residuals, self.rows_ED[: self.used])
        starts = np.concatenate([[0], np.cumsum(widths)]).astype(np.int32)
        drawn = paths.nodes[: self.used], paths.occurrences[: self.used], self.here_GJD
        return Pull("contexts", *drawn, 0.0, residuals, starts, MAX_NODE_MOVE)


def _stacks(paths: Paths) -> Iterator[tuple[slice, slice]]:
    """The groups of each stack, in the order of the paths, and their places."""
    place = 0
    for (first, last), width in zip(pairwise(paths.cuts.tolist()), paths.widths.tolist(), strict=True):
        yield slice(first, last), slice(place, place := place + (last - first) * width)


def _split(values: Float32s, groups: Float32s) -> Float32s:
    """(E, ...) as (groups, Q, ...)."""
    return values.reshape(len(groups), -1, values.shape[1])


def _rows(lanes: Float32s) -> Float32s:
    return lanes.reshape(-1, lanes.shape[2])
