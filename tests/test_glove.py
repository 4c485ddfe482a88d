"""GloVe's mathematics and its law of a step: the textbook, its program, and the fast trainer, tile by tile."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models import glove
from pipeline.settings import TrainSettings
from pipeline.training.fast.sums import Ones, weighted_sums
from pipeline.training.glove import fast
from pipeline.training.glove.factors import Factors, separated
from pipeline.training.glove.fast import GloveTrainer, clipped_sums, is_full, sums
from pipeline.training.glove.reference import GloveReference
from pipeline.training.glove.side import Side
from pipeline.training.glove.tiles import Tile

SETTINGS = TrainSettings(model="glove", vector_size=3)
TRAINERS = {"reference": GloveReference(SETTINGS), "fast": GloveTrainer(SETTINGS)}
SEEDS = st.integers(0, 2**32 - 1)
LN = math.log


def a_tile(seed, rows=5, columns=7, share=0.5, largest=300.0):
    """A tile with about this share of its cells, and X up to `largest`."""
    random = np.random.default_rng(seed)
    there = random.random((rows, columns)) < share
    lengths, (_, places) = there.sum(axis=1), np.nonzero(there)
    logs = np.log(random.uniform(0.1, largest, len(places))).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return Tile(starts, places.astype(np.int32), logs, columns)


def some_factors(seed, size=7, spread=1.0):
    """Factors in double precision whose numbers are no longer small, with squares of a training that has begun."""
    random, made = np.random.default_rng(seed), Factors.start(size, 3, seed).as_float64()
    for vectors, squares in ((made.words, made.word_squares), (made.contexts, made.context_squares)):
        moving = np.isfinite(squares)
        vectors[moving] = random.normal(scale=spread, size=moving.sum())
        squares[moving] = random.uniform(1, 3, size=moving.sum())
    return made


def both_sides(factors, rows=5, columns=7, dtype=np.float64):
    """Copies of the words' rows and the contexts' columns, in this precision."""
    copies = [array.astype(dtype) for array in vars(factors).values()]
    words, contexts, word_squares, context_squares = copies
    return Side(words[:rows], word_squares[:rows], -2), Side(contexts[:columns], context_squares[:columns], -1)


def test_worked_example():
    """One pair with X = e^2, x_max = e^6, alpha = 1/2: f = e^-2; both vectors and biases in numbers that can be said.

    w = (1, 2), b = 1/2 and c = (3, -1), b' = 1/4: the score is 3 - 2 + 1/2 + 1/4 = 7/4, the difference 7/4 - 2 = -1/4,
    the loss e^-2 / 32, the residual -e^-2 / 4, and the gradients are that times (3, -1, 1) and (1, 2, 1), equation 8.
    """
    w, c, x = np.array([1.0, 2.0, 0.5, 1.0]), np.array([3.0, -1.0, 1.0, 0.25]), math.exp(2)
    f = float(glove.weight(np.array(x), math.exp(6), 0.5))
    assert f == pytest.approx(math.exp(-2))
    assert glove.difference(w, c, x) == pytest.approx(-1 / 4)
    assert glove.loss(w, c, x, f) == pytest.approx(f / 32)
    d_w, d_c = glove.gradient(w, c, x, f)
    assert d_w[:3] == pytest.approx(-f / 4 * np.array([3, -1, 1]))
    assert d_c[[0, 1, 3]] == pytest.approx(-f / 4 * np.array([1, 2, 1]))


def test_weights_are_those_of_equation_9():
    """(x / x_max)^alpha below x_max, 1 from there on."""
    assert glove.weight(np.array([1.0, 6.25, 100.0, 1e9]), 100, 0.75).tolist() == pytest.approx([10**-1.5, 0.125, 1, 1])


@given(SEEDS, st.floats(0.1, 500))
def test_the_gradient_is_the_slope_of_the_loss(seed, x):
    """Central differences of the loss, number by number, in both long vectors."""
    w, c = np.random.default_rng(seed).normal(size=(2, 5))
    f = float(glove.weight(np.array(x), 100, 0.75))
    for place, gradient in enumerate(glove.gradient(w, c, x, f)):
        for number in range(5):
            sides = [[w.copy(), c.copy()] for _ in range(2)]
            for side, step in zip(sides, (1e-5, -1e-5), strict=True):
                side[place][number] += step
            slope = (glove.loss(*sides[0], x, f) - glove.loss(*sides[1], x, f)) / 2e-5
            assert gradient[number] == pytest.approx(slope, abs=1e-6, rel=1e-5)


@pytest.mark.parametrize("name", TRAINERS)
def test_a_single_pair_moves_as_in_the_program(name):
    """Step rate * gradient / sqrt(squares), squares + (rate * gradient)^2, for vectors and biases; the ones stay."""
    rows, columns = both_sides(some_factors(1), 1, 1, np.float64 if name == "reference" else np.float32)
    w, c, squares = rows.vectors[0].copy(), columns.vectors[0].copy(), rows.squares[0].copy()
    x = 7.0
    tile = Tile(np.array([0, 1], np.int32), np.zeros(1, np.int32), np.log([x]).astype(np.float32), 1)
    TRAINERS[name].step(tile, rows, columns, 0.05)
    residual = (x / 100) ** 0.75 * (w @ c - LN(x))
    for number, partner in enumerate(c[:4]):  # D vector numbers and the bias
        step = 0.05 * residual * partner
        assert rows.vectors[0, number] == pytest.approx(w[number] - step / math.sqrt(squares[number]), rel=1e-5)
        assert rows.squares[0, number] == pytest.approx(squares[number] + step**2, rel=1e-5)
    assert rows.vectors[0, 4] == columns.vectors[0, 3] == 1.0


@pytest.mark.parametrize("full", [0, 10**9], ids=["sparse", "dense"])
@given(SEEDS, st.floats(0.0, 1.0), st.sampled_from([0.05, 1.0]))
def test_the_fast_trainer_takes_the_reference_s_step(full, seed, share, rate):
    """Loss, vectors and squares after a step over any tile, as sparse rows and as a dense matrix."""
    tile, factors = a_tile(seed, share=share), some_factors(seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "FULL", full)
        assert is_full(tile) == (full > 0 and len(tile.logs) > 0)
        wanted, found = both_sides(factors), both_sides(factors, dtype=np.float32)
        loss = TRAINERS["reference"].step(tile, *wanted, rate)
        assert TRAINERS["fast"].loss(tile, *found) == pytest.approx(loss, rel=1e-4, abs=1e-6)
        assert TRAINERS["fast"].step(tile, *found, rate) == pytest.approx(loss, rel=1e-4, abs=1e-6)
    for side, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(side.vectors, other.vectors, rtol=2e-4, atol=2e-5)
        np.testing.assert_allclose(side.squares, other.squares, rtol=2e-4)


@given(SEEDS)
def test_gradients_are_clipped_pair_by_pair(seed):
    """Where numbers of a pair's gradient are beyond 100, both trainers use 100; the loss is what it is."""
    tile, factors = a_tile(seed, share=0.8), some_factors(seed, spread=12.0)
    wanted, found = both_sides(factors), both_sides(factors, dtype=np.float32)
    loss = TRAINERS["reference"].step(tile, *wanted, 0.05)
    assert TRAINERS["fast"].step(tile, *found, 0.05) == pytest.approx(loss, rel=1e-3)
    for side, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(side.vectors, other.vectors, rtol=1e-3, atol=1e-3)


