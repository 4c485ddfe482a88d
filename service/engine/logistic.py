"""Logistic regression: how probable it is that a vector belongs to a class, learnt from examples."""

import numpy as np
from numpy.typing import NDArray

from service.nearest import Doubles

_MOST_STEPS = 100
_SMALL = 1e-10  # Newton's decrement, twice what is still to be gained, where no step is worth it any more


def fit(vectors: Doubles, belongs: NDArray[np.bool_]) -> tuple[Doubles, float]:
    """The weights w (D,) and the bias b for which sigmoid(w . x + b) is the probability that x belongs to the class.

    They minimize `loss`, whose minimum is unique, by Newton's method (Hastie, Tibshirani, Friedman 2009, "The Elements
    of Statistical Learning", section 4.4.1), its steps halved until they lead down.

    Args:
        vectors: (n, D) the examples.
        belongs: (n,) whether each is of the class; some are, and some are not.
    """
    x = np.hstack([vectors, np.ones((len(vectors), 1))])  # (n, D + 1), the last column is the bias's
    shares = _shares(belongs)  # (n,)
    theta = np.zeros(x.shape[1])  # (D + 1,)
    shrunk = np.append(np.ones(vectors.shape[1]), 0.0)  # (D + 1,), the bias is free
    for _ in range(_MOST_STEPS):
        probable = sigmoid(x @ theta)  # (n,)
        gradient = x.T @ (shares * (probable - belongs)) + shrunk * theta  # (D + 1,)
        curvature = (x.T * (shares * probable * (1 - probable))) @ x + np.diag(shrunk)  # (D + 1, D + 1)
        step = np.linalg.solve(curvature, gradient)
        if gradient @ step < _SMALL:
            break
        before = loss(vectors, belongs, *_parts(theta))
        while loss(vectors, belongs, *_parts(theta - step)) > before:
            step /= 2
        theta -= step
    return _parts(theta)


def loss(vectors: Doubles, belongs: NDArray[np.bool_], weights: Doubles, bias: float) -> float:
    """|w|^2 / 2 + the sum of -log(probability of what x is) over the examples x.

    Both classes count equally in all, however many examples each has.
    """
    margins = np.where(belongs, 1, -1) * (vectors @ weights + bias)  # (n,)
    shares = _shares(belongs)
    return float(weights @ weights / 2 + shares @ np.logaddexp(0, -margins))


def sigmoid(x: Doubles) -> Doubles:
    """1 / (1 + exp(-x)), which no x takes out of range."""
    return np.exp(-np.logaddexp(0, -x))


def _shares(belongs: NDArray[np.bool_]) -> Doubles:
    """(n,) how much each example counts; n in all, half of it for each class."""
    shares: Doubles = len(belongs) / (2 * np.where(belongs, belongs.sum(), (~belongs).sum()))
    return shares


def _parts(theta: Doubles) -> tuple[Doubles, float]:
    return theta[:-1], float(theta[-1])
