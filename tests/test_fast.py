"""The two trainers take the same step: one body of laws over both, and tensor by tensor against each other."""

import inspect
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.batches import BatchMaker
from pipeline.training.drawn import LeafPaths, Noise
from pipeline.training.fast import scatter
from pipeline.training.fast.scatter import add_rows, add_rows_by_public_product
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.reference import ReferenceTrainer
from pipeline.training.step_shape import StepShape
from tests.varied import in_precision, made_up, random_parameters

PRECISION = {ReferenceTrainer: np.float64, FastTrainer: np.float32}
TRAINERS = list(PRECISION)
V, D = 90, 12  # more words than the nodes at the top of the Huffman tree, so that paths have lower ends
DRAWN = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 1000),
        "window": st.integers(1, 9),
        "negative": st.integers(1, 7),
        "lanes": st.integers(1, 3),
        "runs": st.booleans(),
    }
)


def some_parameters(objective, seed=0, scale=1.0):
    """Random float32 parameters with scores of the order of `scale`."""
    random = np.random.default_rng(seed)
    return in_precision(random_parameters(random, scale / D**0.25, made_up(V), D, objective), np.float32)


def some_steps(objective, *, seed=0, lanes=2, tokens=600, runs=False, **changes):
    """The objective, and batches of 32 centers a lane of a random text with short sentences and common words.

    Or of four runs a lane, where the objective has them.
    """
    random = np.random.default_rng(seed)
    ids = np.minimum(random.geometric(0.05, tokens) - 1, V - 1).astype(np.int32)
    sentence = np.cumsum(random.random(tokens) < 0.1)
    chosen = TrainSettings(**{"window": 3, "sample": 0.1, "seed": seed, **objective, **changes})
    in_runs = runs and (chosen.architecture, chosen.loss) == ("skipgram", "ns")
    shape = (
        StepShape(lanes, 4 * chosen.window, 4, 16, chosen.window)
        if in_runs and chosen.window > 1
        else StepShape(lanes, 32, 16, 16)
    )
    maker = BatchMaker(np.bincount(ids, minlength=V) + 1, chosen, shape)
    return maker.objective, list(maker.epoch([Chunk(ids, sentence, 0)], 0))


def without_pairs(batch):
    """The same batch, of whose words none is near another."""
    targets, drawn = replace(batch.targets, present=np.zeros_like(batch.targets.present)), batch.drawn
    if isinstance(drawn, LeafPaths):  # which are those of words that are predicted
        drawn = replace(drawn, turned=np.zeros_like(drawn.turned))
    return replace(batch, positive=np.zeros_like(batch.positive), targets=targets, drawn=drawn)


def rows_met(objective, batch, pieces):
    """Which rows of both matrices a batch is about."""
    words = set((batch.centers if objective.architecture == "skipgram" else batch.tokens).flat)
    inputs = {row for word in words for row in pieces[word]} if pieces else words
    targets = set(batch.targets.words.flat)
    if isinstance(batch.drawn, Noise):
        return inputs, targets | set(batch.drawn.words.flat)
    if objective.tree:
        return inputs, {node for word in targets for node in objective.tree.path(word)[0]}
    return inputs, set(range(V))


def same(one, other):
    """Whether two parameters are equal, number by number."""
    return np.array_equal(one.vectors, other.vectors) and np.array_equal(one.contexts, other.contexts)