@given(SEEDS)
def test_sums_of_what_is_not_clipped_are_the_same_pair_by_pair(seed):
    """The two ways to add gradients and squares up agree where nothing is clipped."""
    tile, factors = a_tile(seed, largest=5.0), some_factors(seed)
    p, q = factors.words[:5].astype(np.float32), factors.contexts.astype(np.float32)
    residuals = np.random.default_rng(seed).normal(size=len(tile.logs)).astype(np.float32)
    if len(residuals):
        for some, others in zip(sums(tile, residuals, p, q), clipped_sums(tile, residuals, p, q), strict=True):
            for array, other in zip(some, others, strict=True):
                np.testing.assert_allclose(array, other, rtol=1e-4, atol=1e-4)


@given(SEEDS)
def test_weighted_sums_are_products_with_a_matrix(seed):
    """P columns and P.T rows of the matrix with these weights."""
    tile, random = a_tile(seed), np.random.default_rng(seed)
    weights, p, q = (random.normal(size=size).astype(np.float32) for size in (len(tile.logs), (5, 2), (7, 2)))
    matrix = np.zeros((5, 7))
    matrix[tile.rows, tile.columns] = weights
    over, down = weighted_sums(Ones(tile.starts, tile.columns), weights, p, q)
    np.testing.assert_allclose(over, matrix @ q, atol=1e-5)
    np.testing.assert_allclose(down, matrix.T @ p, atol=1e-5)


def test_pairs_that_pull_one_way_do_not_overshoot():
    """A row and 200 columns alike, all far too low: summed steps would leap; steps of the law fall to a small loss."""
    tile = Tile(np.array([0, 200], np.int32), np.arange(200, dtype=np.int32), np.full(200, 5.0, np.float32), 200)
    factors = Factors.start(200, 3, 1)
    rows, columns = both_sides(factors, 1, 200, np.float32)
    losses = [TRAINERS["fast"].step(tile, rows, columns, 0.05) for _ in range(200)]
    assert all(after <= 1.001 * before + 1e-6 for before, after in pairwise(losses))
    assert losses[-1] < 0.05 * losses[0]


@pytest.mark.parametrize("how", ["sum", "word", "concatenation"])
def test_combined_vectors_can_be_separated(how):
    """Whatever is published, words' and contexts' vectors can be had from it again."""
    factors = Factors.start(9, 4, 1)
    vectors, contexts = factors.combined(how)
    assert vectors.shape == contexts.shape == (9, 8 if how == "concatenation" else 4)
    words, others = separated(vectors, contexts, how)
    np.testing.assert_allclose(words, factors.vectors, atol=1e-7)
    np.testing.assert_array_equal(others, factors.context_vectors)


def test_a_concatenation_s_products_are_sums_of_scores():
    """[w c] of one word times [c w] of another is w_i c_j + c_i w_j; a sum is the paper's w + c."""
    factors = Factors.start(9, 4, 1)
    w, c = factors.vectors, factors.context_vectors
    vectors, contexts = factors.combined("concatenation")
    np.testing.assert_allclose(vectors @ contexts.T, w @ c.T + c @ w.T, rtol=1e-5)
    np.testing.assert_array_equal(factors.combined("sum")[0], w + c)


def test_factors_start_as_in_the_program():
    """Uniform in [-1/2, 1/2) / (D + 1), squares of 1, ones beside the biases that never move; the seed decides."""
    factors = Factors.start(500, 9, 3)
    moving = np.isfinite(factors.word_squares)
    assert moving.sum() == 500 * 10
    assert (factors.word_squares[moving] == 1).all()
    assert 0.049 < np.abs(factors.words[moving]).max() <= 0.05
    assert (factors.words[:, -1] == 1).all()
    assert (factors.contexts[:, -2] == 1).all()
    assert factors.words.tobytes() == Factors.start(500, 9, 3).words.tobytes()
    assert factors.words.tobytes() != Factors.start(500, 9, 4).words.tobytes()
