"""The targets' paths, fast: those of a group of targets meet the group's inputs in one product.

A group's targets have Q places for the nodes of their paths, or of what is left of these below the tree's top (`top`),
and J inputs meet them: products of (Q x D) (D x J), stacked over groups of about equal Q. Of the Q x J scores those
count whose input has a target with the place's node.
"""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from pipeline.training.batch import MAX_NODE_MOVE, Batch, Ids, LeafPaths, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import MULTIPLIED, STEEPEST, decide
from pipeline.training.fast.groups import Groups, text_paths
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.order import share_of
from pipeline.training.parameters import Parameters


class Ends:
    """What both kinds of ends have in common: the arrays of a step, of E places and of G groups with J inputs."""

    def __init__(self, places: int, groups: tuple[int, int], dimensions: int) -> None:
        (G, J), E, D = groups, places, dimensions
        self.turned_EJ, self.scores_EJ, self.rows_ED = floats(E, J), floats(E, J), floats(E, D)
        self.here_GJD, self.d_here_GJD = floats(G, J, D), floats(G, J, D)
        self._ones_GJ = np.ones((G, J), np.float32)

    def score(self, parameters: Parameters, paths: Paths, h_LRD: Float32s, inputs_GJ: Ids) -> Float64s:
        """Score the inputs, rows of h, with the ends of their targets, for `turned_EJ`; returns losses, (1,)."""
        self.inputs_GJ = inputs_GJ
        _rows(h_LRD).take(inputs_GJ, axis=0, out=self.here_GJD, mode="clip")
        for groups, places in _stacks(paths):
            rows, here = self.rows_ED[places], self.here_GJD[groups]
            parameters.contexts.take(paths.nodes[places], axis=0, out=rows, mode="clip")
            np.matmul(_split(rows, here), here.swapaxes(1, 2), out=_split(self.scores_EJ[places], here))
        self.used = slice(places.stop)
        whole = slice(places.stop + -places.stop % MULTIPLIED)
        self.scores_EJ[places.stop : whole.stop] = 0.0
        return decide(self.scores_EJ[whole].reshape(1, -1), self.turned_EJ[whole].reshape(1, -1))

    def multiply(self, paths: Paths) -> Pull:
        """Residuals times rows, both ways: what pulls the nodes takes the place of their rows."""
        for groups, places in _stacks(paths):
            here, rows = self.here_GJD[groups], _split(self.rows_ED[places], self.here_GJD[groups])
            residuals = _split(self.scores_EJ[places], here)
            np.matmul(residuals.swapaxes(1, 2), rows, out=self.d_here_GJD[groups])
            np.matmul(residuals, here, out=rows)
        used = self.used
        return Pull("contexts", paths.nodes[used], paths.occurrences[used], self.rows_ED[used], most=MAX_NODE_MOVE)

    def spread(self, d_h_LRD: Float32s) -> None:
        """Add the groups' negative gradients to those of the inputs."""
        add_rows(_rows(d_h_LRD), self.inputs_GJ, self._ones_GJ, self.d_here_GJD)


