"""The input side of CBOW, fast: the mean or sum of the rows around each center (`models.cbow`) as sparse products.

Let P (N x M) be 1 where one of a lane's M tokens is a context of one of its N centers. The classic step multiplies the
mean's gradient by p, the number of contexts, and the sum's by 1 / p; with fastText (`models.fasttext`) a token has
several rows, which stand here added up, and p is the number of all contexts' rows:

    mean:  h = P rows / p,   pulls = P.T d_h
    sum:   h = P rows,       pulls = P.T (d_h / p)
"""

import numpy as np

from pipeline.training.batch import Batch, Ids
from pipeline.training.fast.blocks import Float32s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.rows import Rows
from pipeline.training.fast.sums import Ones, spread_rows, sum_rows
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
        (L, N, W), D = batch.positive.shape, dimensions
        M = N + W - 1
        self.mean, self._rows_of = mean, rows
        self.h_LND, self.around_LMD, self.d_around_LMD = floats(L, N, D), floats(L, M, D), floats(L, M, D)
        tokens = np.arange(L)[:, None, None] * M + np.arange(N)[:, None] + np.arange(W)  # (L, N, W) around each center
        self._tokens = tokens.astype(np.int32).ravel()
        self._starts = np.zeros(L * N + 1, np.int32)

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors; a center without contexts has zero."""
        self._rows_of.sums(parameters, batch.tokens, self.around_LMD)
        counts = batch.positive.sum(axis=2, dtype=np.int32)  # (L, N)
        np.cumsum(counts, out=self._starts[1:])
        self.ones = Ones(self._starts, self._tokens.take(np.flatnonzero(batch.positive)))  # P, of all lanes
        self.shares_LN1 = self._shares(counts)[..., None]
        sum_rows(self.ones, _rows(self.around_LMD), _rows(self.h_LND))
        if self.mean:
            self.h_LND *= self.shares_LN1
        return self.h_LND

    def _shares(self, counts: Ids) -> Float32s:
        """(L, N) 1 / p; 1 where a center has no context."""
        if isinstance(sizes := self._rows_of.sizes(), np.ndarray):
            rows = np.zeros((counts.size, 1), np.float32)
            sum_rows(self.ones, sizes.reshape(-1, 1), rows)
            return np.reciprocal(np.maximum(rows, 1.0)).reshape(counts.shape)
        return np.reciprocal(np.maximum(counts, 1), dtype=np.float32)

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each context's row is pulled by every center it predicted."""
        if not self.mean:
            d_h *= self.shares_LN1
        spread_rows(self.ones, _rows(d_h), _rows(self.d_around_LMD))
        return [self._rows_of.pull(batch.tokens, batch.occurrences, self.d_around_LMD)]


def _rows(lanes: Float32s) -> Float32s:
    return lanes.reshape(-1, lanes.shape[2])
