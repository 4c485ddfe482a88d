"""The finite-difference check: is what a program calls the gradient really the slope of its loss?

A gradient is a claim: move this number by a little e, and the loss moves by e times its gradient. So move it a little
up and a little down, run forward both times, and divide:

    slope = (L(w + e) - L(w - e)) / (2 e)

which is off by a term in e squared (Abramowitz and Stegun, 25.3.21). It costs two runs for each number, which is why
nobody trains that way, and it knows nothing of the chain rule, which is why everybody checks that way.
"""

from collections.abc import Callable, Sequence

import numpy as np

from pipeline.lessons.layers import Floats


def slope(loss: Callable[[], float], at: Floats, step: float = 1e-5) -> Floats:
    """The slope of a loss along every number of a float64 array, of the array's shape; the array is left as it was.

    Args:
        loss: computes the loss from what the array holds at that moment.
        at: what is moved.
        step: how far, up and down.
    """
    slopes = np.empty_like(at)
    for place in np.ndindex(at.shape):
        before = at[place]
        at[place] = before + step
        above = loss()
        at[place] = before - step
        slopes[place] = (above - loss()) / (2 * step)
        at[place] = before
    return slopes


def largest_error(loss: Callable[[], float], claims: Sequence[tuple[Floats, Floats]]) -> float:
    """The largest difference between a claimed gradient and the slope, as a share of the largest slope.

    Args:
        loss: as for `slope`.
        claims: arrays that the loss is computed from, each with its gradient.
    """
    found = [(gradient, slope(loss, at)) for at, gradient in claims]
    largest = max(float(np.abs(slopes).max()) for _, slopes in found)
    return max(float(np.abs(gradient - slopes).max()) for gradient, slopes in found) / largest
