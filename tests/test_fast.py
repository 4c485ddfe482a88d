"""The two trainers take the same step: one body of laws over both, and tensor by tensor against each other."""

import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pipeline.training.scatter import add_rows, add_rows_by_public_product

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker, StepShape
from pipeline.training.fast import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer

TRAINERS = [ReferenceTrainer, FastTrainer]
V, D = 30, 12
SHAPE = StepShape(64, 4, 16)


def some_parameters(seed=0, scale=1.0):
    """Random float32 parameters with scores of the order of `scale`."""
    random = np.random.default_rng(seed)
    return Parameters(*(random.normal(0, scale / D**0.25, (V, D)).astype(np.float32) for _ in range(2)))


def some_batches(seed=0, window=3, negative=5, shape=SHAPE, tokens=600):
    """Batches of a random text with short sentences."""
    random = np.random.default_rng(seed)
    ids = np.minimum(random.geometric(0.15, tokens) - 1, V - 1).astype(np.int32)
    sentence = np.cumsum(random.random(tokens) < 0.1)
    chosen = TrainSettings(window=window, negative=negative, sample=0.1, seed=seed)
    return list(BatchMaker(np.bincount(ids, minlength=V) + 1, chosen, shape).epoch([Chunk(ids, sentence, 0)], 0))


def copy(parameters, dtype):
    """The same parameters in another precision."""
    return Parameters(parameters.vectors.astype(dtype), parameters.contexts.astype(dtype))


@pytest.mark.parametrize("rate", [0.025, 1.0])
@given(seed=st.integers(0, 1000), window=st.integers(1, 9), negative=st.integers(1, 7), scale=st.floats(0.1, 3))
@settings(deadline=None, max_examples=15)
def test_fast_equals_reference_tensor_by_tensor(rate, seed, window, negative, scale):
    """Both trainers move every number alike, within float32's rounding of the sums, and report the same loss."""
    for batch in some_batches(seed, window, negative)[:2]:
        start = some_parameters(seed, scale)
        fast, reference = copy(start, np.float32), copy(start, np.float64)
        fast_loss = FastTrainer().step(fast, batch, rate)
        reference_loss = ReferenceTrainer().step(reference, batch, rate)
        assert fast_loss == pytest.approx(reference_loss, rel=2e-6)
        for name in ("vectors", "contexts"):
            moved = np.abs(getattr(reference, name) - getattr(start, name)).max()
            error = np.abs(getattr(fast, name) - getattr(reference, name)).max()
            assert error <= 1e-5 * (1 + moved)


def test_trainers_have_the_same_signature():
    """Whatever takes one trainer takes the other."""
    steps = [inspect.signature(trainer.step) for trainer in TRAINERS]
    assert steps[0] == steps[1]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_batch_without_pairs_moves_nothing(trainer):
    """Padding and centers without context contribute neither loss nor gradient, not even through their noise."""
    batch = some_batches()[0]
    empty = Batch(**{**vars(batch), "positive": np.zeros_like(batch.positive)})
    start = some_parameters()
    moved = copy(start, np.float32)
    assert trainer().step(moved, empty, 1.0) == 0
    assert (moved.vectors == start.vectors).all()
    assert (moved.contexts == start.contexts).all()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_words_outside_the_batch_stay_as_they_are(trainer):
    """A step touches the rows of its own words only."""
    batch = some_batches(tokens=30)[0]
    start = some_parameters()
    moved = copy(start, np.float64 if trainer is ReferenceTrainer else np.float32)
    trainer().step(moved, batch, 0.5)
    centers, outputs = set(batch.centers.tolist()), {*batch.tokens.tolist(), *batch.noise.ravel().tolist()}
    others = [word for word in range(V) if word not in centers]
    assert (moved.vectors[others] == start.vectors[others]).all()
    others = [word for word in range(V) if word not in outputs]
    assert (moved.contexts[others] == start.contexts[others]).all()


@pytest.mark.parametrize("trainer", TRAINERS)
def test_small_steps_lower_the_loss(trainer):
    """A step against the gradient makes the very batch it was taken on more likely."""
    batch = some_batches()[0]
    parameters = copy(some_parameters(), np.float64 if trainer is ReferenceTrainer else np.float32)
    losses = [trainer().step(parameters, batch, 0.002) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


def test_a_step_whose_loss_is_not_finite_moves_nothing():
    """Scores beyond the range of exp are reported before anything is spoiled."""
    batch = some_batches()[0]
    start = some_parameters(scale=1000.0)
    moved = copy(start, np.float32)
    with np.errstate(all="ignore"):
        assert not np.isfinite(FastTrainer().step(moved, batch, 0.1))
    assert (moved.vectors == start.vectors).all()
    assert (moved.contexts == start.contexts).all()


@pytest.mark.parametrize("add", [add_rows, add_rows_by_public_product])
@given(seed=st.integers(0, 1000), rows=st.integers(1, 50))
@settings(deadline=None)
def test_add_rows_equals_numpy_s_own_loop(add, seed, rows):
    """Both ways of adding rows, compiled in place and by the public product, equal `np.add.at`."""
    random = np.random.default_rng(seed)
    matrix = random.normal(size=(7, 5)).astype(np.float32)
    ids = random.integers(0, 7, rows).astype(np.int32)
    rates, values = random.random(rows).astype(np.float32), random.normal(size=(rows, 5)).astype(np.float32)
    wanted = matrix.astype(np.float64)
    np.add.at(wanted, ids, rates[:, None].astype(np.float64) * values)
    add(matrix, ids, rates, values)
    assert matrix == pytest.approx(wanted, abs=1e-5)
