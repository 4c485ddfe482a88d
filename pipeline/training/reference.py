"""The reference trainer: skip-gram with negative sampling in float64, one pair of words at a time.

This is the clean, minimal twin of `fast`: it refuses every trick, shares no array code with it, and is slow (about
10,000 words/s). It exists to be read and to be compared with. What it computes is a step of gradient descent on the
loss summed over a batch; with a batch of a single pair that is the order of Mikolov's program.

For every center n with word w, every context position o of n with word c, and every noise word z of n's group:

    the pair (w, c) has label 1 and weight 1
    the pair (w, z) has label 0 and weight  contexts(n) * negative / K

and `models.negative_sampling` gives loss and gradient of a pair. All gradients are taken at the parameters before the
step.
"""

import numpy as np

from pipeline.models import negative_sampling
from pipeline.models.negative_sampling import Float64s
from pipeline.training.batch import Batch, Floats, Ids, row_rates
from pipeline.training.parameters import Parameters


class ReferenceTrainer:
    """Textbook steps on float64 parameters."""

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move `parameters` by one step of learning rate `rate`; return the batch's summed loss before it, in nats."""
        vectors, contexts, window = parameters.vectors, parameters.contexts, batch.window
        d_centers = np.zeros((len(batch.centers), vectors.shape[1]))  # (N, D), one gradient an occurrence
        d_tokens = np.zeros((len(batch.tokens), vectors.shape[1]))  # (N + 2C, D)
        d_noise = np.zeros((*batch.noise.shape, vectors.shape[1]))  # (G, K, D)
        total = 0.0
        for n, center in enumerate(batch.centers):
            places, group = _context_places(batch, n), n // batch.group
            outputs = np.concatenate([batch.tokens[places], batch.noise[group]])
            labels, weights = _labels_and_weights(len(places), batch)
            v, u = vectors[center], contexts[outputs]
            total += negative_sampling.loss(v, u, labels, weights)
            d_centers[n], d_outputs = negative_sampling.gradient(v, u, labels, weights)
            d_tokens[places] += d_outputs[: len(places)]
            d_noise[group] += d_outputs[len(places) :]
        _descend(vectors, batch.centers, rate, batch.token_occurrences[window:-window], d_centers)
        _descend(contexts, batch.tokens, rate, batch.token_occurrences, d_tokens)
        _descend(contexts, batch.noise, rate, batch.noise_occurrences, d_noise)
        return total


def _descend(matrix: Floats, words: Ids, rate: float, occurrences: Ids, gradients: Float64s) -> None:
    """Take each occurrence's step against its gradient, at its own rate."""
    rates = row_rates(rate, occurrences, np.linalg.norm(gradients, axis=-1))
    for place in np.ndindex(words.shape):
        matrix[words[place]] -= rates[place] * gradients[place]


def _context_places(batch: Batch, n: int) -> list[int]:
    """Where in `batch.tokens` the contexts of center n stand."""
    return [n + o for o in range(2 * batch.window + 1) if batch.positive[n, o]]


def _labels_and_weights(contexts: int, batch: Batch) -> tuple[Float64s, Float64s]:
    """For a center with that many contexts: label and weight of each context, then of each noise word."""
    noise = batch.noise.shape[1]
    labels = np.repeat([1.0, 0.0], [contexts, noise])
    weights = np.repeat([1.0, contexts * batch.negative / noise], [contexts, noise])
    return labels, weights
