"""The input side of CBOW, fast: the mean or sum of the rows around each center (`models.cbow`) as banded products.

T consecutive centers draw on nearly the same J = T + 2C rows, so a block's sums are one product (T x J) (J x D) with
a matrix P that is 1 where a row is a context and zero off the band, and the rows' gradients one with its transpose. The
classic step multiplies the mean's gradient by p, the number of contexts, and the sum's by 1 / p:

    mean:  h = P rows / p,   pulls = P.T d_h
    sum:   h = P rows,       pulls = P.T (d_h / p)
"""

import numpy as np

from pipeline.training.batch import BLOCK, Batch
from pipeline.training.fast.blocks import Float32s, band, floats, overlapping, places_of_blocks
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class CbowInput:
    """The arrays of a step.

    Args:
        batch: whose sizes they take.
        dimensions: D.
        mean: whether the contexts' mean predicts, or their sum.
    """

    def __init__(self, batch: Batch, dimensions: int, mean: bool) -> None:
        (L, N, W), D = batch.positive.shape, dimensions
        T, J, B = BLOCK, BLOCK + W - 1, N // BLOCK
        self.mean = mean
        self.h_LND = floats(L, N, D)
        self.h_LBTD = self.h_LND.reshape(L, B, T, D)
        self.around_LMD = floats(L, N + W - 1, D)
        self.around_LBJD = overlapping(self.around_LMD, B, T, J)
        self.d_around_LBJD = floats(L, B, J, D)
        self._places_BJ, self._cover_BJ = places_of_blocks(N, W)
        self.contexts_LBTJ = np.zeros((L, B, T, J), np.float32)  # P; off the band nothing is ever written
        self._band = band(self.contexts_LBTJ, W)
        self._ones_W = np.ones(W, np.float32)

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors; a center without contexts has zero."""
        parameters.vectors.take(batch.tokens, axis=0, out=self.around_LMD, mode="clip")
        self._band[...] = batch.positive.reshape(self._band.shape)
        counts = np.maximum(self._band @ self._ones_W, 1.0)  # (L, B, T)
        self.shares_LBT1 = np.reciprocal(counts)[..., None]
        np.matmul(self.contexts_LBTJ, self.around_LBJD, out=self.h_LBTD)
        if self.mean:
            self.h_LBTD *= self.shares_LBT1
        return self.h_LND

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each context's row is pulled by the centers of every block that it predicted."""
        d_h_LBTD = d_h.reshape(self.h_LBTD.shape)
        if not self.mean:
            d_h_LBTD *= self.shares_LBT1
        np.matmul(self.contexts_LBTJ.transpose(0, 1, 3, 2), d_h_LBTD, out=self.d_around_LBJD)
        counts = batch.occurrences[:, self._places_BJ] * self._cover_BJ
        return [Pull("vectors", batch.tokens[:, self._places_BJ], counts, self.d_around_LBJD)]
