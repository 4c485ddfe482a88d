"""The reference trainer: one step is gradient descent on the batch's summed loss, pair by pair."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.training.batch import MAX_MOVE, Batch
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer

LN3 = math.log(3)
WORDS, DIMENSIONS = 6, 3
SEEDS = st.integers(0, 2**32 - 1)
SMALL = 1e-6  # a learning rate at which no row comes near its limit


def occurrences(ids):
    """How often each entry's value stands among all entries."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return counts[inverse].reshape(ids.shape).astype(np.int32)


def batch_of(tokens, positive, noise, negative):
    """A batch from lists."""
    tokens, noise = np.array(tokens, np.int32), np.array(noise, np.int32)
    positive = np.array(positive, np.bool_)
    return Batch(tokens, positive, noise, negative, occurrences(tokens), occurrences(noise), 0.0)


def random_batch(random):
    """Two groups of three centers each, a window of 2, some contexts, and words that come more than once."""
    positive = random.random((6, 5)) < 0.5
    positive[:, 2] = False  # no center is its own context
    noise = random.integers(WORDS, size=(2, 4))
    return batch_of(random.integers(WORDS, size=10), positive, noise, negative=3)


def random_parameters(random):
    """Parameters in double precision."""
    return Parameters(*random.normal(size=(2, WORDS, DIMENSIONS)))


def copy_of(parameters):
    """The same numbers in other arrays."""
    return Parameters(parameters.vectors.copy(), parameters.contexts.copy())


