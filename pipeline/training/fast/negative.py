"""The output side of negative sampling, fast: a few matrix products in float32 (`models.negative_sampling`).

The T consecutive inputs of a group share their K noise words, and in skip-gram they meet nearly the same targets, the
J = T + 2c words around them. So a group has J + K rows, and all its scores are one product, stacked over the groups:
(J + K x D) (D x T). Of the targets' scores a band counts, the W = 2c + 1 places around each input (`AroundAndNoise`).
In CBOW each input has one target, so only the noise makes a product (`OwnAndNoise`). Gradients are products again.

    here                                              in the textbook
    scores = rows @ inputs.T                          s = u . h for every pair
    residuals: target     1 - sigma(s)                weight (label - sigma(s)), label and weight 1
               noise    - weight sigma(s)             weight (label - sigma(s)), label 0
    d_rows    = residuals @ inputs                    - dL/du = residual_m h, summed over the inputs that met the row
    d_h       = residuals.T @ rows                    - dL/dh = sum_m residual_m u_m

Sigma and the losses come from the odds of a wrong label, o = exp(-s) for a target and exp(s) for noise: the loss is
log(1 + o), the residual o / (1 + o) but for its sign, and the losses add up to the log of a product.
"""

from typing import Protocol

import numpy as np

from pipeline.training.batch import Batch, Noise
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
from pipeline.training.parameters import Parameters


class NegativeOutput:
    """The arrays of a step; every one is made once and written again."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, K), D = batch.targets.present.shape, _noise(batch).words.shape, dimensions
        self._places_GJ, self._cover_GJ = places_of_blocks(N, N // G, W)
        self._near, R = N // G + W - 1, N // G + W - 1 + K  # J; all rows of a group
        self.ids_LGR, self.occurrences_LGR = np.empty((L, G, R), np.int32), np.empty((L, G, R), np.int32)
        self.rows_LGRD, self.d_rows_LGRD = floats(L, G, R, D), floats(L, G, R, D)
        kind = AroundAndNoise if W > 1 else OwnAndNoise
        self._scores: Scores = kind(batch, self.rows_LGRD, self.d_rows_LGRD)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with its targets and its noise; returns each lane's loss, (L,)."""
        self.ids_LGR[..., : self._near] = batch.targets.words[:, self._places_GJ]
        self.ids_LGR[..., self._near :] = _noise(batch).words
        parameters.contexts.take(self.ids_LGR, axis=0, out=self.rows_LGRD, mode="clip")
        return self._scores.forward(batch, h_LND)

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows."""
        counts = batch.targets.occurrences[:, self._places_GJ]
        np.multiply(counts, self._cover_GJ, out=self.occurrences_LGR[..., : self._near])
        self.occurrences_LGR[..., self._near :] = _noise(batch).occurrences
        d_h_LND = self._scores.backward()
        return d_h_LND, [Pull("contexts", self.ids_LGR, self.occurrences_LGR, self.d_rows_LGRD)]


class Scores(Protocol):
    """Inputs against the rows of their groups."""

    def forward(self, batch: Batch, h_LND: Float32s) -> Float64s:
        """Keep the residuals; returns each lane's loss, (L,)."""

    def backward(self) -> Float32s:
        """(L, N, D) the negative gradient of the inputs; writes those of the rows."""


