"""The output side of full softmax, fast: every input against every word, as whole matrix products (`models.softmax`).

An input with p targets makes p examples with one and the same distribution, so its residuals add up to

    residual_w = (how often w is its target) - p * p(w | h)
"""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class SoftmaxOutput:
    """The arrays of a step, with a score of every one of V words for each of N inputs in L lanes."""

    def __init__(self, batch: Batch, parameters: Parameters) -> None:
        (L, N, W), (V, D) = batch.targets.present.shape, parameters.contexts.shape
        self.scores_LNV, self.counts_LNV = floats(L, N, V), floats(L, N, V)
        self.d_h_LND, self.d_contexts_LVD = floats(L, N, D), floats(L, V, D)
        self.words_LV = np.tile(np.arange(V, dtype=np.int32), (L, 1))
        self.occurrences_LV = np.full((L, V), 0, np.int32)
        self._around_NW = np.arange(N)[:, None] + np.arange(W)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with every word; returns each lane's loss, (L,)."""
        self.h_LND, self.contexts_VD = h_LND, parameters.contexts
        scores = self.scores_LNV
        np.matmul(h_LND, parameters.contexts.T, out=scores)
        counts = self._counts(batch)
        pairs = batch.targets.present.sum(axis=2, dtype=np.float32)[..., None]  # (L, N, 1)
        scores -= scores.max(axis=2, keepdims=True)
        target_scores = np.einsum("lnv,lnv->l", counts, scores, dtype=np.float64)
        np.exp(scores, out=scores)
        totals = scores.sum(axis=2, keepdims=True)
        losses: Float64s = (pairs * np.log(totals)).sum(axis=(1, 2), dtype=np.float64) - target_scores
        scores *= -pairs / totals
        scores += counts
        return losses

    def _counts(self, batch: Batch) -> Float32s:
        """(L, N, V) how often each word is a target of each input."""
        self.counts_LNV.fill(0.0)
        lanes, inputs, places = np.nonzero(batch.targets.present)
        words = batch.targets.words[lanes, self._around_NW[inputs, places]]
        np.add.at(self.counts_LNV, (lanes, inputs, words), 1.0)
        return self.counts_LNV

    def backward(self, batch: Batch, rate: float) -> tuple[Float32s, list[Pull]]:  # noqa: ARG002 - for ends of paths
        """Residuals times rows, both ways: (L, N, D) of the inputs, and what pulls every word's output row."""
        residuals = self.scores_LNV
        np.matmul(residuals, self.contexts_VD, out=self.d_h_LND)
        np.matmul(residuals.transpose(0, 2, 1), self.h_LND, out=self.d_contexts_LVD)
        self.occurrences_LV.fill(len(batch.tokens))
        return self.d_h_LND, [Pull("contexts", self.words_LV, self.occurrences_LV, self.d_contexts_LVD)]