def pairs_of(batch):
    """Every pair of a batch: center word, output word, label, weight."""
    for n, o in np.argwhere(batch.positive):
        yield batch.centers[n], batch.tokens[n + o], 1, 1.0
    for n, contexts in enumerate(batch.positive.sum(axis=1)):
        words = batch.noise[n // batch.group]
        for word in words:
            yield batch.centers[n], word, 0, contexts * batch.negative / len(words)


def brute_force_loss(parameters, batch):
    """The summed loss, from its definition, with the standard library."""
    total = 0.0
    for center, output, label, weight in pairs_of(batch):
        score = float(parameters.vectors[center] @ parameters.contexts[output])
        total -= weight * math.log(1 / (1 + math.exp(-score if label else score)))
    return total


def slope(function, matrix, step=1e-5):
    """Central differences of a function of the arrays that `matrix` is one of, number by number."""
    result = np.empty(matrix.shape)
    for place in np.ndindex(matrix.shape):
        kept = matrix[place]
        matrix[place] = kept + step
        above = function()
        matrix[place] = kept - step
        result[place] = (above - function()) / (2 * step)
        matrix[place] = kept
    return result


def test_worked_step():
    """A center, one context, one noise word and a learning rate of 0.4, worked by hand, end at these numbers.

    In one dimension the center has v = ln 3, the context u_1 = 1 and the noise word u_2 = -1.

        s_1 = ln 3,  sigma = 3/4,  residual 1 - 3/4 = 1/4
        s_2 = -ln 3, sigma = 1/4,  residual 0 - 1/4 = -1/4,  weight 1 context * 1 negative / 1 noise word = 1
        loss  = -log 3/4 - log(1 - 1/4) = 2 log 4/3
        v    += 0.4 (1/4 * 1 + -1/4 * -1) = 0.2
        u_1  += 0.4 * 1/4 * ln 3 = ln 3 / 10
        u_2  += 0.4 * -1/4 * ln 3 = -ln 3 / 10
    """
    parameters = Parameters(np.array([[LN3], [5.0], [7.0]]), np.array([[9.0], [1.0], [-1.0]]))
    batch = batch_of([1, 0, 2], [[True, False, False]], [[2]], negative=1)
    loss = ReferenceTrainer().step(parameters, batch, 0.4)
    assert loss == pytest.approx(2 * math.log(4 / 3), rel=1e-15)
    assert parameters.vectors.ravel() == pytest.approx([LN3 + 0.2, 5, 7], rel=1e-15)
    assert parameters.contexts.ravel() == pytest.approx([9, 1 + LN3 / 10, -1 - LN3 / 10], rel=1e-15)


@given(SEEDS)
@settings(deadline=None)
def test_a_batch_of_one_pair_is_the_classic_update(seed):
    """One pair with `negative` noise words moves as in Mikolov's program: outputs one by one, then the center."""
    random = np.random.default_rng(seed)
    parameters = random_parameters(random)
    center, context, *noise = random.permutation(WORDS)
    expected = copy_of(parameters)
    error = np.zeros(DIMENSIONS)
    for output, label in [(context, 1), *((word, 0) for word in noise)]:
        v, u = expected.vectors[center], expected.contexts[output]
        pull = 0.025 * (label - 1 / (1 + np.exp(-v @ u)))
        error += pull * u
        u += pull * v
    expected.vectors[center] += error
    batch = batch_of([context, center, context], [[True, False, False]], [noise], negative=len(noise))
    ReferenceTrainer().step(parameters, batch, 0.025)
    assert parameters.vectors == pytest.approx(expected.vectors, rel=1e-13)
    assert parameters.contexts == pytest.approx(expected.contexts, rel=1e-13)


@given(SEEDS)
@settings(deadline=None)
def test_a_step_returns_the_summed_loss_before_it(seed):
    """The returned loss equals the definition's sum over all pairs, at the parameters before the step."""
    random = np.random.default_rng(seed)
    parameters, batch = random_parameters(random), random_batch(random)
    expected = brute_force_loss(parameters, batch)
    assert ReferenceTrainer().step(parameters, batch, 0.1) == pytest.approx(expected, rel=1e-12)


@given(SEEDS)
@settings(deadline=None, max_examples=25)
def test_a_step_descends_along_the_slope_of_the_summed_loss(seed):
    """At a small rate both matrices move by -rate times the central differences of the batch's whole loss.

    A small rate keeps every row below its limit, where `row_rates` gives each occurrence the rate itself.
    """
    random = np.random.default_rng(seed)
    before, batch = random_parameters(random), random_batch(random)
    after = copy_of(before)
    ReferenceTrainer().step(after, batch, SMALL)
    for name in ("vectors", "contexts"):
        matrix = getattr(before, name)
        moved = (getattr(after, name) - matrix) / SMALL
        assert moved == pytest.approx(-slope(lambda: brute_force_loss(before, batch), matrix), abs=1e-6)


@given(SEEDS, st.floats(1e-3, 1e3))
@settings(deadline=None)
def test_no_row_leaps(seed, rate):
    """However high the rate and however often a word stands in the step, its row moves at most MAX_MOVE.

    A word's output row can be pulled as a token and as noise, each within the limit.
    """
    random = np.random.default_rng(seed)
    before, batch = random_parameters(random), random_batch(random)
    after = copy_of(before)
    ReferenceTrainer().step(after, batch, rate)
    assert np.linalg.norm(after.vectors - before.vectors, axis=1).max() <= MAX_MOVE * (1 + 1e-9)
    assert np.linalg.norm(after.contexts - before.contexts, axis=1).max() <= 2 * MAX_MOVE * (1 + 1e-9)


def test_a_center_without_context_moves_nothing():
    """Noise is owed for each positive pair: where there is none the loss is 0 and every number stays."""
    random = np.random.default_rng(1)
    parameters = random_parameters(random)
    before = copy_of(parameters)
    batch = batch_of([0, 1, 2, 3], np.zeros((2, 3)), [[4, 5]], negative=5)
    assert ReferenceTrainer().step(parameters, batch, 0.1) == 0
    assert (parameters.vectors == before.vectors).all()
    assert (parameters.contexts == before.contexts).all()


@given(SEEDS)
@settings(deadline=None)
def test_only_the_words_of_the_batch_move(seed):
    """A vector moves only if its word is a center, an output vector only if its word is a token or noise."""
    random = np.random.default_rng(seed)
    before, batch = random_parameters(random), random_batch(random)
    after = copy_of(before)
    ReferenceTrainer().step(after, batch, 0.1)
    vectors, contexts = ((getattr(after, n) != getattr(before, n)).any(axis=1) for n in ("vectors", "contexts"))
    assert set(np.flatnonzero(vectors)) <= set(batch.centers.tolist())
    assert set(np.flatnonzero(contexts)) <= {*batch.tokens.tolist(), *batch.noise.ravel().tolist()}
