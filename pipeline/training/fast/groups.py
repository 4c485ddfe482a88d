"""Who meets whom in skip-gram with hierarchical softmax: groups of T consecutive targets, and the J inputs around them.

That is T + 2c inputs, and a few more behind them that have none of its targets, since products of eights are faster. A
lane's N + 2C targets are C more on either side than its inputs, so the inputs stand in R rows with C + c rows of zeros
before them and some after: group g meets rows g T to g T + J - 1.
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
        near_GTJ: (L G, T, J) 1 where the t-th target of a group is one of its j-th input's, else 0.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, T), c = batch.targets.present.shape, text_paths(batch).words.shape, text_paths(batch).reach
        met, C = T + 2 * c, W // 2
        J = met + -met % EIGHTS
        R = (G - 1) * T + J
        self.padded_LRD = np.zeros((L, R, dimensions), np.float32)
        self._inputs = slice(C + c, C + c + N)
        rows = np.arange(L)[:, None, None] * R + np.arange(0, G * T, T)[:, None] + np.arange(J)
        self.rows_GJ = rows.reshape(-1, J).astype(np.int32)
        # at place T - 1 + q of target m: whether it is one of input m - 2C + q, the inputs counted as targets are
        present = np.zeros((L, G * T, W + 2 * T - 2 + J - met), np.float32)
        over, down, along = present.strides
        self._band = as_strided(present[..., W + T - 2 :], (L, N, W), (over, down, down - along))
        self._near = as_strided(present[..., C - c + T - 1 :], (L, G, T, J), (over, T * down, down - along, along))
        self.near_GTJ = floats(L * G, T, J)

    def fill(self, batch: Batch, h_LND: Float32s) -> Float32s:
        """Write `near_GTJ`; returns the inputs' rows, (L, R, D)."""
        self._band[...] = batch.targets.present
        self.near_GTJ[...] = self._near.reshape(self.near_GTJ.shape)
        self.padded_LRD[:, self._inputs] = h_LND
        return self.padded_LRD

    def inputs(self, rows_LRD: Float32s) -> Float32s:
        """(L, N, D) the inputs among rows."""
        return rows_LRD[:, self._inputs]


def text_paths(batch: Batch) -> TextPaths:
    """What was listed for a batch of skip-gram."""
    if not isinstance(batch.drawn, TextPaths):
        raise TypeError("skip-gram with hierarchical softmax needs a batch with the paths of its text")
    return batch.drawn
