"""The output side of hierarchical softmax, fast (`models.hierarchical_softmax`): many inputs meet a node at once.

    here                                              in the textbook
    scores = inputs @ nodes.T                         s_m = u_m . h
    residuals = sign sigma(- sign scores)             residual_m = 1 - code_m - sigma(s_m),   sign_m = 1 - 2 code_m
    d_h       = residuals @ nodes                     - dL/dh = sum_m residual_m u_m
    d_nodes   = residuals.T @ inputs                  - dL/du_m = residual_m h, summed over the inputs that met the node

In skip-gram inputs meet in the text, where those around a target share its path (`groups`). The last P nodes of the
Huffman tree, those of the largest counts, hold the upper end of nearly every path, and whatever lies above one of them
is one of them. So every input meets all of them, in whole matrix products (`top`), and group by group the lower ends
(`ends`). These also add to d_h what the order of the pairs would (`order`).

In CBOW an input has one target, whose path it shares with the inputs of neighboring leaves (`leaves`).
"""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.drawn import LeafPaths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import STEEPEST
from pipeline.training.fast.ends import Ends
from pipeline.training.fast.groups import Groups
from pipeline.training.fast.path_products import PathProducts
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.top import Top, TopOutput
from pipeline.training.leaves import GROUP
from pipeline.training.parameters import Parameters


class SharedHierarchical:
    """Skip-gram: an input has several targets, which share it. The arrays of a step."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        self._groups = Groups(batch, dimensions)
        self._top, self._ends = TopOutput(dimensions, top, self._groups), Ends(batch, dimensions, self._groups)
        self.d_h_LRD = np.empty_like(self._groups.padded_LRD)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its targets' paths; returns losses to be added up."""
        h_LRD = self._groups.fill(batch, h_LND)
        losses = self._top.forward(parameters, batch, h_LRD, self.d_h_LRD)
        return np.concatenate([losses, self._ends.forward(parameters, batch, h_LRD)])

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the nodes."""
        pulls = [self._top.backward(), self._ends.backward(batch, self.d_h_LRD, rate)]
        return self._groups.inputs(self.d_h_LRD), pulls


class OwnHierarchical(PathProducts):
    """CBOW: an input has one target and is in that one's group, which has the targets' whole paths.

    The upper nodes are met by nearly every input of a step, so what pulls a node comes with its curvature.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        paths = leaf_paths(batch)
        super().__init__(len(paths.nodes), paths.inputs.shape, dimensions)
        self.d_h_LND = floats(*batch.centers.shape, dimensions)
        self._d_h_RD, self._d_here_RD = (rows.reshape(-1, dimensions) for rows in (self.d_h_LND, self.d_here_GJD))

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its target's path; returns losses, (1,)."""
        paths = leaf_paths(batch)
        self.turned_EJ[...] = paths.turned
        return self.score(parameters, paths, h_LND, paths.inputs)

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:  # noqa: ARG002 - no order counts
        """(L, N, D) negative gradients of the inputs, and what pulls the nodes."""
        paths = leaf_paths(batch)
        pull = self.multiply(paths)
        self._d_here_RD.take(paths.found, axis=0, out=self._d_h_RD, mode="clip")
        squares = self._squares(paths)
        # no residual is larger than 1, so by the inequality of Cauchy and Schwarz no sum of J of them times h is longer
        lengths = np.sqrt(squares * np.float32(GROUP))
        return self.d_h_LND, [pull._replace(curvatures=squares * np.float32(STEEPEST), lengths=lengths)]

    def _squares(self, paths: LeafPaths) -> Float32s:
        """(E,) sums of the squares of the inputs that met each node."""
        met_EJ = self.turned_EJ[self.used]
        met_EJ *= met_EJ
        met_EJ *= np.repeat(np.vecdot(self.here_GJD, self.here_GJD), paths.places, axis=0)
        found: Float32s = met_EJ @ np.ones(GROUP, np.float32)
        return found


def leaf_paths(batch: Batch) -> LeafPaths:
    """What was listed for a batch of CBOW."""
    if not isinstance(batch.drawn, LeafPaths):
        raise TypeError("CBOW with hierarchical softmax needs a batch with the paths of leaves")
    return batch.drawn
