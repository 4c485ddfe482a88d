"""Hierarchical softmax: a distribution over the leaves of the tree, and its gradient."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.models import negative_sampling, softmax
from pipeline.models.hierarchical_softmax import gradient, loss
from pipeline.models.huffman import HuffmanTree

LN = math.log
NUMBERS = st.floats(-3, 3)
COUNTS = st.lists(st.integers(1, 50), min_size=1, max_size=12)


def inner_nodes(data, counts, dimensions=3):
    """An input vector, and a vector for each inner node of a tree over so many words."""
    h = data.draw(arrays(np.float64, dimensions, elements=NUMBERS))
    return h, data.draw(arrays(np.float64, (len(counts) - 1, dimensions), elements=NUMBERS))


def test_worked_example():
    """Two decisions, worked by hand, give this loss and this gradient.

    Take h = (ln 3, 1), the root u_1 = (1, 0) with code 0 and below it u_2 = (0, -ln 2) with code 1.

        s_1 = ln 3     sigma(s_1) = 3/4     the branch of code 0 has probability 3/4
        s_2 = -ln 2    sigma(s_2) = 1/3     the branch of code 1 has probability 1 - 1/3 = 2/3

    The target's probability is 3/4 * 2/3 = 1/2, its loss log 2.

        residual_1 = 1 - 0 - 3/4 = 1/4      residual_2 = 1 - 1 - 1/3 = -1/3
        dL/dh   = -(1/4) (1, 0) + (1/3) (0, -ln 2) = (-1/4, -ln 2 / 3)
        dL/du_1 = -(1/4) h = (-ln 3 / 4, -1/4)     dL/du_2 = (1/3) h = (ln 3 / 3, 1/3)
    """
    h, u, codes = np.array([LN(3), 1.0]), np.array([[1.0, 0.0], [0.0, -LN(2)]]), np.array([0.0, 1.0])
    assert loss(h, u, codes) == pytest.approx(LN(2), rel=1e-15)
    d_h, d_u = gradient(h, u, codes)
    assert d_h == pytest.approx(np.array([-1 / 4, -LN(2) / 3]), rel=1e-15)
    assert d_u == pytest.approx(np.array([[-LN(3) / 4, -1 / 4], [LN(3) / 3, 1 / 3]]), rel=1e-15)


@given(COUNTS, st.data())
def test_probabilities_of_all_words_sum_to_one(counts, data):
    """Whatever the vectors, the probabilities of a Huffman tree's leaves add up to 1; a lone word has all of it."""
    h, nodes = inner_nodes(data, counts)
    paths = map(HuffmanTree.of(np.array(counts)).path, range(len(counts)))
    probabilities = [math.exp(-loss(h, nodes[points], codes)) for points, codes in paths]
    assert sum(probabilities) == pytest.approx(1, rel=1e-12)


@given(COUNTS, st.data())
def test_the_expected_gradient_is_zero(counts, data):
    """Were targets drawn from the model's own distribution, no vector would move: the mean of the score is zero."""
    h, nodes = inner_nodes(data, counts)
    expected_h, expected_nodes = np.zeros(h.shape), np.zeros(nodes.shape)
    for points, codes in map(HuffmanTree.of(np.array(counts)).path, range(len(counts))):
        probability = math.exp(-loss(h, nodes[points], codes))
        d_h, d_u = gradient(h, nodes[points], codes)
        expected_h += probability * d_h
        expected_nodes[points] += probability * d_u
    assert expected_h == pytest.approx(0, abs=1e-9)
    assert expected_nodes == pytest.approx(0, abs=1e-9)


@given(st.data())
def test_two_words_are_a_softmax_with_one_vector_fixed_at_zero(data):
    """With two words the tree decides like the full softmax over u and 0, where u belongs to the word of code 0."""
    h, nodes = inner_nodes(data, [1, 1])
    for code in (0, 1):
        here = loss(h, nodes, np.array([float(code)]))
        assert here == pytest.approx(softmax.loss(h, np.vstack([nodes, np.zeros_like(h)]), code), abs=1e-12)


@given(COUNTS, st.data())
def test_a_path_is_so_many_labelled_pairs(counts, data):
    """Loss and gradient are negative sampling's where each node is an output of label 1 - code and weight 1."""
    h, nodes = inner_nodes(data, counts)
    points, codes = HuffmanTree.of(np.array(counts)).path(0)
    u, labels, weights = nodes[points], 1.0 - codes, np.ones(len(codes))
    assert loss(h, u, codes) == pytest.approx(negative_sampling.loss(h, u, labels, weights))
    for mine, theirs in zip(gradient(h, u, codes), negative_sampling.gradient(h, u, labels, weights), strict=True):
        assert mine == pytest.approx(theirs)


def test_a_certain_decision_has_a_finite_loss():
    """The wrong branch at a score of 1000 costs 1000 nats, not infinity, and the right one nothing."""
    h, u = np.array([10.0]), np.array([[100.0]])
    assert loss(h, u, np.ones(1)) == pytest.approx(1000)
    assert loss(h, u, np.zeros(1)) == 0


def test_another_sigmoid_can_take_the_place():
    """With a sigmoid that returns 1 - code no residual is left and the gradient is zero."""
    codes = np.array([0.0, 1.0])
    d_h, d_u = gradient(np.ones(2), np.ones((2, 2)), codes, lambda _: 1 - codes)
    assert not d_h.any()
    assert not d_u.any()
