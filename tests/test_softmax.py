"""Full softmax: the exact model, its loss, its gradient, its tails."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models.negative_sampling import log_sigmoid
from pipeline.models.softmax import gradient, log_probabilities, loss

LN = math.log
SIZES = st.integers(1, 6)
SCORES = SIZES.flatmap(lambda size: arrays(np.float64, size, elements=st.floats(-50, 50)))


@st.composite
def problems(draw):
    """An input vector (D,), output vectors (V, D) and a target."""
    words, dimensions = draw(SIZES), draw(st.integers(1, 4))
    elements = st.floats(-3, 3)
    u = draw(arrays(np.float64, (words, dimensions), elements=elements))
    return draw(arrays(np.float64, dimensions, elements=elements)), u, draw(st.integers(0, words - 1))


def test_worked_example():
    """Three words, worked by hand, give this loss and this gradient.

    Take h = (ln 2, 0) and u = (0, 1), (1, 0), (1, 1), the second word being the target.

        s = 0, ln 2, ln 2     exp = 1, 2, 2     p = 1/5, 2/5, 2/5     L = -log 2/5 = log 5/2

        residuals = -1/5, 3/5, -2/5
        dL/dh   = (1/5) (0, 1) - (3/5) (1, 0) + (2/5) (1, 1) = (-1/5, 3/5)
        dL/du_w = (1/5) h, -(3/5) h, (2/5) h
    """
    h, u = np.array([LN(2), 0.0]), np.array([[0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert loss(h, u, 1) == pytest.approx(LN(5 / 2), rel=1e-15)
    d_h, d_u = gradient(h, u, 1)
    assert d_h == pytest.approx(np.array([-1 / 5, 3 / 5]), rel=1e-14)
    assert d_u == pytest.approx(np.array([[LN(2) / 5, 0], [-3 * LN(2) / 5, 0], [2 * LN(2) / 5, 0]]), rel=1e-14)


@given(SCORES, st.floats(-100, 100))
def test_probabilities_sum_to_one_and_only_differences_count(scores, shift):
    """They are positive, add up to 1, follow the order of the scores, and stay when all scores move together."""
    found = log_probabilities(scores)
    assert np.exp(found).sum() == pytest.approx(1, rel=1e-12)
    assert (np.diff(found[np.argsort(scores)]) >= 0).all()
    assert log_probabilities(scores + shift) == pytest.approx(found, abs=1e-11)


@given(SCORES)
def test_probabilities_equal_their_definition(scores):
    """p = exp(s) / sum exp(s), computed with the standard library."""
    total = math.fsum(map(math.exp, scores.tolist()))
    expected = [score - math.log(total) for score in scores.tolist()]
    assert log_probabilities(scores) == pytest.approx(np.array(expected), abs=1e-12, rel=1e-12)


@given(st.floats(-500, 500), st.floats(-500, 500))
def test_two_words_are_a_sigmoid(one, other):
    """Of two words the first has probability sigma(s_1 - s_2)."""
    found = log_probabilities(np.array([one, other]))[0]
    assert found == pytest.approx(log_sigmoid(np.array([one - other]))[0], abs=1e-12, rel=1e-12)


@given(problems())
def test_losses_of_all_targets_are_one_distribution(problem):
    """exp(-L) over all targets adds up to 1; a word alone in its vocabulary costs nothing and moves nothing."""
    h, u, target = problem
    losses = [loss(h, u, word) for word in range(len(u))]
    assert sum(math.exp(-value) for value in losses) == pytest.approx(1)
    if len(u) == 1:
        assert losses == [0]
        assert not np.concatenate([gradient(h, u, target)[0], *gradient(h, u, target)[1]]).any()


@given(problems())
def test_what_the_target_gains_the_others_lose(problem):
    """The output rows' gradients add up to zero, and the target's alone points away from h."""
    h, u, target = problem
    _, d_u = gradient(h, u, target)
    assert d_u.sum(axis=0) == pytest.approx(0, abs=1e-12)
    along = d_u @ h
    assert along[target] <= 0
    assert (np.delete(along, target) >= 0).all()


def test_knowing_nothing_costs_the_logarithm_of_the_vocabulary():
    """With all scores equal every word has probability 1 / V."""
    assert loss(np.ones(2), np.zeros((8, 2)), 3) == pytest.approx(LN(8), rel=1e-15)


def test_nothing_overflows():
    """Scores of a thousand and more, up or down, give exact and finite losses, without a warning."""
    h, u = np.ones(1), np.array([[1e6], [0.0], [-1e300]])
    assert [loss(h, u, word) for word in range(3)] == [0, 1e6, pytest.approx(1e300)]
    assert np.isfinite(np.concatenate([gradient(h, u, 2)[0], gradient(h, u, 2)[1].ravel()])).all()