class TextEnds(Ends):
    """Skip-gram: a group's targets share its inputs, and the inputs of a target draw each other (`order`)."""

    def __init__(self, batch: Batch, dimensions: int, groups: Groups) -> None:
        G, T, J = groups.near_GTJ.shape
        super().__init__(len(text_paths(batch).nodes), (G, J), dimensions)
        self._groups = groups
        self._branches = np.zeros((2 * G * T + 1, J), np.float32)  # - sign: of code 0, then 1, for each target
        self._drawn_GJJ, self._others_JJ = floats(G, J, J), 1.0 - np.eye(J, dtype=np.float32)

    def forward(self, parameters: Parameters, batch: Batch, h_LRD: Float32s) -> Float64s:
        """Score the inputs with the ends of their targets; returns losses, (1,)."""
        (G, T, J), paths = self._groups.near_GTJ.shape, text_paths(batch)
        branches = self._branches[:-1].reshape(G, T, 2, J)
        np.negative(self._groups.near_GTJ, out=branches[:, :, 0])
        branches[:, :, 1] = self._groups.near_GTJ
        self._branches.take(paths.rows, axis=0, out=self.turned_EJ, mode="clip")
        return self.score(parameters, paths, h_LRD, self._groups.rows_GJ.take(paths.order, axis=0))

    def backward(self, batch: Batch, d_h_LRD: Float32s, rate: float) -> Pull:
        """Add to the inputs' negative gradients; returns what pulls the nodes."""
        pull = self.multiply(text_paths(batch))
        if share := share_of(batch, rate):
            self._draw(text_paths(batch), share)
        self.spread(d_h_LRD)
        return pull

    def _draw(self, paths: Paths, share: float) -> None:
        """Draw the inputs of a target together."""
        # in other memory: of a matrix and itself NumPy makes a symmetric product, which takes longer when small
        copies = self.turned_EJ
        copies[self.used] = self.scores_EJ[self.used]
        for groups, places in _stacks(paths):
            here = self.here_GJD[groups]
            residuals, same = (_split(values[places], here) for values in (self.scores_EJ, copies))
            np.matmul(residuals.swapaxes(1, 2), same, out=self._drawn_GJJ[groups])
        self._drawn_GJJ *= self._others_JJ * np.float32(share)
        self.d_here_GJD += self._drawn_GJJ @ self.here_GJD


class LeafEnds(Ends):
    """CBOW: an input has one target and is in that one's group, which has the targets' whole paths.

    The upper nodes are met by nearly every input of a step, so what pulls a node comes with its curvature.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        paths = leaf_paths(batch)
        super().__init__(len(paths.nodes), paths.inputs.shape, dimensions)
        self.d_h_LND = floats(*batch.centers.shape, dimensions)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score the inputs with the paths of their targets; returns losses, (1,)."""
        paths, present = leaf_paths(batch), batch.targets.present
        self.turned_EJ[...] = paths.turned
        if not present.all():
            of_groups = present.ravel().take(paths.inputs, mode="clip")
            widths = np.repeat(paths.widths, np.diff(paths.cuts))
            self.turned_EJ[: widths.sum()] *= np.repeat(of_groups, widths, axis=0)
        return self.score(parameters, paths, h_LND, paths.inputs)

    def backward(self, batch: Batch) -> tuple[Float32s, Pull]:
        """(L, N, D) negative gradients of the inputs, and what pulls the nodes."""
        paths = leaf_paths(batch)
        pull = self.multiply(paths)
        self.d_here_GJD.reshape(-1, self.d_h_LND.shape[2]).take(
            paths.found.reshape(self.d_h_LND.shape[:2]), axis=0, out=self.d_h_LND, mode="clip"
        )
        squares = self._squares(paths)
        # no residual is larger than 1, so by the inequality of Cauchy and Schwarz no sum of J of them times h is longer
        lengths = np.sqrt(squares * np.float32(self.turned_EJ.shape[1]))
        return self.d_h_LND, pull._replace(curvatures=squares * np.float32(STEEPEST), lengths=lengths)

    def _squares(self, paths: Paths) -> Float32s:
        """(E,) sums of the squares of the inputs that met each node."""
        met_EJ, widths = self.turned_EJ[self.used], np.repeat(paths.widths, np.diff(paths.cuts))
        met_EJ *= met_EJ
        met_EJ *= np.repeat(np.vecdot(self.here_GJD, self.here_GJD), widths, axis=0)
        found: Float32s = met_EJ @ self._ones_GJ[0]
        return found


def leaf_paths(batch: Batch) -> LeafPaths:
    """What was listed for a batch of CBOW."""
    if not isinstance(batch.drawn, LeafPaths):
        raise TypeError("CBOW with hierarchical softmax needs a batch with the paths of leaves")
    return batch.drawn


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
