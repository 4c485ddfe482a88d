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

In CBOW an input has one target, whose path it shares with the inputs of neighboring leaves (`leaves`, `ends`).
"""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s
from pipeline.training.fast.ends import LeafEnds, TextEnds
from pipeline.training.fast.groups import Groups
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.top import Top, TopOutput
from pipeline.training.parameters import Parameters


class SharedHierarchical:
    """Skip-gram: an input has several targets, which share it. The arrays of a step."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        self._groups = Groups(batch, dimensions)
        self._top, self._ends = TopOutput(dimensions, top, self._groups), TextEnds(batch, dimensions, self._groups)
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


class OwnHierarchical:
    """CBOW: an input has one target, its own. The arrays of a step."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        self._paths = LeafEnds(batch, dimensions)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its target's path; returns losses to be added up."""
        return self._paths.forward(parameters, batch, h_LND)

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:  # noqa: ARG002 - nothing else draws
        """(L, N, D) the negative gradient of the inputs, and what pulls the nodes."""
        d_h_LND, pull = self._paths.backward(batch)
        return d_h_LND, [pull]
