"""The output side of negative sampling, fast: a few matrix products in float32 (`models.negative_sampling`).

A lane is cut into blocks of T consecutive inputs. All T meet nearly the same targets, J = T + 2c positions, so their
scores are one product (T x D) (D x J), stacked over the blocks; likewise the inputs of a group and their K shared noise
words. Of the T x J scores only a band counts, the 2c + 1 places around each input, and of these the ones that
`Targets.present` marks; off the band the residual is zero. Both gradients are products again.

    here                                              in the textbook
    scores = inputs @ outputs.T                       s = u . h for every pair
    residuals: target     1 - sigma(s)                weight (label - sigma(s)), label and weight 1
               noise    - weight sigma(s)             weight (label - sigma(s)), label 0
    d_h       = residuals @ outputs                   - dL/dh = sum_m residual_m u_m
    d_outputs = residuals.T @ inputs                  - dL/du = residual_m h, summed over the inputs that met the row
"""

import numpy as np

from pipeline.training.batch import BLOCK, Batch, Noise
from pipeline.training.fast.blocks import (
    Float32s,
    Float64s,
    add_overlapping,
    band,
    floats,
    lane_totals,
    loss_and_sigmoid,
    overlapping,
)
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class NegativeOutput:
    """The arrays of a step; every one is made once and written again."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        noise = _noise(batch)
        (L, N, W), (_, G, K), D = batch.targets.present.shape, noise.words.shape, dimensions
        T, J, B = BLOCK, BLOCK + W - 1, N // BLOCK
        self.negative_share = noise.negative / K

        self.around_LMD = floats(L, N + W - 1, D)  # the targets' rows
        self.around_LBJD = overlapping(self.around_LMD, B, T, J)
        self.noise_LGKD = floats(L, G, K, D)

        self.scores_LBTJ = floats(L, B, T, J)
        self.scores_LGHK = floats(L, G, N // G, K)
        self.band_LNW, self.present_LNW, self.losses_LNW = (floats(L, N, W) for _ in range(3))
        self.losses_LNK = floats(L, N, K)
        self.residuals_LBTJ = np.zeros((L, B, T, J), np.float32)  # off the band nothing is ever written

        self.d_h_LND, self.d_h_from_noise_LND = floats(L, N, D), floats(L, N, D)
        self.d_around_LBJD, self.d_around_LMD = floats(L, B, J, D), floats(L, N + W - 1, D)
        self.d_noise_LGKD = floats(L, G, K, D)
        self._ones_W = np.ones(W, np.float32)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with its targets and its noise; returns each lane's loss, (L,)."""
        contexts, blocks, groups = parameters.contexts, self.scores_LBTJ.shape[:3], self.scores_LGHK.shape[:3]
        contexts.take(batch.targets.words, axis=0, out=self.around_LMD, mode="clip")
        contexts.take(_noise(batch).words, axis=0, out=self.noise_LGKD, mode="clip")
        self.h_LND = h_LND
        self.h_LBTD, self.h_LGHD = h_LND.reshape(*blocks, -1), h_LND.reshape(*groups, -1)
        np.matmul(self.h_LBTD, self.around_LBJD.transpose(0, 1, 3, 2), out=self.scores_LBTJ)
        np.matmul(self.h_LGHD, self.noise_LGKD.transpose(0, 1, 3, 2), out=self.scores_LGHK)
        return self._residuals(batch)

    def _residuals(self, batch: Batch) -> Float64s:
        """Turn scores into residuals, in place for the noise; returns each lane's loss, (L,)."""
        near, present, blocks = self.band_LNW, self.present_LNW, self.scores_LBTJ.shape[:3]
        np.copyto(present, batch.targets.present)
        np.negative(band(self.scores_LBTJ, near.shape[2]), out=near.reshape(*blocks, -1))
        near *= present  # a place that is no pair must not leave the range of exp
        loss_and_sigmoid(near, self.losses_LNW)
        near *= present
        band(self.residuals_LBTJ, near.shape[2])[...] = near.reshape(*blocks, -1)

        noise = self.scores_LGHK.reshape(self.losses_LNK.shape)
        weights = present @ self._ones_W  # (L, N) targets of each input
        weights *= self.negative_share
        if not weights.all():
            noise[weights == 0] = 0.0
        loss_and_sigmoid(noise, self.losses_LNK)
        self.losses_LNW *= present
        self.losses_LNK *= weights[..., None]
        noise *= -weights[..., None]
        return lane_totals(self.losses_LNW) + lane_totals(self.losses_LNK)

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """Residuals times rows, both ways: (L, N, D) of the inputs, and what pulls the outputs."""
        noise, residuals, targets = _noise(batch), self.scores_LGHK, batch.targets
        np.matmul(self.residuals_LBTJ, self.around_LBJD, out=self.d_h_LND.reshape(self.h_LBTD.shape))
        np.matmul(residuals, self.noise_LGKD, out=self.d_h_from_noise_LND.reshape(self.h_LGHD.shape))
        self.d_h_LND += self.d_h_from_noise_LND
        np.matmul(self.residuals_LBTJ.transpose(0, 1, 3, 2), self.h_LBTD, out=self.d_around_LBJD)
        add_overlapping(self.d_around_LBJD, self.d_around_LMD, BLOCK)
        np.matmul(residuals.transpose(0, 1, 3, 2), self.h_LGHD, out=self.d_noise_LGKD)
        return self.d_h_LND, [
            Pull("contexts", targets.words, targets.occurrences, self.d_around_LMD),
            Pull("contexts", noise.words, noise.occurrences, self.d_noise_LGKD),
        ]


def _noise(batch: Batch) -> Noise:
    if not isinstance(batch.drawn, Noise):
        raise TypeError("negative sampling needs a batch with noise")
    return batch.drawn
