"""The output side of negative sampling, fast: a few matrix products in float32 (`models.negative_sampling`).

The T inputs of a group share their K noise words. In skip-gram they stand one after the other and meet nearly the same
targets, the J = T + 2c words around them, so a group has J + K rows, and all its scores are one product, stacked over
the groups: (J + K x D) (D x T). Of the targets' scores a band counts, the W = 2c + 1 places around each input
(`SharedNegative`). In CBOW each input has one target, so only the noise makes a product, and a group's inputs stand
apart (`batch.Noise`): it has every G-th of them (`OwnNegative`). Gradients are products again.

    here                                              in the textbook
    scores = rows @ inputs.T                          s = u . h for every pair
    residuals: target     1 - sigma(s)                weight (label - sigma(s)), label and weight 1
               noise    - weight sigma(s)             weight (label - sigma(s)), label 0
    d_rows    = residuals @ inputs                    - dL/du = residual_m h, summed over the inputs that met the row
    d_h       = residuals.T @ rows                    - dL/dh = sum_m residual_m u_m

Sigma and the losses come from the odds of a wrong label, o = exp(-s) for a target and exp(s) for noise: the loss is
log(1 + o), the residual o / (1 + o) but for its sign, and the losses add up to the log of a product.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.training.batch import Batch, Bools, Ids, Noise
from pipeline.training.fast.blocks import (
    Float32s,
    Float64s,
    column_band,
    floats,
    lane_sums,
    logs_of_products,
    places_of_blocks,
)
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters

LARGEST = np.float32(1e38)
"""Odds are no larger; to a float, odds / (1 + odds) is 1 from 1e8 on."""


class SharedNegative:
    """Skip-gram: the targets around a group's inputs and its noise, all in one product.

    The arrays of a step; every one is made once and written again.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, K), D = batch.targets.present.shape, noise_of(batch).words.shape, dimensions
        T = N // G
        J = T + W - 1
        R, self._near = J + K, J
        self._places_GJ, self._cover_GJ = places_of_blocks(N, T, W)
        self.ids_LGR, self.occurrences_LGR = np.empty((L, G, R), np.int32), np.empty((L, G, R), np.int32)
        self.rows_LGRD, self.d_rows_LGRD, self.d_h_LND = floats(L, G, R, D), floats(L, G, R, D), floats(L, N, D)
        self.scores_LGRT, self.residuals_LGRT = floats(L, G, R, T), np.zeros((L, G, R, T), np.float32)
        self._near_scores = column_band(self.scores_LGRT[:, :, :J], W)
        self._near_residuals = column_band(self.residuals_LGRT[:, :, :J], W)  # off the band nothing is ever written
        self._far_scores, self._far_residuals = self.scores_LGRT[:, :, J:], self.residuals_LGRT[:, :, J:]
        self.odds_LGWT, self.terms_LGWT = floats(L, G, W, T), floats(L, G, W, T)
        self._noise = NoiseResiduals(batch)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score a group's inputs with its rows; returns each lane's loss, (L,)."""
        (L, G, W, T), present = self.odds_LGWT.shape, batch.targets.present
        self.ids_LGR[..., : self._near] = batch.targets.words[:, self._places_GJ]
        self.ids_LGR[..., self._near :] = noise_of(batch).words
        parameters.contexts.take(self.ids_LGR, axis=0, out=self.rows_LGRD, mode="clip")
        self.h_LGTD = h_LND.reshape(L, G, T, -1)
        np.matmul(self.rows_LGRD, self.h_LGTD.swapaxes(2, 3), out=self.scores_LGRT)
        near = self._targets(present.reshape(L, G, T, W).swapaxes(2, 3))
        targets = present.sum(axis=2, dtype=np.float32).reshape(L, G, T)
        return near + self._noise.of(self._far_scores, targets, self._far_residuals)

    def _targets(self, present_LGWT: Bools) -> Float64s:
        odds = np.negative(self._near_scores, out=self.odds_LGWT)
        np.exp(odds, out=odds)
        odds *= present_LGWT
        terms = np.add(odds, 1.0, out=self.terms_LGWT)
        losses = logs_of_products(terms, axis=2)  # where no pair is, the odds and the loss are 0
        if losses is None:
            wrong = np.where(
                present_LGWT, -self._near_scores, -np.inf
            )  # a place that is no pair may score what it likes
            losses = _anew(wrong, odds, terms).sum(axis=2)
        np.divide(odds, terms, out=self._near_residuals)
        return lane_sums(losses)

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows: residuals times rows, both ways."""
        counts = batch.targets.occurrences[:, self._places_GJ]
        np.multiply(counts, self._cover_GJ, out=self.occurrences_LGR[..., : self._near])
        self.occurrences_LGR[..., self._near :] = noise_of(batch).occurrences
        np.matmul(self.residuals_LGRT, self.h_LGTD, out=self.d_rows_LGRD)
        np.matmul(self.residuals_LGRT.swapaxes(2, 3), self.rows_LGRD, out=self.d_h_LND.reshape(self.h_LGTD.shape))
        return self.d_h_LND, [Pull("contexts", self.ids_LGR, self.occurrences_LGR, self.d_rows_LGRD)]


