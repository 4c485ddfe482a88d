"""Hierarchical softmax, fast: the reference's step on any tree, the same lane by lane, and without SciPy's secrets."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.batches import BatchMaker
from pipeline.training.fast import scatter
from pipeline.training.fast.decisions import MULTIPLIED, decide, decide_weighed
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer
from pipeline.training.step_shape import StepShape

D = 10
TREES = st.sampled_from(["even", "steep", "deep", "deepest"])
FIBONACCI = [1, 1]
while len(FIBONACCI) < 88:
    FIBONACCI.append(sum(FIBONACCI[-2:]))
ARCHITECTURES = pytest.mark.parametrize("architecture", ["skipgram", "cbow"])


def some_counts(tree, size):
    """Counts whose Huffman tree is as flat, as usual, deep, or as deep as can be."""
    if tree == "even":
        return np.full(size, 10)
    if tree == "steep":
        return 10**6 // np.arange(1, size + 1)
    if tree == "deepest":
        return np.array((FIBONACCI[::-1] + [1] * size)[:size])
    return 2 ** np.minimum(np.arange(size, 0, -1), 50)


def some_steps(architecture, *, seed=0, tree="steep", window=3, size=300, lanes=2, tokens=200, runs=False, **changes):
    """The objective, and batches of 30 or so centers a lane of a random text over a vocabulary with these counts."""
    random = np.random.default_rng(seed)
    ids = random.integers(0, size, tokens).astype(np.int32)
    ids[::3] = ids[0]  # a word that comes often
    chosen = TrainSettings(architecture=architecture, loss="hs", window=window, sample=0, seed=seed, **changes)
    shape = StepShape(lanes, -(-15 // window) * 2 * window, 1, run=window) if runs else StepShape(lanes, 32, 16)
    maker = BatchMaker(some_counts(tree, size), chosen, shape)
    return maker.objective, list(maker.epoch([Chunk(ids, np.cumsum(random.random(tokens) < 0.1), 0)], 0))


def some_parameters(size=300, seed=0, scale=1.0):
    """Random float32 parameters with scores of the order of `scale`."""
    random = np.random.default_rng(seed)
    return Parameters(*(random.normal(0, scale / D**0.25, (size, D)).astype(np.float32) for _ in range(2)))


def copy(parameters, dtype=np.float32):
    """The same parameters in another precision."""
    return Parameters(parameters.vectors.astype(dtype), parameters.contexts.astype(dtype))


@ARCHITECTURES
@given(
    tree=TREES,
    size=st.sampled_from([1, 2, 17, 18, 33, 34, 300]),  # no tree, all in the top of 16 or 32, one node below, most
    window=st.integers(1, 9),
    seed=st.integers(0, 1000),
)
@settings(max_examples=50)
def test_fast_equals_reference_on_any_tree(architecture, tree, size, window, seed):
    """Flat and deep trees, of every size in relation to the top, at rates that reach every bound of `row_rates`.

    The last step of a text ends in padding.
    """
    kind = {
        "tree": tree,
        "size": size,
        "window": window,
        "runs": architecture == "skipgram" and window > 1 and seed % 4 < 2,
    }
    what, batches = some_steps(architecture, **kind, seed=seed, cbow_mean=bool(seed % 2))
    start, rate = some_parameters(size, seed, scale=0.7), [0.025, 2.0][seed % 3 == 0]
    fast, reference = copy(start), copy(start, np.float64)
    batch = batches[-(seed % 2)]
    if architecture == "skipgram":
        batch = replace(batch, drawn=replace(batch.drawn, order_weight=np.float64([0, 1, 4][seed % 3])))
    loss = FastTrainer(what).step(fast, batch, rate)
    assert loss == pytest.approx(ReferenceTrainer(what).step(reference, batch, rate), rel=2e-6, abs=2e-5)
    assert fast.vectors == pytest.approx(reference.vectors, abs=2e-5)
    assert fast.contexts == pytest.approx(reference.contexts, abs=2e-5)


@ARCHITECTURES
@pytest.mark.parametrize("window", [1, 5])
def test_the_public_product_takes_the_same_step(architecture, window, monkeypatch):
    """Where SciPy's private functions are gone, a step is the same but for the rounding of sums."""
    what, batches = some_steps(architecture, window=window)
    private, public = copy(some_parameters()), copy(some_parameters())
    loss = FastTrainer(what).step(private, batches[0], 0.5)
    monkeypatch.setattr(scatter, "_compiled_product", lambda: None)
    assert FastTrainer(what).step(public, batches[0], 0.5) == loss
    assert public.vectors == pytest.approx(private.vectors, abs=1e-5)
    assert public.contexts == pytest.approx(private.contexts, abs=1e-5)


