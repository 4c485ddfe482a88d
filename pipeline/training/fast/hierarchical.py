"""The output side of hierarchical softmax, fast (`models.hierarchical_softmax`): the tree's top, then paths' ends.

The last P nodes of the Huffman tree, those of the largest counts, hold the upper end of nearly every path, and whatever
lies above one of them is one of them. So every input meets all of them, in whole matrix products (`top`). The lower
ends (`batch.Paths`) are met by few inputs only, block by block or entry by entry (`ends`). In all of them

    here                                              in the textbook
    scores = inputs @ nodes.T                         s_m = u_m . h
    residuals = sign sigma(- sign scores)             residual_m = 1 - code_m - sigma(s_m),   sign_m = 1 - 2 code_m
    d_h       = residuals @ nodes                     - dL/dh = sum_m residual_m u_m
    d_nodes   = residuals.T @ inputs                  - dL/du_m = residual_m h, summed over the inputs that met the node
"""

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.ends import EndsInBlocks, EndsOneByOne
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.top import OwnTop, SharedTop, Top
from pipeline.training.parameters import Parameters


class HierarchicalOutput:
    """The arrays of a step: several inputs for each target (skip-gram), or one (CBOW)."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        L, N, W = batch.targets.present.shape
        self.d_h_LND = floats(L, N, dimensions)
        self._top = (SharedTop if W > 1 else OwnTop)(batch, dimensions, top)
        self._ends = (EndsInBlocks if W > 1 else EndsOneByOne)(batch, dimensions)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its targets' paths; returns each lane's loss, (L,)."""
        losses = self._top.forward(parameters, batch, h_LND, self.d_h_LND)
        return losses + self._ends.forward(parameters, batch, h_LND, self.d_h_LND)

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the nodes."""
        return self.d_h_LND, [self._top.backward(batch), self._ends.backward(batch)]
