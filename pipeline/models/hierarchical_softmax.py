"""Hierarchical softmax: a target is reached from the root of a tree by yes-or-no decisions, with its gradient.

The words are the leaves of a binary tree (`huffman`). An input vector h decides at each inner node m on the target's
path, whose vector is u_m, between the branch of code 0, with probability sigma(s_m), and that of code 1, with
probability sigma(-s_m), where s_m = u_m . h. The probability of the target is the product of its path's decisions,
equation 3 of Mikolov et al., "Distributed Representations of Words and Phrases and their Compositionality" (NIPS 2013);
over all leaves these add up to 1 without a sum over the vocabulary. The loss is the negative log likelihood:

    L = - sum_m log sigma(sign_m s_m),   sign_m = 1 - 2 code_m,   sigma(s) = 1 / (1 + exp(-s))

The gradient. Each node is a binary classifier with label 1 - code, so with d/ds log sigma(s) = 1 - sigma(s) and
d/ds log sigma(-s) = -sigma(s) as in `negative_sampling`

    dL/ds_m = - (1 - code_m - sigma(s_m)) = - residual_m
    dL/dh   = - sum_m residual_m u_m
    dL/du_m = - residual_m h
"""

import numpy as np

from pipeline.models.negative_sampling import Float64s, Sigmoid, log_sigmoid, sigmoid


def loss(h: Float64s, u: Float64s, codes: Float64s) -> float:
    """L of the module's docstring, in nats.

    Args:
        h: (D,) the input vector.
        u: (M, D) the vectors of the inner nodes on the target's path.
        codes: (M,) 0 or 1, the branch taken at each; none (M = 0) for the only word there is.
    """
    return float(-log_sigmoid((1.0 - 2.0 * codes) * (u @ h)).sum())


def gradient(h: Float64s, u: Float64s, codes: Float64s, sigmoid: Sigmoid = sigmoid) -> tuple[Float64s, Float64s]:
    """The gradient of `loss`: d_h (D,) and d_u (M, D). Arguments as there; `sigmoid` as in `negative_sampling`."""
    residuals = 1.0 - codes - sigmoid(u @ h)  # (M,)
    return -(residuals @ u), -np.outer(residuals, h)