@given(seed=st.integers(0, 1000), scale=st.sampled_from([1.0, 30.0]))
def test_decisions_are_the_textbook_s(seed, scale):
    """Residuals and the loss of `decide` are those of the formulas in float64, where products of terms overflow too."""
    random = np.random.default_rng(seed)
    scores = (scale * random.uniform(-2, 2, 3 * MULTIPLIED)).astype(np.float32)
    turned = random.integers(-1, 2, scores.shape).astype(np.float32)
    wrong = np.exp(scores.astype(np.float64) * turned)  # how much more the other branch is believed in
    residuals, loss = -turned * wrong / (1 + wrong), (np.abs(turned) * np.log1p(wrong)).sum()
    with np.errstate(over="ignore"):
        assert decide(scores, turned) == pytest.approx(loss, rel=2e-6, abs=1e-5)
    assert scores == pytest.approx(residuals, abs=1e-6)


@given(seed=st.integers(0, 1000), scale=st.sampled_from([1.0, 30.0]))
def test_a_decision_of_a_pair_that_counts_less(seed, scale):
    """Residuals and the loss of `decide_weighed` are those of `decide`, each times what the pair counts."""
    random = np.random.default_rng(seed)
    scores = (scale * random.uniform(-2, 2, 3 * MULTIPLIED)).astype(np.float32)
    signs = random.integers(-1, 2, scores.shape).astype(np.float32)
    weights = random.uniform(2 / 3, 1, scores.shape).astype(np.float32)
    once, alone = scores.copy(), np.eye(1, MULTIPLIED, dtype=np.float32)[0]
    with np.errstate(over="ignore"):
        losses = [decide(score * alone, sign * alone) for score, sign in zip(scores, signs, strict=True)]
        decide(once, signs)
        assert decide_weighed(scores, signs * weights) == pytest.approx(weights @ losses, rel=2e-6, abs=1e-5)
    assert scores == pytest.approx(weights * once, abs=1e-6)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_no_gradient_of_a_node_is_longer_than_its_bound(seed):
    """In CBOW the lengths of what pulls the nodes are not measured but bounded: none is longer."""
    what, batches = some_steps("cbow", seed=seed)
    trainer = FastTrainer(what)
    trainer.loss(some_parameters(seed=seed, scale=2.0), batches[0])
    _, pull = trainer.pulls(batches[0], 0.025)
    lengths = np.linalg.norm(pull.pulls, axis=1)
    assert (lengths <= pull.lengths * (1 + 1e-5)).all()
    assert lengths.max() > 0.1


def test_what_is_behind_the_text_is_met_by_nobody():
    """In CBOW a step that is mostly padding lists the paths of its few targets, and so each node once."""
    _, (batch,) = some_steps("cbow", tokens=4)
    assert 0 < int(batch.targets.present.sum()) < batch.centers.size
    assert set(batch.drawn.occurrences[batch.drawn.turned.any(axis=1)].tolist()) == {1}


@ARCHITECTURES
def test_what_is_no_pair_may_score_what_it_likes(architecture):
    """A node on no target's path, and an input without targets, are beyond the range of exp and harm nothing."""
    what, batches = some_steps(architecture, size=30)
    start, batch = some_parameters(30), batches[-1]  # the last step ends in padding
    met = {node for word in batch.targets.words.flat for node in what.tree.path(word)[0].tolist()}
    start.contexts[[node for node in range(30) if node not in met]] = 1e6
    with np.errstate(over="ignore", invalid="ignore"):
        assert np.isfinite(FastTrainer(what).loss(start, batch))
