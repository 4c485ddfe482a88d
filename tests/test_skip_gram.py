"""Skip-gram's input side: the center's own vector."""

import math

import numpy as np
import pytest

from pipeline.models import negative_sampling, skip_gram

LN = math.log


def test_worked_example():
    """A center with two contexts and a noise word for each is two examples, whose losses and gradients add up.

    The center has v = (ln 2, 0), so h = v for both. Contexts (1, 5) and (-1, 3), noise (0, 1) and (1, 0), weights 1.

        first:   s = ln 2, 0       sigma = 2/3, 1/2    loss  log 3/2 + log 2 = log 3     residuals 1/3, -1/2
        second:  s = -ln 2, ln 2   sigma = 1/3, 2/3    loss  log 3 + log 3   = 2 log 3   residuals 2/3, -2/3

        dL/dh, first:   -(1/3) (1, 5) + (1/2) (0, 1)  = (-1/3, -7/6)
        dL/dh, second:  -(2/3) (-1, 3) + (2/3) (1, 0) = (4/3, -2)

    together loss 3 log 3 and dL/dv = (1, -19/6), as the gradient of one row.
    """
    rows, labels, weights = np.array([[LN(2), 0.0]]), np.array([1.0, 0.0]), np.ones(2)
    h = skip_gram.forward(rows)
    assert h.tolist() == [LN(2), 0.0]
    examples = np.array([[1.0, 5.0], [0.0, 1.0]]), np.array([[-1.0, 3.0], [1.0, 0.0]])
    losses = [negative_sampling.loss(h, u, labels, weights) for u in examples]
    assert losses == pytest.approx([LN(3), 2 * LN(3)])
    d_rows = sum(skip_gram.gradient(negative_sampling.gradient(h, u, labels, weights)[0]) for u in examples)
    assert d_rows == pytest.approx(np.array([[1.0, -19 / 6]]))
