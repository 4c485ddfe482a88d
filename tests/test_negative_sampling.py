"""Negative sampling: its value, its gradient, and its tails; finite differences are in test_gradients."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models.negative_sampling import gradient, log_sigmoid, loss, sigmoid

LN = math.log
NUMBERS = st.floats(-2, 2)
SCORES = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def problems(draw):
    """A center's vector (D,), output vectors (M, D), labels and weights (M,)."""
    outputs, dimensions = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    v = draw(arrays(np.float64, dimensions, elements=NUMBERS))
    u = draw(arrays(np.float64, (outputs, dimensions), elements=NUMBERS))
    labels = draw(arrays(np.float64, outputs, elements=st.sampled_from([0.0, 1.0])))
    weights = draw(arrays(np.float64, outputs, elements=st.floats(0, 3)))
    return v, u, labels, weights


def test_worked_example():
    """A context and a noise word, worked by hand, give this loss and this gradient.

    Take v = (ln 3, 0), a context u_1 = (1, 1) of weight 1 and a noise word u_2 = (-1, 2) of weight 2.

        s_1 = u_1 . v = ln 3     sigma(s_1) = 1 / (1 + 1/3) = 3/4
        s_2 = u_2 . v = -ln 3    sigma(s_2) = 1 / (1 + 3)   = 1/4

    Loss: the context costs -log 3/4; the noise word costs -2 log(1 - 1/4) = -2 log 3/4. Together 3 log 4/3.

        residual_1 = 1 (1 - 3/4) = 1/4          residual_2 = 2 (0 - 1/4) = -1/2
        dL/dv   = -(1/4) (1, 1) + (1/2) (-1, 2) = (-3/4, 3/4)
        dL/du_1 = -(1/4) v = (-ln 3 / 4, 0)     dL/du_2 = (1/2) v = (ln 3 / 2, 0)
    """
    v, u = np.array([LN(3), 0.0]), np.array([[1.0, 1.0], [-1.0, 2.0]])
    labels, weights = np.array([1.0, 0.0]), np.array([1.0, 2.0])
    assert loss(v, u, labels, weights) == pytest.approx(3 * LN(4 / 3), rel=1e-15)
    d_v, d_u = gradient(v, u, labels, weights)
    assert d_v == pytest.approx(np.array([-0.75, 0.75]), rel=1e-15)
    assert d_u == pytest.approx(np.array([[-LN(3) / 4, 0], [LN(3) / 2, 0]]), rel=1e-15)


@given(problems(), st.floats(0, 10))
def test_weight_is_repetition(problem, factor):
    """Loss and gradient are linear in the weights: an output word of weight n stands for n pairs."""
    v, u, labels, weights = problem
    assert loss(v, u, labels, factor * weights) == pytest.approx(factor * loss(v, u, labels, weights))
    for scaled, plain in zip(gradient(v, u, labels, factor * weights), gradient(v, u, labels, weights), strict=True):
        assert scaled == pytest.approx(factor * plain)


@given(problems())
def test_outputs_are_independent(problem):
    """The loss of all output words together is the sum of their losses one by one."""
    v, u, labels, weights = problem
    parts = [loss(v, u[m : m + 1], labels[m : m + 1], weights[m : m + 1]) for m in range(len(u))]
    assert loss(v, u, labels, weights) == pytest.approx(sum(parts))


@given(SCORES)
def test_sigmoid_and_its_mirror_image_sum_to_one(score):
    """sigma(s) + sigma(-s) = 1 for every score, however large: nothing overflows."""
    scores = np.array([score, -score])
    assert sigmoid(scores).sum() == pytest.approx(1.0, rel=1e-15)


@pytest.mark.parametrize("score", [40.0, 700.0, 745.0, 1e6, 1e300])
def test_tails_are_exact(score):
    """Far out log sigma(-s) is -s and log sigma(s) is -exp(-s), to the last digits and without a warning."""
    assert log_sigmoid(np.array([-score]))[0] == pytest.approx(-score, rel=1e-15)
    assert log_sigmoid(np.array([score]))[0] == pytest.approx(-math.exp(-score), rel=1e-15, abs=0)


@pytest.mark.parametrize("score", [-30.0, -1.0, -1e-9, 0.0, 1e-9, 0.5, 3.0, 30.0])
def test_log_sigmoid_equals_its_definition(score):
    """log sigma(s) = -log(1 + exp(-s)), computed with the standard library's log1p."""
    assert log_sigmoid(np.array([score]))[0] == pytest.approx(-math.log1p(math.exp(-score)), rel=1e-14)


def test_a_pair_that_is_certain_has_a_finite_loss():
    """A context of score -1000 costs 1000 nats, not infinity, and pulls with its full residual of 1."""
    v, u, one = np.array([10.0]), np.array([[-100.0]]), np.ones(1)
    assert loss(v, u, one, one) == pytest.approx(1000)
    assert gradient(v, u, one, one)[0] == pytest.approx([100.0])


@given(problems())
def test_another_sigmoid_can_take_the_place(problem):
    """With a sigmoid that returns the labels no residual is left and the gradient is zero."""
    v, u, labels, weights = problem
    d_v, d_u = gradient(v, u, labels, weights, lambda _: labels)
    assert not d_v.any()
    assert not d_u.any()
