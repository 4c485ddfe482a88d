"""The fast trainer: the reference's step as a few matrix products in float32.

Text is cut into blocks of T consecutive centers. All T meet nearly the same context words, J = T + 2C positions, so
their scores are one product (T x D) (D x J), stacked over the B blocks of a step; likewise the centers of a group and
their K shared noise words. Of the T x J scores only a band counts, the 2C + 1 places around each center, and of these
the ones that `Batch.positive` marks; off the band the residual is zero. Both gradients are products again, and only
the last step, adding each row's gradient to its word, goes row by row.

    here                                              in the textbook (`models.negative_sampling`, `reference`)
    scores = centers @ outputs.T                      s = u . v for every pair
    residuals: context    1 - sigma(s)                weight (label - sigma(s)), label and weight 1
               noise    - weight sigma(s)             weight (label - sigma(s)), label 0
    d_centers  = residuals @ outputs                  - dL/dv = sum_m residual_m u_m
    d_outputs  = residuals.T @ centers                - dL/du = residual_m v, summed over the centers that met the row
    add_rows                                          each occurrence at its own learning rate (`row_rates`)

Every array of a step is made once and written again (`Workspace`).
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from pipeline.training.batch import BLOCK, Batch, Ids, row_rates
from pipeline.training.parameters import Parameters
from pipeline.training.scatter import add_rows

Float32s = NDArray[np.float32]


class FastTrainer:
    """Steps on float32 parameters."""

    def __init__(self) -> None:
        self._work: Workspace | None = None

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move `parameters` by one step of learning rate `rate`; return the batch's summed loss before it, in nats.

        A loss that is not finite (some score beyond 88) is returned without moving anything.
        """
        work = self._workspace(batch, parameters.vectors.shape[1])
        work.gather(parameters, batch)
        work.score()
        loss = work.residuals(batch)
        if np.isfinite(loss):
            work.gradients()
            work.scatter(parameters, batch, rate)
        return loss

    def _workspace(self, batch: Batch, dimensions: int) -> "Workspace":
        sizes = (len(batch.positive), *batch.noise.shape, batch.window, dimensions)
        if self._work is None or self._work.sizes != sizes:
            self._work = Workspace(*sizes)
        return self._work


