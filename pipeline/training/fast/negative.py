"""The output side of negative sampling, fast: a few matrix products in float32 (`models.negative_sampling`).

In skip-gram a block of T inputs, one after the other, meets the J = T + 2 reach targets around it: their scores are a
small product, (J x D) (D x T), stacked over the blocks. Where windows shrink, blocks are runs, of whose scores nearly
all count (`StepShape`). A group's S inputs, every G-th of a lane, share K noise words: (K x D) (D x S)
(`SharedNegative`). In CBOW each input has one target, so only the noise makes a product (`OwnNegative`). Gradients are
products again.

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
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from pipeline.training.batch import Batch, Bools
from pipeline.training.drawn import Ids, Noise
from pipeline.training.fast.blocks import (
    Float32s,
    Float64s,
    floats,
    lane_sums,
    logs_of_products,
    overlapping,
    places_of_blocks,
)
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters

LARGEST = np.float32(1e38)
"""Odds are no larger; to a float, odds / (1 + odds) is 1 from 1e8 on."""


class SharedNegative:
    """Skip-gram: a block's inputs and the targets around it in one product, a group's inputs and its noise in another.

    The arrays of a step; every one is made once and written again. Of the R = L B J + L G K rows that are pulled the
    first are the targets', block by block, and a target within reach of several blocks has a row for each.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, G, K), D = batch.targets.present.shape, noise_of(batch).words.shape, dimensions
        T, c = noise_of(batch).block, noise_of(batch).reach
        B, J, first = N // T, T + 2 * c, W // 2 - c  # `first` of a lane's targets is the first block's first
        near, R = L * B * J, L * B * J + L * G * K
        self._met = slice(first, first + N + 2 * c)
        self._places_BJ, self._cover_BJ = places_of_blocks(N, T, J)
        self.ids_R, self.occurrences_R = np.empty(R, np.int32), np.empty(R, np.int32)
        self.near_LMD, self.d_rows_RD = floats(L, N + 2 * c, D), floats(R, D)
        self._near_LBJD = overlapping(self.near_LMD, B, T, J)
        self._d_near_LBJD = self.d_rows_RD[:near].reshape(L, B, J, D)
        self._noise_LGKD = self.d_rows_RD[near:].reshape(L, G, K, D)  # these rows, then what pulls them
        self._present = Present((L, N, W), T, first, J)
        self.odds_LBJT, self.terms_LBJT, self.scores_LBJT = (floats(L, B, J, T) for _ in range(3))
        self.scores_LGKS = floats(L, G, K, N // G)
        self.d_h_LND, self._d_h_near_LBTD = floats(L, N, D), floats(L, B, T, D)
        self._noise = NoiseResiduals(batch)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score inputs with the targets around them, and with their noise; returns each lane's loss, (L,)."""
        targets, groups = batch.targets, self.scores_LGKS.shape[1]
        parameters.contexts.take(targets.words[:, self._met], axis=0, out=self.near_LMD, mode="clip")
        parameters.contexts.take(noise_of(batch).words, axis=0, out=self._noise_LGKD, mode="clip")
        self.h_LBTD, self.h_LGSD = h_LND.reshape(self._d_h_near_LBTD.shape), in_groups(h_LND, groups)
        np.matmul(self._near_LBJD, self.h_LBTD.swapaxes(2, 3), out=self.scores_LBJT)
        np.matmul(self._noise_LGKD, self.h_LGSD.swapaxes(2, 3), out=self.scores_LGKS)
        near = self._targets(self._present.of(targets.present))
        return near + self._noise.of(self.scores_LGKS, in_groups(targets.present.sum(axis=2, dtype=np.float32), groups))

    def _targets(self, present_LBJT: Bools) -> Float64s:
        """Turn the scores with targets into residuals; returns each lane's loss, (L,)."""
        odds = np.negative(self.scores_LBJT, out=self.odds_LBJT)
        np.exp(odds, out=odds)
        odds *= present_LBJT
        terms = np.add(odds, 1.0, out=self.terms_LBJT)
        losses = logs_of_products(terms, axis=2)  # where no pair is, the odds and the loss are 0
        if losses is None:
            wrong = np.where(present_LBJT, -self.scores_LBJT, -np.inf)  # what is no pair may score what it likes
            losses = _anew(wrong, odds, terms).sum(axis=2)
        np.divide(odds, terms, out=self.scores_LBJT)
        return lane_sums(losses)

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:  # noqa: ARG002 - for ends of paths
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows: residuals times rows, both ways."""
        targets, noise, groups = batch.targets, noise_of(batch), self.scores_LGKS.shape[1]
        _beside(targets.words[:, self._met].take(self._places_BJ, axis=1), noise.words, self.ids_R)
        counts = targets.occurrences[:, self._met].take(self._places_BJ, axis=1)
        _beside(np.multiply(counts, self._cover_BJ, out=counts), noise.occurrences, self.occurrences_R)
        np.matmul(self.scores_LGKS.swapaxes(2, 3), self._noise_LGKD, out=in_groups(self.d_h_LND, groups))
        np.matmul(self.scores_LBJT.swapaxes(2, 3), self._near_LBJD, out=self._d_h_near_LBTD)
        self.d_h_LND += self._d_h_near_LBTD.reshape(self.d_h_LND.shape)
        np.matmul(self.scores_LBJT, self.h_LBTD, out=self._d_near_LBJD)
        np.matmul(self.scores_LGKS, self.h_LGSD, out=self._noise_LGKD)
        return self.d_h_LND, [Pull("contexts", self.ids_R, self.occurrences_R, self.d_rows_RD)]


class Present:
    """Which of a block's J targets are those of each of its T inputs, for the B blocks of L lanes.

    Args:
        shape: (L, N, W) of `Targets.present`.
        size: T.
        first: the lane's first block begins with this one of its targets.
        span: J.
    """

    def __init__(self, shape: tuple[int, int, int], size: int, first: int, span: int) -> None:
        (L, N, W), beyond = shape, max(size - 1 - first, 0)  # before and after an input's places, where the block ends
        stored_LWN = np.zeros((L, W + 2 * beyond, N), np.bool_)
        self._stored_LWN = stored_LWN[:, beyond : beyond + W]
        over, down, along = stored_LWN.strides
        # of block b input t is center b T + t, and target j stands at its place first + j - t
        self._blocks_LBJT = as_strided(
            stored_LWN[:, beyond + first :], (L, N // size, span, size), (over, size * along, down, along - down)
        )

    def of(self, present_LNW: Bools) -> Bools:
        """(L, B, J, T), a view that the next call changes."""
        self._stored_LWN[...] = present_LNW.swapaxes(1, 2)
        return self._blocks_LBJT


class OwnNegative:
    """CBOW: each input's only target is the word of its own place, so these scores are row by row.

    Of the R = L N + L G K rows the first are the targets'. The arrays of a step, as above.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, _), (_, G, K), D = batch.targets.present.shape, noise_of(batch).words.shape, dimensions
        own, R = L * N, L * N + L * G * K
        self.ids_R, self.occurrences_R = np.empty(R, np.int32), np.empty(R, np.int32)
        self.rows_RD, self.d_h_LND = floats(R, D), floats(L, N, D)
        self.own_LND, self.noise_LGKD = self.rows_RD[:own].reshape(L, N, D), self.rows_RD[own:].reshape(L, G, K, D)
        self.odds_LN, self.terms_LN, self.scores_LGKS = floats(L, N), floats(L, N), floats(L, G, K, N // G)
        self._inputs = np.arange(own, dtype=np.int32)
        self._noise = NoiseResiduals(batch)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score inputs with their targets, and a group's inputs with its noise; returns each lane's loss, (L,)."""
        present_LN, groups = batch.targets.present[..., 0], self.scores_LGKS.shape[1]
        self.h_LND, self.h_LGSD = h_LND, in_groups(h_LND, groups)
        _beside(batch.targets.words, noise_of(batch).words, self.ids_R)
        parameters.contexts.take(self.ids_R, axis=0, out=self.rows_RD, mode="clip")
        np.matmul(self.noise_LGKD, self.h_LGSD.swapaxes(2, 3), out=self.scores_LGKS)
        return self._targets(present_LN) + self._noise.of(self.scores_LGKS, in_groups(present_LN, groups))

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

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:  # noqa: ARG002 - for ends of paths
        """(L, N, D) the negative gradient of the inputs, and what pulls the rows: residuals times rows, both ways."""
        _beside(batch.targets.occurrences, noise_of(batch).occurrences, self.occurrences_R)
        d_h_LGSD = in_groups(self.d_h_LND, self.scores_LGKS.shape[1])
        np.matmul(self.scores_LGKS.swapaxes(2, 3), self.noise_LGKD, out=d_h_LGSD)
        add_rows(self.d_h_LND.reshape(-1, self.d_h_LND.shape[2]), self._inputs, self.odds_LN, self.own_LND)
        np.multiply(self.odds_LN[..., None], self.h_LND, out=self.own_LND)  # from here on the rows are their gradients
        np.matmul(self.scores_LGKS, self.h_LGSD, out=self.noise_LGKD)
        return self.d_h_LND, [Pull("contexts", self.ids_R, self.occurrences_R, self.rows_RD)]


def in_groups(values: NDArray[Any], groups: int) -> NDArray[Any]:
    """(L, N, ...) as (L, G, S, ...), each group's centers (`Batch.group`), without a copy."""
    lanes, centers, *rest = values.shape
    in_turn: NDArray[Any] = values.reshape(lanes, centers // groups, groups, *rest, copy=False).swapaxes(1, 2)
    return in_turn


def _beside(targets: Ids, noise: Ids, out: Ids) -> None:
    """Write what belongs to the targets, then what belongs to the noise."""
    np.concatenate([targets.ravel(), noise.ravel()], out=out)


class NoiseResiduals:
    """From scores with noise to residuals, each pair with the weight of its input (`drawn.Noise`)."""

    def __init__(self, batch: Batch) -> None:
        (L, N, _), (_, G, K) = batch.targets.present.shape, noise_of(batch).words.shape
        self.share = np.float32(noise_of(batch).negative / K)
        self.odds_LGKS, self.terms_LGKS = floats(L, G, K, N // G), floats(L, G, K, N // G)

    def of(self, scores_LGKS: Float32s, targets_LGS: NDArray[Any]) -> Float64s:
        """Write the residuals where the scores are; returns each lane's loss, (L,)."""
        weights = targets_LGS * self.share
        if not weights.all():
            scores_LGKS.swapaxes(2, 3)[weights == 0] = 0.0  # an input without targets may score what it likes
        odds = np.exp(scores_LGKS, out=self.odds_LGKS)
        terms = np.add(odds, 1.0, out=self.terms_LGKS)
        losses = logs_of_products(terms, axis=2)
        if losses is None:
            losses = _anew(scores_LGKS, odds, terms).sum(axis=2)
        losses *= weights
        odds /= terms
        np.multiply(odds, np.negative(weights, out=weights)[:, :, None], out=scores_LGKS)
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
