"""The input side of CBOW, fast: the mean or sum of the rows around each center (`models.cbow`) as banded products.

Let P (N x M) be 1 where one of a lane's M tokens is a context of one of its N centers (`windows`). The classic step
multiplies the mean's gradient by p, the number of contexts, and the sum's by 1 / p; with fastText (`models.fasttext`) a
token has several rows, which stand here added up, and p is the number of all contexts' rows:

    mean:  h = P rows / p,   pulls = P.T d_h
    sum:   h = P rows,       pulls = P.T (d_h / p)
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.rows import Rows
from pipeline.training.fast.windows import Windows
from pipeline.training.parameters import Parameters


class CbowInput:
    """The arrays of a step.

    Args:
        batch: whose sizes they take.
        dimensions: D.
        mean: whether the contexts' mean predicts, or their sum.
        rows: of the words.
    """

    def __init__(self, batch: Batch, dimensions: int, mean: bool, rows: Rows) -> None:
        L, N, W = batch.positive.shape
        self.mean, self._rows_of, self._windows = mean, rows, Windows((L, N, W), dimensions)
        self._sizes_LM = floats(L, N + W - 1)
        self._sizes_LWN = sliding_window_view(self._sizes_LM, N, axis=1)

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors; a center without contexts has zero."""
        self._rows_of.sums(parameters, batch.tokens, self._windows.rows_LMD)
        self._places_LWN = batch.positive.swapaxes(1, 2).astype(np.float32)
        self._sizes_LM[...] = self._rows_of.sizes()
        p = (self._places_LWN * self._sizes_LWN).sum(axis=1)
        self._shares_LN = np.reciprocal(np.maximum(p, 1.0, out=p), out=p)  # 1 where a center has no context
        return self._windows.sum(self._weights(self.mean))

    def _weights(self, shared: bool) -> Float32s:
        """(L, W, N) what a center gives to each place around it: 1 / p or 1, and 0 where is no context."""
        weights: Float32s = self._places_LWN * self._shares_LN[:, None] if shared else self._places_LWN
        return weights

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each context's row is pulled by every center it predicted."""
        pulls = self._windows.spread(self._weights(not self.mean), d_h)
        return [self._rows_of.pull(batch.tokens, batch.occurrences, pulls)]
