"""The output side of hierarchical softmax, fast (`models.hierarchical_softmax`): the tree's top, then paths' ends.

The last P nodes of the Huffman tree, those of the largest counts, hold the upper end of nearly every path, and whatever
lies above one of them is one of them. So every input meets all of them, in whole matrix products (`top`). The lower
ends (`batch.Paths`) are met by few inputs only, group by group (`groups`, `ends`). In both

    here                                              in the textbook
    scores = inputs @ nodes.T                         s_m = u_m . h
    residuals = sign sigma(- sign scores)             residual_m = 1 - code_m - sigma(s_m),   sign_m = 1 - 2 code_m
    d_h       = residuals @ nodes                     - dL/dh = sum_m residual_m u_m
    d_nodes   = residuals.T @ inputs                  - dL/du_m = residual_m h, summed over the inputs that met the node

In skip-gram the ends also add to d_h what the order of the pairs would (`order`).
"""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s
from pipeline.training.fast.ends import OwnEnds, SharedEnds
from pipeline.training.fast.groups import Groups
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.top import OwnTop, SharedTop, Top
from pipeline.training.parameters import Parameters


class HierarchicalOutput:
    """The arrays of a step: several inputs for each target (skip-gram), or one (CBOW)."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        self._groups = Groups(batch, dimensions)
        shared = batch.targets.present.shape[2] > 1
        self._top = (SharedTop if shared else OwnTop)(dimensions, top, self._groups)
        self._ends = (SharedEnds if shared else OwnEnds)(batch, dimensions, self._groups)
        self.d_h_LRD = np.empty_like(self._groups.padded_LRD)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its targets' paths; returns losses to be added up."""
        h_LRD = self._groups.fill(batch, h_LND)
        losses = self._top.forward(parameters, batch, h_LRD, self.d_h_LRD)
        return np.concatenate([losses, self._ends.forward(parameters, batch, h_LRD)])

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the nodes."""
        pulls = [self._top.backward(batch), self._ends.backward(batch, self.d_h_LRD, rate)]
        return self._groups.inputs(self.d_h_LRD), pulls
