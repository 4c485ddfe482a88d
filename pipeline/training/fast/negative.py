"""The output side of negative sampling, fast: a few matrix products in float32 (`models.negative_sampling`).

All rows that a step meets lie in one array: the targets' first, block by block, then the noise's, group by group. The
T consecutive inputs of a block meet nearly the same targets, J = T + 2c rows, so their scores are one product
(J x D) (D x T), of which a band counts (`BandOfTargets`); an input of CBOW has one target, its own (`OwnTargets`). The
inputs of a group and their K noise words are one product too (`SharedNoise`). Both gradients are products again.

    here                                              in the textbook
    scores = rows @ inputs.T                          s = u . h for every pair
    residuals: target     1 - sigma(s)                weight (label - sigma(s)), label and weight 1
               noise    - weight sigma(s)             weight (label - sigma(s)), label 0
    d_rows    = residuals @ inputs                    - dL/du = residual_m h, summed over the inputs that met the row
    d_h       = residuals.T @ rows                    - dL/dh = sum_m residual_m u_m
"""

from typing import Protocol

import numpy as np

from pipeline.training.batch import BLOCK, Batch, Noise
from pipeline.training.fast.blocks import (
    Float32s,
    Float64s,
    column_band,
    floats,
    logs_of_products,
    places_of_blocks,
)
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class Terms(Protocol):
    """Some of the loss's terms: inputs against rows."""

    def forward(self, h_LND: Float32s, batch: Batch) -> Float64s:
        """Score inputs with rows and keep the residuals; returns each lane's loss, (L,)."""

    def backward(self, d_h_LND: Float32s) -> None:
        """Write the rows' negative gradients, and add or write those of the inputs."""


class BandOfTargets:
    """Skip-gram: of a block's J x T scores those count that lie within the window of an input, W = 2c + 1 places."""

    def __init__(self, batch: Batch, rows_LBJD: Float32s, d_rows_LBJD: Float32s) -> None:
        (L, N, W), (_, B, J, _) = batch.targets.present.shape, rows_LBJD.shape
        self.rows_LBJD, self.d_rows_LBJD = rows_LBJD, d_rows_LBJD
        self.scores_LBJT = floats(L, B, J, BLOCK)
        self.odds_LBWT, self.terms_LBWT = floats(L, B, W, BLOCK), floats(L, B, W, BLOCK)
        self.residuals_LBJT = np.zeros((L, B, J, BLOCK), np.float32)  # off the band nothing is ever written
        self._scores_band, self._residuals_band = column_band(self.scores_LBJT, W), column_band(self.residuals_LBJT, W)

    def forward(self, h_LND: Float32s, batch: Batch) -> Float64s:
        """Score the block's inputs with its targets."""
        L, B, W, T = self.odds_LBWT.shape
        self.h_LBTD = h_LND.reshape(L, B, T, -1)
        present = batch.targets.present.reshape(L, B, T, W).swapaxes(2, 3)  # (L, B, W, T)
        np.matmul(self.rows_LBJD, self.h_LBTD.swapaxes(2, 3), out=self.scores_LBJT)
        odds = np.negative(self._scores_band, out=self.odds_LBWT)
        np.exp(odds, out=odds)  # of the pair not being one: sigma(-s) / sigma(s)
        odds *= present
        terms = np.add(odds, 1.0, out=self.terms_LBWT)  # log(1 + exp(-s)) is the loss, and 0 where no pair is
        losses = logs_of_products(terms, axis=2)
        if losses is None:
            odds[~present] = 0.0  # a place that is no pair may score what it likes
            losses = np.log(np.add(odds, 1.0, out=terms)).sum(axis=2)
        np.divide(odds, terms, out=self._residuals_band)
        return losses.sum(axis=(1, 2), dtype=np.float64)

    def backward(self, d_h_LND: Float32s) -> None:
        """Residuals times rows, both ways."""
        np.matmul(self.residuals_LBJT.swapaxes(2, 3), self.rows_LBJD, out=d_h_LND.reshape(self.h_LBTD.shape))
        np.matmul(self.residuals_LBJT, self.h_LBTD, out=self.d_rows_LBJD)


class OwnTargets:
    """CBOW: each input's only target is the word of its own place, so the scores are row by row."""

    def __init__(self, batch: Batch, rows_LBTD: Float32s, d_rows_LBTD: Float32s) -> None:
        L, N, _ = batch.targets.present.shape
        self.rows_LND, self.d_rows_LND = (rows.reshape(L, N, -1) for rows in (rows_LBTD, d_rows_LBTD))
        self.odds_LN, self.terms_LN = floats(L, N), floats(L, N)

    def forward(self, h_LND: Float32s, batch: Batch) -> Float64s:
        """Score each input with its target."""
        self.h_LND, odds = h_LND, self.odds_LN
        np.vecdot(self.rows_LND, h_LND, out=odds)
        np.exp(np.negative(odds, out=odds), out=odds)
        odds[~batch.targets.present[..., 0]] = 0.0
        terms = np.add(odds, 1.0, out=self.terms_LN)
        losses: Float64s = np.log(terms).sum(axis=1, dtype=np.float64)
        np.divide(odds, terms, out=odds)  # the residuals
        return losses

    def backward(self, d_h_LND: Float32s) -> None:
        """Each residual times its row, and times its input."""
        residuals = self.odds_LN[..., None]
        np.multiply(residuals, self.rows_LND, out=d_h_LND)
        np.multiply(residuals, self.h_LND, out=self.d_rows_LND)


