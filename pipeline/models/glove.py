"""GloVe: inner products of vectors are the logarithms of how much words stand together, with the gradient.

Pennington, Socher and Manning, "GloVe: Global Vectors for Word Representation" (EMNLP 2014). X_ij > 0 says how much
word j stands near word i. A word has a vector w and a bias b as itself, and a vector c and a bias b' as a context, and

    J = sum_ij  1/2 f(X_ij) (w_i . c_j + b_i + b'_j - log X_ij)^2

equation 8, with the 1/2 of the authors' program, over the pairs with X_ij > 0. Equation 9 gives pairs that are seldom
together less weight, and none more than 1:

    f(x) = (x / x_max)^alpha for x < x_max, else 1;   x_max = 100, alpha = 3/4

The gradient. With the difference  s = w_i . c_j + b_i + b'_j - log X_ij  a pair's loss is f s^2 / 2, its derivative
with respect to s is the residual f s, and s is linear in all four, so

    dL/dw_i = f s c_j    dL/dc_j = f s w_i    dL/db_i = dL/db'_j = f s

A bias is one more coordinate whose partner is 1: with (w, b, 1) and (c, 1, b') the score is one inner product, and the
gradient of each long vector is the residual times the other. The ones stay as they are.

The step is that of AdaGrad (Duchi, Hazan and Singer 2011), as in section 4.2 of the paper and in the program: every
coordinate has a sum G, 1 at first, of squared steps (rate * gradient)^2, and moves by rate * gradient / sqrt(G), before
its own square joins G. So `rate` is the rate at the start, and later a coordinate's steps are of the size of
1 / sqrt(its number of steps). The program clips each number of a gradient to -100 ... 100. (Since it does, it takes the
rate of its biases to be 1, and does not clip them; before, as here, a bias was a coordinate like any other.)
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.negative_sampling import Float64s

CLIP = 100.0
"""No number of a pair's gradient is farther from 0."""


def weight(x: Float64s, x_max: float, alpha: float) -> Float64s:
    """f of the module's docstring."""
    return np.minimum(x / x_max, 1.0) ** alpha


def difference(w: Float64s, c: Float64s, x: float) -> float:
    """s of the module's docstring, for long vectors (w, b, 1) and (c, 1, b'), (D + 2,)."""
    return float(w @ c - np.log(x))


def loss(w: Float64s, c: Float64s, x: float, f: float) -> float:
    """A pair's part of J; arguments as in `difference`, and f(x)."""
    return 0.5 * f * difference(w, c, x) ** 2


def gradient(w: Float64s, c: Float64s, x: float, f: float) -> tuple[Float64s, Float64s]:
    """The gradient of `loss`: d_w and d_c, (D + 2,), as if the ones could move."""
    residual = f * difference(w, c, x)
    return residual * c, residual * w


def clipped(gradient: Float64s) -> NDArray[np.float64]:
    """A pair's gradient, as far as it is used."""
    return np.clip(gradient, -CLIP, CLIP)