@pytest.mark.parametrize("rate", [0.025, 1.0])
@given(scale=st.floats(0.1, 2), drawn=DRAWN)  # a few scores of CBOW's sums come near the 88 at which exp ends
@settings(max_examples=8)
def test_fast_equals_reference_tensor_by_tensor(objective, rate, scale, drawn):
    """Both trainers move every number alike, within float32's rounding of the sums, and report the same loss."""
    what, batches = some_steps(objective, tokens=150, **drawn)
    for batch in batches[:2]:
        start = some_parameters(objective, drawn["seed"], scale)
        fast, reference = in_precision(start, np.float32), in_precision(start, np.float64)
        with np.errstate(over="ignore"):  # as in a training: products that overflow are taken apart
            fast_loss = FastTrainer(what).step(fast, batch, rate)
        reference_loss = ReferenceTrainer(what).step(reference, batch, rate)
        assert fast_loss == pytest.approx(reference_loss, rel=2e-6)
        for name in ("vectors", "contexts"):
            moved = np.abs(getattr(reference, name) - getattr(start, name)).max()
            error = np.abs(getattr(fast, name) - getattr(reference, name)).max()
            assert error <= 1e-5 * (1 + moved)


@pytest.mark.parametrize("method", ["__init__", "step", "loss"])
def test_trainers_have_the_same_signature(method):
    """Whatever takes one trainer takes the other."""
    first, second = (inspect.signature(getattr(trainer, method)) for trainer in TRAINERS)
    assert first == second


@pytest.mark.parametrize("trainer", TRAINERS)
def test_a_batch_without_pairs_moves_nothing(objective, trainer):
    """Padding and centers without context contribute neither loss nor gradient, not even through what was drawn."""
    what, batches = some_steps(objective)
    start = some_parameters(objective)
    moved = in_precision(start, PRECISION[trainer])
    assert trainer(what).step(moved, without_pairs(batches[0]), 1.0) == pytest.approx(0, abs=1e-3)
    assert same(moved, start)


@pytest.mark.parametrize("trainer", TRAINERS)
def test_rows_outside_the_batch_stay_as_they_are(objective, trainer):
    """A step touches the rows of its own words, and of the nodes on their paths, only."""
    what, batches = some_steps(objective, lanes=1, tokens=30)
    start = some_parameters(objective)
    moved = in_precision(start, PRECISION[trainer])
    trainer(what).step(moved, batches[0], 0.5)
    for name, met in zip(("vectors", "contexts"), rows_met(what, batches[0], start.pieces), strict=True):
        touched = np.flatnonzero((getattr(moved, name) != getattr(start, name)).any(axis=1))
        assert len(touched) > 0
        assert set(touched.tolist()) <= met