class SharedNoise:
    """A group's K noise words against its H inputs, each pair with the weight of its input (`batch.Noise`)."""

    def __init__(self, batch: Batch, rows_LGKD: Float32s, d_rows_LGKD: Float32s) -> None:
        (L, N, _), (_, G, K, D) = batch.targets.present.shape, rows_LGKD.shape
        self.rows_LGKD, self.d_rows_LGKD = rows_LGKD, d_rows_LGKD
        self.share = _noise(batch).negative / K
        self.odds_LGKH, self.terms_LGKH = floats(L, G, K, N // G), floats(L, G, K, N // G)
        self.d_h_LND = floats(L, N, D)

    def forward(self, h_LND: Float32s, batch: Batch) -> Float64s:
        """Score the group's inputs with its noise."""
        L, G, _, H = self.odds_LGKH.shape
        self.h_LGHD = h_LND.reshape(L, H, G, -1).swapaxes(1, 2)
        counts = batch.targets.present.sum(axis=2, dtype=np.float32)  # (L, N)
        weights = np.multiply(counts.reshape(L, H, G).swapaxes(1, 2), self.share, order="C")
        odds = np.matmul(self.rows_LGKD, self.h_LGHD.swapaxes(2, 3), out=self.odds_LGKH)
        if not weights.all():
            odds.swapaxes(2, 3)[weights == 0] = 0.0  # an input without targets may score what it likes
        np.exp(odds, out=odds)  # of the pair being one: sigma(s) / sigma(-s)
        terms = np.add(odds, 1.0, out=self.terms_LGKH)  # log(1 + exp(s)) is the loss
        losses = logs_of_products(terms, axis=2)
        if losses is None:
            losses = np.log(terms).sum(axis=2)
        losses *= weights
        odds /= terms
        odds *= np.negative(weights, out=weights)[:, :, None]  # the residuals
        return losses.sum(axis=(1, 2), dtype=np.float64)

    def backward(self, d_h_LND: Float32s) -> None:
        """Residuals times rows, both ways."""
        residuals = self.odds_LGKH
        np.matmul(residuals.swapaxes(2, 3), self.rows_LGKD, out=self.d_h_LND.reshape(self.h_LGHD.swapaxes(1, 2).shape).swapaxes(1, 2))
        np.matmul(residuals, self.h_LGHD, out=self.d_rows_LGKD)
        d_h_LND += self.d_h_LND


class NegativeOutput:
    """The arrays of a step; every one is made once and written again."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, K), D = batch.targets.present.shape, _noise(batch).words.shape, dimensions
        self._places_BJ, self._cover_BJ = places_of_blocks(N, W)
        B, J = self._places_BJ.shape
        M, self._targets = B * J + G * K, slice(0, B * J)  # rows of a lane, and which are the targets'
        self._noise = slice(B * J, M)
        self.ids_LM, self.occurrences_LM = np.empty((L, M), np.int32), np.empty((L, M), np.int32)
        self.rows_LMD, self.d_rows_LMD, self.d_h_LND = floats(L, M, D), floats(L, M, D), floats(L, N, D)
        both = self.rows_LMD, self.d_rows_LMD
        near = [rows[:, self._targets].reshape(L, B, J, D) for rows in both]
        far = [rows[:, self._noise].reshape(L, G, K, D) for rows in both]
        self._terms: tuple[Terms, Terms] = (BandOfTargets if W > 1 else OwnTargets)(batch, *near), SharedNoise(batch, *far)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with its targets and its noise; returns each lane's loss, (L,)."""
        lanes = len(h_LND)
        self.ids_LM[:, self._targets] = batch.targets.words[:, self._places_BJ].reshape(lanes, -1)
        self.ids_LM[:, self._noise] = _noise(batch).words.reshape(lanes, -1)
        parameters.contexts.take(self.ids_LM, axis=0, out=self.rows_LMD, mode="clip")
        near, far = (terms.forward(h_LND, batch) for terms in self._terms)
        return near + far

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows."""
        for terms in self._terms:
            terms.backward(self.d_h_LND)
        counts = batch.targets.occurrences[:, self._places_BJ] * self._cover_BJ
        self.occurrences_LM[:, self._targets] = counts.reshape(len(counts), -1)
        self.occurrences_LM[:, self._noise] = _noise(batch).occurrences.reshape(len(counts), -1)
        return self.d_h_LND, [Pull("contexts", self.ids_LM, self.occurrences_LM, self.d_rows_LMD)]


def _noise(batch: Batch) -> Noise:
    if not isinstance(batch.drawn, Noise):
        raise TypeError("negative sampling needs a batch with noise")
    return batch.drawn
