"""Sums over the windows around centers, and their transpose: products of banded matrices, a few rows at a time.

Let P (N x M) be 1, or the center's weight, where one of M = N + 2C positions is a context of one of N centers: the
row of center n is a band of W = 2C + 1 places, from n on. T centers have their contexts among J = T + 2C positions, so
P rows is the products of (T x J) blocks with (J x D) rows. P.T has such a band too: position m is a context of some of
the centers m - 2C to m.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pipeline.training.fast.blocks import Float32s, floats, overlapping

MULTIPLIED = 8
"""T: with the default window wider blocks waste more on zeros than they save in calls."""


class Band:
    """The bands of L lanes of B T rows each, and what they are multiplied with.

    They stand under each other, each with zeros after it, in rows of J + 1. A block is then a view: its rows begin one
    place further left each time, in the zeros of the row before.

    Args:
        rows: (L, B T + 2C, D) that the bands meet.
        products: (L, B T, D) to be written.
    """

    def __init__(self, rows: Float32s, products: Float32s) -> None:
        (L, H, D), T = products.shape, MULTIPLIED
        W = rows.shape[1] - H + 1
        B, J = H // T, T + W - 1
        stored = np.zeros((L, 1 + H, J + 1), np.float32)[:, 1:]
        over, down, along = stored.strides
        self.weights_LHW = stored[..., :W]
        self._blocks_LBTJ = as_strided(stored, (L, B, T, J), (over, T * down, down - along, along))
        self._rows_LBJD = overlapping(rows, B, T, J)
        self._products_LBTD = products.reshape(L, B, T, D, copy=False)

    def multiply(self) -> None:
        """Write the products."""
        np.matmul(self._blocks_LBTJ, self._rows_LBJD, out=self._products_LBTD)


class Windows:
    """P and P.T of L lanes, as they are in one step.

    Args:
        shape: (L, N, W).
        dimensions: D.

    Attributes:
        rows_LMD: of all positions, to be written before `sum`; then what `spread` gives. One memory for both, and so
            half of it has to stay in the cache.
        sums_LND: what `sum` gives.
    """

    def __init__(self, shape: tuple[int, int, int], dimensions: int) -> None:
        (L, N, W), D = shape, dimensions
        M = N + W - 1
        H = -(-M // MULTIPLIED) * MULTIPLIED
        rows_LHD, d_sums_LHD = (np.zeros((L, rows, D), np.float32) for rows in (H, H + W - 1))
        self.rows_LMD, self.sums_LND, self._d_sums_LND = rows_LHD[:, :M], floats(L, N, D), d_sums_LHD[:, W - 1 :][:, :N]
        self._down, self._across = Band(self.rows_LMD, self.sums_LND), Band(d_sums_LHD, rows_LHD)
        self._weights_LNW, stored = self._down.weights_LHW, self._across.weights_LHW
        over, down, along = stored.strides
        # center n at place o is position n + o, and n comes 2c - o places after the first center that may predict it
        self._turned_LNW = as_strided(stored[..., W - 1 :], (L, N, W), (over, down, down - along))

    def sum(self, weights_LWN: Float32s) -> Float32s:
        """P rows, (L, N, D), where center n's weight for the position at place o, n + o, is weights[l, o, n]."""
        self._weights_LNW[...] = weights_LWN.swapaxes(1, 2)
        self._down.multiply()
        return self.sums_LND

    def spread(self, weights_LWN: Float32s, d_sums: Float32s) -> Float32s:
        """P.T d_sums, (L, M, D), in the place of the rows, from what the centers have, (L, N, D)."""
        self._turned_LNW[...] = weights_LWN.swapaxes(1, 2)
        self._d_sums_LND[...] = d_sums
        self._across.multiply()
        return self.rows_LMD
