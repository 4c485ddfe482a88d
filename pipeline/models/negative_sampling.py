"""Negative sampling: how a target is scored against noise, with its gradient.

One center word with vector v meets output words with vectors u_1 ... u_M. Each output word carries a label (1: it
really stood there, a context; 0: it was drawn as noise) and a weight (how many such pairs it stands for). The score of
a pair is the inner product s = u . v, and the loss is the weighted negative log likelihood of the labels:

    L = - sum_m  w_m [ label_m log sigma(s_m) + (1 - label_m) log sigma(-s_m) ],   sigma(s) = 1 / (1 + exp(-s))

With one context of label 1, k noise words of label 0 and all weights 1 this is equation 4 of Mikolov et al.,
"Distributed Representations of Words and Phrases and their Compositionality" (NIPS 2013), to be minimized.

The gradient. Since  d/ds log sigma(s) = 1 - sigma(s)  and  d/ds log sigma(-s) = -sigma(s),  either label gives

    dL/ds_m = - w_m (label_m - sigma(s_m)) = - residual_m

and, s being linear in both vectors,

    dL/dv   = - sum_m residual_m u_m
    dL/du_m = - residual_m v

so a step of gradient descent moves v towards the outputs it has underrated and away from those it has overrated.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]
Sigmoid = Callable[[Float64s], Float64s]


def sigmoid(scores: Float64s) -> Float64s:
    """1 / (1 + exp(-s)), without overflow at either end."""
    return np.exp(log_sigmoid(scores))


def log_sigmoid(scores: Float64s) -> Float64s:
    """log sigma(s) = -log(1 + exp(-s)), exact in both tails."""
    return -np.logaddexp(0.0, -scores)


def loss(v: Float64s, u: Float64s, labels: Float64s, weights: Float64s) -> float:
    """L of the module's docstring, in nats.

    Args:
        v: (D,) the center's vector.
        u: (M, D) the vectors of the output words.
        labels: (M,) 1 for a context, 0 for noise.
        weights: (M,) how many pairs each output word stands for.
    """
    signs = 2.0 * labels - 1.0  # (M,)
    return float(-(weights * log_sigmoid(signs * (u @ v))).sum())


def gradient(
    v: Float64s, u: Float64s, labels: Float64s, weights: Float64s, sigmoid: Sigmoid = sigmoid
) -> tuple[Float64s, Float64s]:
    """The gradient of `loss`: d_v (D,) and d_u (M, D). Arguments as there.

    `sigmoid` may be replaced by another program's table of it: the cross-check does so.
    """
    residuals = weights * (labels - sigmoid(u @ v))  # (M,)
    return -(residuals @ u), -np.outer(residuals, v)
