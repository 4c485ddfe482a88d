"""Every objective's gradient is the slope of its loss: each input side with each output side, by finite differences."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models import cbow, fasttext, hierarchical_softmax, negative_sampling, skip_gram, softmax

NUMBERS = st.floats(-2, 2)

INPUTS = {
    "skip-gram": (skip_gram.forward, lambda d_h, _: skip_gram.gradient(d_h)),
    "CBOW, mean": (lambda rows: cbow.forward(rows, True), lambda d_h, p: cbow.gradient(d_h, p, True)),
    "CBOW, sum": (lambda rows: cbow.forward(rows, False), lambda d_h, p: cbow.gradient(d_h, p, False)),
    "fastText, mean": (fasttext.forward, fasttext.gradient),
    "fastText, sum": (lambda rows: fasttext.forward(rows, False), lambda d_h, r: fasttext.gradient(d_h, r, False)),
}
OUTPUTS = {
    "negative sampling": (negative_sampling.loss, negative_sampling.gradient),
    "hierarchical softmax": (hierarchical_softmax.loss, hierarchical_softmax.gradient),
    "full softmax": (softmax.loss, softmax.gradient),
}


@st.composite
def problems(draw, side, output):
    """Rows of the input words, (p, D), output rows, (M, D), and what the output side wants to know besides."""
    inputs = 1 if side == "skip-gram" else draw(st.integers(1, 4))
    outputs, dimensions = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    rows = draw(arrays(np.float64, (inputs, dimensions), elements=NUMBERS))
    u = draw(arrays(np.float64, (outputs, dimensions), elements=NUMBERS))
    bits = arrays(np.float64, outputs, elements=st.sampled_from([0.0, 1.0]))
    if output == "negative sampling":
        return rows, u, (draw(bits), draw(arrays(np.float64, outputs, elements=st.floats(0, 3))))
    return rows, u, (draw(bits if output == "hierarchical softmax" else st.integers(0, outputs - 1)),)


def central_difference(function, at, step=1e-6):
    """The gradient of a function of one array, number by number."""
    result = np.empty(at.shape)
    for place in np.ndindex(at.shape):
        above, below = at.copy(), at.copy()
        above[place] += step
        below[place] -= step
        result[place] = (function(above) - function(below)) / (2 * step)
    return result


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("side", INPUTS)
@given(st.data())
def test_the_gradient_is_the_slope_of_the_loss(side, output, data):
    """Through both sides, the gradients of input and output rows equal central differences of the loss."""
    (forward, backward), (loss, gradient) = INPUTS[side], OUTPUTS[output]
    rows, u, others = data.draw(problems(side, output))
    d_h, d_u = gradient(forward(rows), u, *others)
    d_rows = backward(d_h, len(rows))
    slope = central_difference(lambda x: loss(forward(x), u, *others), rows)
    assert d_rows == pytest.approx(slope, abs=1e-7, rel=1e-6)
    assert d_u == pytest.approx(central_difference(lambda x: loss(forward(rows), x, *others), u), abs=1e-7, rel=1e-6)


@pytest.mark.parametrize("output", OUTPUTS)
@given(st.data())
def test_arguments_are_left_as_they_are(output, data):
    """Neither loss nor gradient writes into what it is given."""
    loss, gradient = OUTPUTS[output]
    rows, u, others = data.draw(problems("skip-gram", output))
    given_arrays = [rows[0], u, *(value for value in others if isinstance(value, np.ndarray))]
    before = [value.copy() for value in given_arrays]
    loss(rows[0], u, *others)
    gradient(rows[0], u, *others)
    assert all(np.array_equal(*pair) for pair in zip(given_arrays, before, strict=True))
