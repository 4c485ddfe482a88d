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
from pipeline.training.fast.blocks import Float32s
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
        self.mean, self._rows_of, self._windows = mean, rows, Windows(batch.positive.shape, dimensions)

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors; a center without contexts has zero."""
        self._rows_of.sums(parameters, batch.tokens, self._windows.rows_LMD)
        self._shares_LN = self._shares(batch)
        return self._windows.sum(batch.positive, self._shares_LN if self.mean else None)

    def _shares(self, batch: Batch) -> Float32s:
        """(L, N) 1 / p; 1 where a center has no context."""
        sizes, positive = self._rows_of.sizes(), batch.positive
        p: Float32s
        if isinstance(sizes, np.ndarray):
            p = np.vecdot(positive, sliding_window_view(sizes, positive.shape[2], axis=1))
        else:
            p = positive.sum(axis=2, dtype=np.float32)
        return np.reciprocal(np.maximum(p, 1.0, out=p), out=p)

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each context's row is pulled by every center it predicted."""
        pulls = self._windows.spread(batch.positive, None if self.mean else self._shares_LN, d_h)
        return [self._rows_of.pull(batch.tokens, batch.occurrences, pulls)]