class AroundAndNoise:
    """Skip-gram: the targets around a group's inputs and its noise, all in one product."""

    def __init__(self, batch: Batch, rows_LGRD: Float32s, d_rows_LGRD: Float32s) -> None:
        (L, N, W), (_, G, R, D) = batch.targets.present.shape, rows_LGRD.shape
        T = N // G
        J = T + W - 1
        self.rows_LGRD, self.d_rows_LGRD, self.d_h_LND = rows_LGRD, d_rows_LGRD, floats(L, N, D)
        self.scores_LGRT, self.residuals_LGRT = floats(L, G, R, T), np.zeros((L, G, R, T), np.float32)
        self._near_scores = column_band(self.scores_LGRT[:, :, :J], W)
        self._near_residuals = column_band(self.residuals_LGRT[:, :, :J], W)  # off the band nothing is ever written
        self._far_scores, self._far_residuals = self.scores_LGRT[:, :, J:], self.residuals_LGRT[:, :, J:]
        self.odds_LGWT, self.terms_LGWT = floats(L, G, W, T), floats(L, G, W, T)
        self._noise = NoiseResiduals(batch)

    def forward(self, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score a group's inputs with its rows."""
        L, G, W, T = self.odds_LGWT.shape
        self.h_LGTD = h_LND.reshape(L, G, T, -1)
        np.matmul(self.rows_LGRD, self.h_LGTD.swapaxes(2, 3), out=self.scores_LGRT)
        near = self._targets(batch.targets.present.reshape(L, G, T, W).swapaxes(2, 3))
        return near + self._noise.of(self._far_scores, batch, self._far_residuals)

    def _targets(self, present_LGWT: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> Float64s:
        odds = np.negative(self._near_scores, out=self.odds_LGWT)
        np.exp(odds, out=odds)
        odds *= present_LGWT
        terms = np.add(odds, 1.0, out=self.terms_LGWT)
        losses = logs_of_products(terms, axis=2)  # where no pair is, the odds and the loss are 0
        if losses is None:
            odds[~present_LGWT] = 0.0  # a place that is no pair may score what it likes
            losses = np.log(np.add(odds, 1.0, out=terms)).sum(axis=2)
        np.divide(odds, terms, out=self._near_residuals)
        return lane_sums(losses)

    def backward(self) -> Float32s:
        """Residuals times rows, both ways."""
        np.matmul(self.residuals_LGRT, self.h_LGTD, out=self.d_rows_LGRD)
        np.matmul(self.residuals_LGRT.swapaxes(2, 3), self.rows_LGRD, out=self.d_h_LND.reshape(self.h_LGTD.shape))
        return self.d_h_LND


class OwnAndNoise:
    """CBOW: each input's only target is the word of its own place, so these scores are row by row."""

    def __init__(self, batch: Batch, rows_LGRD: Float32s, d_rows_LGRD: Float32s) -> None:
        (L, N, _), (_, G, R, D) = batch.targets.present.shape, rows_LGRD.shape
        T = N // G
        self.own_LGTD, self.d_own_LGTD = rows_LGRD[:, :, :T], d_rows_LGRD[:, :, :T]
        self.noise_LGKD, self.d_noise_LGKD = rows_LGRD[:, :, T:], d_rows_LGRD[:, :, T:]
        self.odds_LGT, self.terms_LGT = floats(L, G, T), floats(L, G, T)
        self.residuals_LGKT, self.d_own_h_LGTD, self.d_h_LND = (
            floats(L, G, R - T, T),
            floats(L, G, T, D),
            floats(L, N, D),
        )
        self._noise = NoiseResiduals(batch)

    def forward(self, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score inputs with their targets, and a group's inputs with its noise."""
        self.h_LGTD, odds = h_LND.reshape(self.d_own_h_LGTD.shape), self.odds_LGT
        np.matmul(self.noise_LGKD, self.h_LGTD.swapaxes(2, 3), out=self.residuals_LGKT)
        np.vecdot(self.own_LGTD, self.h_LGTD, out=odds)
        np.exp(np.negative(odds, out=odds), out=odds)
        odds[~batch.targets.present.reshape(odds.shape)] = 0.0
        terms = np.add(odds, 1.0, out=self.terms_LGT)
        losses = lane_sums(np.log(terms))
        np.divide(odds, terms, out=odds)  # the residuals
        return losses + self._noise.of(self.residuals_LGKT, batch, self.residuals_LGKT)

    def backward(self) -> Float32s:
        """Residuals times rows, both ways."""
        own, d_h_LGTD = self.odds_LGT[..., None], self.d_h_LND.reshape(self.h_LGTD.shape)
        np.multiply(own, self.h_LGTD, out=self.d_own_LGTD)
        np.matmul(self.residuals_LGKT, self.h_LGTD, out=self.d_noise_LGKD)
        np.matmul(self.residuals_LGKT.swapaxes(2, 3), self.noise_LGKD, out=d_h_LGTD)
        d_h_LGTD += np.multiply(own, self.own_LGTD, out=self.d_own_h_LGTD)
        return self.d_h_LND


class NoiseResiduals:
    """From scores with noise to residuals, each pair with the weight of its input (`batch.Noise`)."""

    def __init__(self, batch: Batch) -> None:
        (L, N, _), (_, G, K) = batch.targets.present.shape, _noise(batch).words.shape
        self.share = _noise(batch).negative / K
        self.odds_LGKT, self.terms_LGKT = floats(L, G, K, N // G), floats(L, G, K, N // G)

    def of(self, scores_LGKT: Float32s, batch: Batch, residuals_LGKT: Float32s) -> Float64s:
        """Write the residuals, where the scores are if you like; returns each lane's loss, (L,)."""
        L, G, _, T = self.odds_LGKT.shape
        weights = batch.targets.present.sum(axis=2, dtype=np.float32).reshape(L, G, T)
        weights *= self.share
        if not weights.all():
            scores_LGKT.swapaxes(2, 3)[weights == 0] = 0.0  # an input without targets may score what it likes
        odds = np.exp(scores_LGKT, out=self.odds_LGKT)
        terms = np.add(odds, 1.0, out=self.terms_LGKT)
        losses = logs_of_products(terms, axis=2)
        if losses is None:
            losses = np.log(terms).sum(axis=2)
        losses *= weights
        odds /= terms
        np.multiply(odds, np.negative(weights, out=weights)[:, :, None], out=residuals_LGKT)
        return lane_sums(losses)


def _noise(batch: Batch) -> Noise:
    if not isinstance(batch.drawn, Noise):
        raise TypeError("negative sampling needs a batch with noise")
    return batch.drawn
