"""Who meets whom in skip-gram with hierarchical softmax: groups of T consecutive targets, and the J inputs around them.

That is as many as `TextPaths.met` says, of the T + 2c that c on either side would be: all of them, or all but one, on
the right and on the left in turn (`runs`). A few more behind them have none of its targets, since products of eights
are faster. A lane's N + 2C targets are C more on either side than its inputs, so the inputs stand in R rows with C + c
rows of zeros before them and some after: group g meets the J rows from g T on, or from the next.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pipeline.training.batch import Batch
from pipeline.training.drawn import TextPaths
from pipeline.training.fast.blocks import Float32s, floats

EIGHTS = 8


class Groups:
    """The arrays of a step; L lanes of N inputs and of G groups of targets.

    Attributes:
        rows_GJ: (L G, J) the rows of all lanes that each group meets.
        near_GTJ: (L G, T, J) how much the pair of the t-th target of a group and its j-th input counts, 0 if they are
            none.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, T), met = batch.targets.present.shape, text_paths(batch).words.shape, text_paths(batch).met
        C, c, late = W // 2, -(-(met - T) // 2), (met - T) % 2
        J = met + -met % EIGHTS
        R = (G - 1) * T + J + late
        self.padded_LRD = np.zeros((L, R, dimensions), np.float32)
        self._inputs = slice(C + c, C + c + N)
        firsts = np.arange(0, G * T, T) + late * (np.arange(G) % 2)
        rows = np.arange(L)[:, None, None] * R + firsts[:, None] + np.arange(J)
        self.rows_GJ = rows.reshape(-1, J).astype(np.int32)
        # at place T - 1 + q of target m: whether it is one of input m - 2C + q, the inputs counted as targets are
        present = np.zeros((L, (G + G % 2) * T, W + 2 * T - 2 + J - met + late), np.float32)
        over, down, along = present.strides
        self._band = as_strided(present[..., W + T - 2 :], (L, N, W), (over, down, down - along))
        turns, shape = (over, 2 * T * down, T * down + late * along, down - along, along), (L, (G + 1) // 2, 2, T, J)
        self._near = as_strided(present[..., C - c + T - 1 :], shape, turns)
        self.near_GTJ = floats(L * G, T, J)
        self._band[...] = 1.0 if batch.targets.weights is None else batch.targets.weights
        self._weights_GTJ = self._by_groups().copy()

    def fill(self, batch: Batch, h_LND: Float32s) -> Float32s:
        """Write `near_GTJ`; returns the inputs' rows, (L, R, D)."""
        self._band[...] = batch.targets.present
        np.multiply(self._by_groups(), self._weights_GTJ, out=self.near_GTJ)
        self.padded_LRD[:, self._inputs] = h_LND
        return self.padded_LRD

    def _by_groups(self) -> Float32s:
        """(L G, T, J) what was written for each input and its targets."""
        (G, T, J), L = self.near_GTJ.shape, len(self._near)
        return self._near.reshape(L, -1, T, J)[:, : G // L].reshape(G, T, J)

    def inputs(self, rows_LRD: Float32s) -> Float32s:
        """(L, N, D) the inputs among rows."""
        return rows_LRD[:, self._inputs]


def text_paths(batch: Batch) -> TextPaths:
    """What was listed for a batch of skip-gram."""
    if not isinstance(batch.drawn, TextPaths):
        raise TypeError("skip-gram with hierarchical softmax needs a batch with the paths of its text")
    return batch.drawn