@pytest.mark.parametrize("trainer", TRAINERS)
def test_small_steps_lower_the_loss(objective, trainer):
    """A step against the gradient makes the very batch it was taken on more likely."""
    what, batches = some_steps(objective)
    parameters = in_precision(some_parameters(objective), PRECISION[trainer])
    losses = [trainer(what).step(parameters, batches[0], 0.002) for _ in range(5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("trainer", TRAINERS)
def test_the_loss_alone_is_that_of_the_step(objective, trainer):
    """`loss` is what `step` returns, to the bit, and moves nothing."""
    what, batches = some_steps(objective)
    start = some_parameters(objective)
    parameters = in_precision(start, PRECISION[trainer])
    loss = trainer(what).loss(parameters, batches[0])
    assert same(parameters, start)
    assert trainer(what).step(parameters, batches[0], 0.1) == loss > 0


def test_a_step_whose_loss_is_not_finite_moves_nothing(objective):
    """Scores beyond the range of float32 are reported before anything is spoiled."""
    what, batches = some_steps(objective)
    start = some_parameters(objective, scale=1e30)
    moved = in_precision(start, np.float32)
    with np.errstate(all="ignore"):
        assert not np.isfinite(FastTrainer(what).step(moved, batches[0], 0.1))
    assert same(moved, start)


@pytest.mark.parametrize("runs", [False, True])
def test_what_is_no_pair_may_score_what_it_likes(objective, runs):
    """Scores beyond the range of exp are harmless where an input has no target, or no target of its meets the row."""
    what, batches = some_steps(objective, lanes=1, tokens=20, runs=runs)
    start = some_parameters(objective, scale=1000.0)
    moved = in_precision(start, np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        assert FastTrainer(what).step(moved, without_pairs(batches[0]), 0.1) == pytest.approx(0, abs=1e-3)
        assert same(moved, start)
        usual, strange = some_parameters(objective), some_parameters(objective)
        strange.contexts[sorted(set(range(V)) - rows_met(what, batches[0], start.pieces)[1])] *= 1000
        assert FastTrainer(what).loss(strange, batches[0]) == FastTrainer(what).loss(usual, batches[0])


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_a_score_beyond_the_range_of_exp_is_a_score_like_others(architecture):
    """Of a pair that is so wrong that exp overflows, loss and gradient are finite, and the reference's."""
    what, batches = some_steps({"architecture": architecture})
    start = some_parameters({"architecture": architecture}, scale=100.0)
    fast, reference = in_precision(start, np.float32), in_precision(start, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        loss = FastTrainer(what).step(fast, batches[0], 0.025)
    assert loss / batches[0].pairs > 88
    assert loss == pytest.approx(ReferenceTrainer(what).step(reference, batches[0], 0.025), rel=1e-5)
    assert fast.vectors == pytest.approx(reference.vectors, abs=1e-3)
    assert fast.contexts == pytest.approx(reference.contexts, abs=1e-3)


@pytest.mark.parametrize("runs", [False, True])
def test_a_trainer_remembers_nothing(objective, runs):
    """A step after steps of other batches, of other shapes too, is to the bit that of a new trainer."""
    what, batches = some_steps(objective, window=5, runs=runs)
    _, wider = some_steps(objective, window=7, lanes=3, runs=runs)
    used = FastTrainer(what)
    for batch in (*wider[:2], *batches[:4], batches[0]):
        parameters, fresh = some_parameters(objective), some_parameters(objective)
        assert used.step(parameters, batch, 0.5) == FastTrainer(what).step(fresh, batch, 0.5)
        assert same(parameters, fresh)


@pytest.mark.parametrize("add", [add_rows, add_rows_by_public_product])
@given(seed=st.integers(0, 1000), rows=st.integers(1, 50))
def test_add_rows_equals_numpy_s_own_loop(add, seed, rows):
    """Both ways of adding rows, compiled in place and by the public product, equal `np.add.at`."""
    matrix, ids, rates, values = rows_to_add(seed, rows)
    wanted = matrix.astype(np.float64)
    np.add.at(wanted, ids, rates[:, None].astype(np.float64) * values)
    add(matrix, ids, rates, values)
    assert matrix == pytest.approx(wanted, abs=1e-5)


def rows_to_add(seed, rows):
    """A matrix, which of its rows to add to, factors, and what to add."""
    random = np.random.default_rng(seed)
    matrix, values = random.normal(size=(7, 5)).astype(np.float32), random.normal(size=(rows, 5)).astype(np.float32)
    ids, rates = random.integers(0, 7, rows).astype(np.int32), random.random(rows).astype(np.float32)
    return matrix, ids, rates, values


@given(
    rows=st.integers(1, 6),
    counts=st.lists(st.integers(0, 4), min_size=6, max_size=6),
    seed=st.integers(0, 100),
    private=st.booleans(),
)
def test_a_row_that_many_share_is_added_to_each(rows, counts, seed, private):
    """`add_rows` with `starts` adds what it adds when every shared row is written out."""
    random, starts = np.random.default_rng(seed), np.concatenate([[0], np.cumsum(counts[:rows])]).astype(np.int32)
    matrix, values = (random.normal(size=(size, 5)).astype(np.float32) for size in (7, rows))
    ids, rates = random.integers(0, 7, starts[-1]).astype(np.int32), random.random(starts[-1]).astype(np.float32)
    wanted, found = matrix.copy(), matrix.copy()
    scatter.add_rows(wanted, ids, rates, np.repeat(values, counts[:rows], axis=0))
    with pytest.MonkeyPatch.context() as patch:
        if not private:
            patch.setattr(scatter, "_compiled_product", lambda: None)
        scatter.add_rows(found, ids, rates, values, starts=starts)
    assert found == pytest.approx(wanted, abs=1e-5)
