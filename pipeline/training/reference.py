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
from pipeline.models.negative_sampling import Float64s, Sigmoid
from pipeline.training.batch import Batch, pairs_per_center, row_rates
from pipeline.training.parameters import Parameters


class ReferenceTrainer:
    """Textbook steps on float64 parameters.

    Args:
        sigmoid: how to compute sigma; the cross-check puts another program's table here.
    """

    def __init__(self, sigmoid: Sigmoid = negative_sampling.sigmoid) -> None:
        self._sigmoid = sigmoid

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move `parameters` by one step of learning rate `rate`; return the batch's summed loss before it, in nats."""
        vectors, contexts = parameters.vectors, parameters.contexts
        moved_vectors, moved_contexts = vectors.copy(), contexts.copy()
        pairs = pairs_per_center(batch.window, batch.negative)
        token_rates = row_rates(rate, batch.token_occurrences, pairs)  # (N + 2C,)
        noise_rates = row_rates(rate, batch.noise_occurrences, pairs)  # (G, K)
        total = 0.0
        for n, center in enumerate(batch.centers):
            places = _context_places(batch, n)
            noise = n // batch.group
            outputs = np.concatenate([batch.tokens[places], batch.noise[noise]])
            rates = np.concatenate([token_rates[places], noise_rates[noise]])
            labels, weights = _labels_and_weights(len(places), batch)
            v, u = vectors[center], contexts[outputs]
            total += negative_sampling.loss(v, u, labels, weights)
            d_v, d_u = negative_sampling.gradient(v, u, labels, weights, self._sigmoid)
            moved_vectors[center] -= token_rates[n + batch.window] * d_v
            for output, output_rate, d_output in zip(outputs, rates, d_u, strict=True):
                moved_contexts[output] -= output_rate * d_output
        vectors[:], contexts[:] = moved_vectors, moved_contexts
        return total


def _context_places(batch: Batch, n: int) -> list[int]:
    """Where in `batch.tokens` the contexts of center n stand."""
    return [n + o for o in range(2 * batch.window + 1) if batch.positive[n, o]]


def _labels_and_weights(contexts: int, batch: Batch) -> tuple[Float64s, Float64s]:
    """For a center with that many contexts: label and weight of each context, then of each noise word."""
    noise = batch.noise.shape[1]
    labels = np.repeat([1.0, 0.0], [contexts, noise])
    weights = np.repeat([1.0, contexts * batch.negative / noise], [contexts, noise])
    return labels, weights
