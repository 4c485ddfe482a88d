"""CBOW's input side: the mean or the sum of the context vectors, its gradient, and the classic step."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models import cbow, negative_sampling

LN = math.log
SHAPES = st.tuples(st.integers(1, 10), st.integers(1, 4))
ROWS = SHAPES.flatmap(lambda shape: arrays(np.float64, shape, elements=st.floats(-10, 10)))


def test_worked_example():
    """Two context words against the center as target and one noise word, for the mean and for the sum.

    Contexts (2 ln 3, 0) and (0, 2): the mean is h = (ln 3, 1), the sum h = (2 ln 3, 2). The center has u_1 = (1, 0),
    the noise word u_2 = (-1, 0), so the mean's scores are ln 3 and -ln 3, the sum's twice as much:

        mean:  sigma = 3/4, 1/4     loss 2 log 4/3     residuals 1/4, -1/4
        sum:   sigma = 9/10, 1/10   loss 2 log 10/9    residuals 1/10, -1/10

    dL/dh = -r u_1 + r u_2 = (-2 r, 0) with r = 1/4 or 1/10. The mean gives each context vector half of it as gradient,
    the sum all of it; the classic step gives the mean's all of it and the sum's half.
    """
    rows, u = np.array([[2 * LN(3), 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]])
    labels, weights = np.array([1.0, 0.0]), np.ones(2)
    cases = (True, 1 / 4, 4 / 3, -1 / 4, -1 / 2), (False, 1 / 10, 10 / 9, -1 / 5, -1 / 10)
    for mean, residual, loss, gradient, step in cases:
        h = cbow.forward(rows, mean)
        assert h == pytest.approx([LN(3), 1] if mean else [2 * LN(3), 2])
        assert negative_sampling.loss(h, u, labels, weights) == pytest.approx(2 * LN(loss))
        d_h, _ = negative_sampling.gradient(h, u, labels, weights)
        assert d_h == pytest.approx([-2 * residual, 0])
        d_rows = cbow.gradient(d_h, 2, mean)
        assert d_rows == pytest.approx(np.array([[gradient, 0], [gradient, 0]]))
        assert cbow.step_factor(2, mean) * d_rows[0, 0] == pytest.approx(step)


@given(ROWS)
def test_the_mean_is_the_sum_divided(rows):
    """The mean's input vector and gradient are the sum's divided by the number of contexts, which any order gives."""
    p, d_h = len(rows), rows[0]
    assert cbow.forward(rows, True) * p == pytest.approx(cbow.forward(rows, False))
    assert cbow.gradient(d_h, p, True) * p == pytest.approx(cbow.gradient(d_h, p, False))
    assert cbow.forward(rows[::-1], True) == pytest.approx(cbow.forward(rows, True), abs=1e-12)


@given(ROWS)
def test_the_classic_step_is_downhill(rows):
    """It is the gradient times a positive number: for the mean dL/dh for each context, for the sum dL/dh / p."""
    p, d_h = len(rows), rows[0]
    for mean, expected in ((True, d_h), (False, d_h / p)):
        assert cbow.step_factor(p, mean) > 0
        moves = cbow.step_factor(p, mean) * cbow.gradient(d_h, p, mean)
        assert moves == pytest.approx(np.tile(expected, (p, 1)))


@given(ROWS, st.booleans())
def test_one_context_is_skip_gram(rows, mean):
    """With a single context word mean and sum are its vector, and the classic step is the gradient."""
    assert np.array_equal(cbow.forward(rows[:1], mean), rows[0])
    assert np.array_equal(cbow.gradient(rows[0], 1, mean), rows[:1])
    assert cbow.step_factor(1, mean) == 1