class Workspace:
    """The arrays of a step. Trailing letters give the shape: `scores_BTJ` is (B, T, J).

    Args:
        centers: N in a step.
        groups: G that share noise.
        noise: K words of a group.
        window: C.
        dimensions: D.
    """

    def __init__(self, centers: int, groups: int, noise: int, window: int, dimensions: int) -> None:
        self.sizes = (centers, groups, noise, window, dimensions)
        N, G, K, C, D = self.sizes
        B, T, J, W = N // BLOCK, BLOCK, BLOCK + 2 * C, 2 * C + 1

        self.centers_ND = _floats(N, D)
        self.centers_BTD = self.centers_ND.reshape(B, T, D)
        self.centers_GHD = self.centers_ND.reshape(G, N // G, D)
        self.around_MD = _floats(N + 2 * C, D)  # context vectors of the centers and of C tokens on either side
        self.around_BJD = _overlapping(self.around_MD, B, J)
        self.noise_GKD = _floats(G, K, D)

        self.scores_BTJ = _floats(B, T, J)
        self.scores_GHK = _floats(G, N // G, K)
        self.band_NW = _floats(N, W)
        self.positive_NW = _floats(N, W)
        self.losses_NW = _floats(N, W)
        self.losses_NK = _floats(N, K)
        self.residuals_BTJ = np.zeros((B, T, J), np.float32)  # off the band nothing is ever written

        self.d_centers_ND = _floats(N, D)
        self.d_centers_from_noise_ND = _floats(N, D)
        self.d_around_BJD = _floats(B, J, D)
        self.d_around_MD = _floats(N + 2 * C, D)
        self.d_noise_GKD = _floats(G, K, D)
        self._ones_W, self._ones_K = np.ones(W, np.float32), np.ones(K, np.float32)

    def gather(self, parameters: Parameters, batch: Batch) -> None:
        """Copy the rows that the batch names."""
        np.take(parameters.vectors, batch.centers, axis=0, out=self.centers_ND, mode="clip")
        np.take(parameters.contexts, batch.tokens, axis=0, out=self.around_MD, mode="clip")
        np.take(parameters.contexts, batch.noise, axis=0, out=self.noise_GKD, mode="clip")

    def score(self) -> None:
        """s = u . v of every center with every position around it and with its noise."""
        np.matmul(self.centers_BTD, self.around_BJD.transpose(0, 2, 1), out=self.scores_BTJ)
        np.matmul(self.centers_GHD, self.noise_GKD.transpose(0, 2, 1), out=self.scores_GHK)

    def residuals(self, batch: Batch) -> float:
        """Turn scores into residuals, in place for the noise; return the summed loss."""
        N, _, K, _, _ = self.sizes
        band, positive = self.band_NW, self.positive_NW
        np.copyto(positive, batch.positive)
        np.negative(_band(self.scores_BTJ, band.shape[1]), out=band.reshape(*self.scores_BTJ.shape[:2], -1))
        band *= positive  # a place that is no pair must not leave the range of exp
        _loss_and_sigmoid(band, self.losses_NW)
        band *= positive
        _band(self.residuals_BTJ, band.shape[1])[...] = band.reshape(*self.scores_BTJ.shape[:2], -1)

        noise = self.scores_GHK.reshape(N, K)
        weights = positive @ self._ones_W  # (N,) contexts of each center
        weights *= batch.negative / K
        if not weights.all():
            noise[weights == 0] = 0.0
        _loss_and_sigmoid(noise, self.losses_NK)
        self.losses_NW *= positive
        # at most 2C + 1 or K terms in float32, everything above that in float64
        context_losses, noise_losses = self.losses_NW @ self._ones_W, self.losses_NK @ self._ones_K
        noise_losses *= weights
        noise *= -weights[:, None]
        return float(context_losses.sum(dtype=np.float64) + noise_losses.sum(dtype=np.float64))

    def gradients(self) -> None:
        """Residuals times rows, both ways."""
        noise_residuals = self.scores_GHK
        d_centers_from_noise = self.d_centers_from_noise_ND.reshape(self.centers_GHD.shape)
        np.matmul(self.residuals_BTJ, self.around_BJD, out=self.d_centers_ND.reshape(self.centers_BTD.shape))
        np.matmul(noise_residuals, self.noise_GKD, out=d_centers_from_noise)
        self.d_centers_ND += self.d_centers_from_noise_ND
        np.matmul(self.residuals_BTJ.transpose(0, 2, 1), self.centers_BTD, out=self.d_around_BJD)
        _add_overlapping(self.d_around_BJD, self.d_around_MD)
        np.matmul(noise_residuals.transpose(0, 2, 1), self.centers_GHD, out=self.d_noise_GKD)

    def scatter(self, parameters: Parameters, batch: Batch, rate: float) -> None:
        """Take each occurrence's step at its own rate."""
        occurrences, window = batch.token_occurrences, batch.window
        _ascend(parameters.vectors, batch.centers, rate, occurrences[window:-window], self.d_centers_ND)
        _ascend(parameters.contexts, batch.tokens, rate, occurrences, self.d_around_MD)
        _ascend(parameters.contexts, batch.noise, rate, batch.noise_occurrences, self.d_noise_GKD)


def _ascend(matrix: Float32s, words: Ids, rate: float, occurrences: Ids, pulls: Float32s) -> None:
    """Add each occurrence's negative gradient to its word's row."""
    lengths = np.sqrt(np.einsum("...d,...d->...", pulls, pulls))
    add_rows(matrix, words, row_rates(rate, occurrences, lengths), pulls)


def _floats(*shape: int) -> Float32s:
    return np.empty(shape, np.float32)


def _loss_and_sigmoid(scores: Float32s, losses: Float32s) -> None:
    """losses = log(1 + exp(s)), which is -log sigma(-s), and scores = sigma(s), in place."""
    np.exp(scores, out=scores)
    scores += 1.0
    np.log(scores, out=losses)
    np.reciprocal(scores, out=scores)
    np.subtract(1.0, scores, out=scores)


def _overlapping(rows: Float32s, blocks: int, span: int) -> Float32s:
    """(M, D) as (B, J, D): block b sees rows b T to b T + J - 1, without a copy."""
    down, across = rows.strides
    return as_strided(rows, (blocks, span, rows.shape[1]), (BLOCK * down, down, across))


def _add_overlapping(blocks: Float32s, rows: Float32s) -> None:
    """The sum of (B, J, D) blocks into (M, D) rows, where block b covers rows b T to b T + J - 1.

    Every `apart`-th block covers rows of its own, so these can be added together.
    """
    rows.fill(0.0)
    spans = _overlapping(rows, *blocks.shape[:2])
    apart = -(-blocks.shape[1] // BLOCK)
    for first in range(apart):
        spans[first::apart] += blocks[first::apart]


def _band(products: Float32s, width: int) -> Float32s:
    """(B, T, J) as (B, T, W): row t shows its columns t to t + W - 1, the places around center t, without a copy."""
    blocks, rows, _ = products.shape
    across, down, along = products.strides
    return as_strided(products, (blocks, rows, width), (across, down + along, along))