class OwnNegative:
    """CBOW: each input's only target is the word of its own place, so these scores are row by row.

    Of the R = N + G K rows of a lane the first N are the targets'. The arrays of a step, as above.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, _), (_, G, K), D = batch.targets.present.shape, noise_of(batch).words.shape, dimensions
        T, R = N // G, N + G * K
        self._groups = L, T, G
        self.ids_LR, self.occurrences_LR = np.empty((L, R), np.int32), np.empty((L, R), np.int32)
        self.rows_LRD, self.d_h_LND = floats(L, R, D), floats(L, N, D)
        self.own_LND, self.noise_LGKD = self.rows_LRD[:, :N], self.rows_LRD[:, N:].reshape(L, G, K, D, copy=False)
        self.odds_LN, self.terms_LN, self.residuals_LGKT = floats(L, N), floats(L, N), floats(L, G, K, T)
        self._inputs = np.arange(L * N, dtype=np.int32)
        self._noise = NoiseResiduals(batch)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score inputs with their targets, and a group's inputs with its noise; returns each lane's loss, (L,)."""
        present_LN, self.h_LND, self.h_LGTD = batch.targets.present[..., 0], h_LND, self._in_groups(h_LND)
        _beside(batch.targets.words, noise_of(batch).words, self.ids_LR)
        parameters.contexts.take(self.ids_LR, axis=0, out=self.rows_LRD, mode="clip")
        np.matmul(self.noise_LGKD, self.h_LGTD.swapaxes(2, 3), out=self.residuals_LGKT)
        far = self._noise.of(self.residuals_LGKT, self._in_groups(present_LN), self.residuals_LGKT)
        return self._targets(present_LN) + far

    def _in_groups(self, values: NDArray[Any]) -> NDArray[Any]:
        """(L, N, ...) as (L, G, T, ...), without a copy."""
        groups: NDArray[Any] = values.reshape(*self._groups, *values.shape[2:]).swapaxes(1, 2)
        return groups

    def _targets(self, present_LN: Bools) -> Float64s:
        wrong, odds = np.vecdot(self.own_LND, self.h_LND), self.odds_LN
        np.negative(wrong, out=wrong)
        wrong[~present_LN] = -np.inf  # a place that is no pair may score what it likes
        terms = np.add(np.exp(wrong, out=odds), 1.0, out=self.terms_LN)
        losses = np.log(terms)
        if not np.isfinite(losses.max()):
            losses = _anew(wrong, odds, terms)
        np.divide(odds, terms, out=odds)  # the residuals
        return lane_sums(losses)

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows: residuals times rows, both ways."""
        _beside(batch.targets.occurrences, noise_of(batch).occurrences, self.occurrences_LR)
        np.matmul(self.residuals_LGKT.swapaxes(2, 3), self.noise_LGKD, out=self._in_groups(self.d_h_LND))
        add_rows(self.d_h_LND.reshape(-1, self.d_h_LND.shape[2]), self._inputs, self.odds_LN, self.own_LND)
        np.multiply(self.odds_LN[..., None], self.h_LND, out=self.own_LND)  # from here on the rows are their gradients
        np.matmul(self.residuals_LGKT, self.h_LGTD, out=self.noise_LGKD)
        return self.d_h_LND, [Pull("contexts", self.ids_LR, self.occurrences_LR, self.rows_LRD)]


def _beside(own: Ids, noise: Ids, out: Ids) -> None:
    """Write what belongs to the targets, (L, N), then what belongs to the noise, (L, G, K)."""
    out[:, : own.shape[1]] = own
    out[:, own.shape[1] :] = noise.reshape(len(noise), -1)


class NoiseResiduals:
    """From scores with noise to residuals, each pair with the weight of its input (`batch.Noise`)."""

    def __init__(self, batch: Batch) -> None:
        (L, N, _), (_, G, K) = batch.targets.present.shape, noise_of(batch).words.shape
        self.share = np.float32(noise_of(batch).negative / K)
        self.odds_LGKT, self.terms_LGKT = floats(L, G, K, N // G), floats(L, G, K, N // G)

    def of(self, scores_LGKT: Float32s, targets_LGT: NDArray[Any], residuals_LGKT: Float32s) -> Float64s:
        """Write the residuals, where the scores are if you like; returns each lane's loss, (L,)."""
        weights = targets_LGT * self.share
        if not weights.all():
            scores_LGKT.swapaxes(2, 3)[weights == 0] = 0.0  # an input without targets may score what it likes
        odds = np.exp(scores_LGKT, out=self.odds_LGKT)
        terms = np.add(odds, 1.0, out=self.terms_LGKT)
        losses = logs_of_products(terms, axis=2)
        if losses is None:
            losses = _anew(scores_LGKT, odds, terms).sum(axis=2)
        losses *= weights
        odds /= terms
        np.multiply(odds, np.negative(weights, out=weights)[:, :, None], out=residuals_LGKT)
        return lane_sums(losses)


def _anew(wrong: Float32s, odds: Float32s, terms: Float32s) -> Float32s:
    """The losses log(1 + exp(x)) of log odds x, however large; odds and terms are written so that their ratio is right.

    Products of terms leave the range of floats, and an x beyond 88 does so by itself.
    """
    np.minimum(np.exp(wrong, out=odds), LARGEST, out=odds)
    np.add(odds, 1.0, out=terms)
    losses: Float32s = np.logaddexp(wrong, np.float32(0.0))
    return losses


def noise_of(batch: Batch) -> Noise:
    """What was drawn for the batch."""
    if not isinstance(batch.drawn, Noise):
        raise TypeError("negative sampling needs a batch with noise")
    return batch.drawn
