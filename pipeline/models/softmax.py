"""Full softmax: a target competes with every word of the vocabulary, with its gradient.

The textbook model: an input vector h scores every word, s_w = u_w . h, and

    p(w | h) = exp(s_w) / sum_v exp(s_v),   L = - log p(target | h) = log sum_v exp(s_v) - s_target

equation 2 of Mikolov et al. (NIPS 2013); equations 1 to 4 of Rong, "word2vec Parameter Learning Explained" (2014).

The gradient. The derivative of log sum exp with respect to s_w is p(w | h), so

    dL/ds_w = p(w | h) - [w = target] = - residual_w
    dL/dh   = - sum_w residual_w u_w
    dL/du_w = - residual_w h

Every word's row moves at every example: V x D products each, which is why the other two outputs exist.
"""

import numpy as np

from pipeline.models.negative_sampling import Float64s


def loss(h: Float64s, u: Float64s, target: int) -> float:
    """L of the module's docstring, in nats.

    Args:
        h: (D,) the input vector.
        u: (V, D) the output vectors of all words.
        target: the word that stood there.
    """
    return float(-log_probabilities(u @ h)[target])


def gradient(h: Float64s, u: Float64s, target: int) -> tuple[Float64s, Float64s]:
    """The gradient of `loss`: d_h (D,) and d_u (V, D). Arguments as there."""
    residuals = -np.exp(log_probabilities(u @ h))  # (V,)
    residuals[target] += 1.0
    return -(residuals @ u), -np.outer(residuals, h)


def log_probabilities(scores: Float64s) -> Float64s:
    """log p(w | h) of each of V scores, without overflow."""
    shifted: Float64s = scores - scores.max()
    normalized: Float64s = shifted - np.log(np.exp(shifted).sum())
    return normalized
