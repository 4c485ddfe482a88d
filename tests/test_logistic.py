"""The logistic regression of LRCos finds the minimum of its loss, the same one each time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from service.engine.logistic import fit, loss, sigmoid


@st.composite
def examples(draw):
    """Vectors of two classes, both with some; they may be equal, zero, or told apart without fail."""
    n, dimensions = draw(st.integers(2, 12)), draw(st.integers(1, 4))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    vectors = generator.integers(-2, 3, (n, dimensions)) * draw(st.sampled_from([0.0, 0.1, 1.0, 30.0]))
    belongs = generator.permutation(np.arange(n) < draw(st.integers(1, n - 1)))
    return vectors, belongs


@given(examples())
@settings(max_examples=200)
def test_the_loss_is_at_its_minimum(data):
    """No small step in any direction leads lower: the loss is convex, so it is the minimum."""
    vectors, belongs = data
    weights, bias = fit(vectors, belongs)
    least = loss(vectors, belongs, weights, bias)
    for step in (1e-3, -1e-3):
        assert loss(vectors, belongs, weights, bias + step) > least - 1e-9
        for axis in np.eye(len(weights)):
            assert loss(vectors, belongs, weights + step * axis, bias) > least - 1e-9


def test_it_is_scipys_minimum():
    """An outside minimizer that knows only the loss comes to the same weights."""
    from scipy.optimize import minimize

    generator = np.random.default_rng(2)
    vectors, belongs = generator.standard_normal((60, 5)), np.arange(60) < 15
    vectors[belongs] += 0.5
    weights, bias = fit(vectors, belongs)
    found = minimize(lambda x: loss(vectors, belongs, x[:-1], x[-1]), np.zeros(6), tol=1e-12)
    assert np.allclose([*weights, bias], found.x, rtol=0, atol=1e-4)


def test_both_classes_count_equally():
    """Each example of the rare class counts more: with vectors that say nothing, both are as probable."""
    weights, bias = fit(np.zeros((100, 2)), np.arange(100) < 3)
    assert sigmoid(bias) == 0.5
    assert not weights.any()


def test_the_sigmoid_has_no_end():
    """From -1e308 to 1e308 it is a number from 0 to 1, and rises."""
    x = np.array([-1e308, -800, -40, 0, 40, 1e308])
    assert (np.diff(sigmoid(x)) >= 0).all()
    assert sigmoid(x)[[0, 3, 5]].tolist() == [0, 0.5, 1]
    assert 0 < sigmoid(x)[2] < 1e-17
