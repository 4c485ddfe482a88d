"""The reference trainer: one step is gradient descent on the batch's summed loss, pair by pair."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.training.batch import MAX_MOVE, MAX_NODE_MOVE, SHARING, Batch, Targets, of_targets
from pipeline.training.drawn import Noise, of_step
from pipeline.training.leaves import LeafPathMaker
from pipeline.training.objective import Objective
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer
from tests.varied import in_precision, made_up, random_parameters

LN3 = math.log(3)
COUNTS, DIMENSIONS = np.array([9, 7, 4, 3, 2, 1]), 3
SEEDS = st.integers(0, 2**32 - 1)
SMALL = 1e-8  # a learning rate at which nothing holds a row back


def occurrences(ids):
    """How often each entry's value stands among all entries."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    return counts[inverse].reshape(ids.shape).astype(np.int32)


def batch_of(what, tokens, positive, noise, negative, *, weights=None):
    """A batch from lists, with a lane in each of their entries; in skip-gram the reference looks paths up itself.

    With hierarchical softmax a pair of skip-gram may count less than once, by the place of its target.
    """
    tokens, noise, positive = np.array(tokens, np.int32), np.array(noise, np.int32), np.array(positive, np.bool_)
    window = positive.shape[2] // 2
    present = positive if what.architecture == "skipgram" else positive.any(axis=2, keepdims=True)
    words, counts = (of_targets(what.architecture, values, window) for values in (tokens, occurrences(tokens)))
    reach = window if what.architecture == "skipgram" else 0
    drawn = Noise(noise, occurrences(noise), negative, 1, reach) if what.loss == "ns" else None
    if what.tree and what.architecture == "cbow":
        drawn = of_step(LeafPathMaker(what.tree).paths(np.where(present[..., 0], words, -1)[None]), 0)
    targets = Targets(words, present, counts, weights)
    return Batch(tokens, positive, occurrences(tokens), targets, drawn, 0.0)


def random_problem(objective, seed):
    """A trainer's objective, parameters in double precision, and a batch.

    Two lanes of two groups of three centers each, a window of 2, some contexts, and words that come more than once.
    """
    random = np.random.default_rng(seed)
    what = Objective.of(TrainSettings(**objective), COUNTS)
    positive = random.random((2, 6, 5)) < 0.4
    positive[:, :, 2] = False  # no center is its own context
    tokens, noise = random.integers(len(COUNTS), size=(2, 10)), random.integers(len(COUNTS), size=(2, 2, 4))
    parameters = random_parameters(random, 1.0, made_up(len(COUNTS)), DIMENSIONS, objective)
    weighed = what.loss == "hs" and what.architecture == "skipgram"
    weights = random.uniform(0.5, 1, 5) if weighed else None
    return what, parameters, batch_of(what, tokens, positive, noise, 3, weights=weights)


def copy_of(parameters):
    """The same numbers in other arrays."""
    return in_precision(parameters, parameters.vectors.dtype)


def words_around(batch, lane, n):
    """The context words of a center."""
    return batch.tokens[lane, n + np.flatnonzero(batch.positive[lane, n])].tolist()


def rows_of(parameters, words):
    """The rows that make the input vector of some words."""
    return [row for word in words for row in (parameters.pieces[word] if parameters.pieces else [word])]


def log_sigmoid(score):
    """log sigma(s)."""
    return -math.log(1 + math.exp(-score))


def loss_of_center(what, parameters, batch, lane, n):
    """A center's share of the loss, from the definition of each objective, with the standard library."""
    contexts, center = words_around(batch, lane, n), batch.centers[lane, n]
    if not contexts:
        return 0.0
    u, inputs = parameters.contexts, [center] if what.architecture == "skipgram" else contexts
    rows = parameters.vectors[rows_of(parameters, inputs)]
    h = sum(rows) / (len(rows) if what.mean else 1)
    total = 0.0
    weights = [batch.targets.weight(place) for place in np.flatnonzero(batch.targets.present[lane, n])]
    targets = contexts if what.architecture == "skipgram" else [center]
    for target, weight in zip(targets, weights, strict=True):
        if what.loss == "ns":
            noise = batch.drawn.words[lane, batch.group(n)]
            total -= log_sigmoid(u[target] @ h) + 3 * sum(log_sigmoid(-u[word] @ h) for word in noise) / len(noise)
        elif what.loss == "hs":
            points, codes = what.tree.path(target)
            signs = zip(points, 1.0 - 2 * codes, strict=True)
            total -= weight * sum(log_sigmoid(sign * (u[node] @ h)) for node, sign in signs)
        else:
            total -= u[target] @ h - math.log(sum(math.exp(row @ h) for row in u))
    return total


def loss_of(what, parameters, batch):
    """The summed loss of all centers."""
    return sum(loss_of_center(what, parameters, batch, *at) for at in np.ndindex(batch.centers.shape))


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


def worked(objective, vectors, contexts, positive, noise, *, rate=0.4, weights=None):
    """Take a step in one dimension: words 1, 0 and 2, of which 0 is the center. Returns the loss and all that moved."""
    what = Objective.of(TrainSettings(**objective), np.array([4, 2, 1, 1][: len(vectors)]))
    parameters = Parameters(np.array(vectors, float)[:, None], np.array(contexts, float)[:, None])
    batch = batch_of(what, [[1, 0, 2]], [[positive]], [[noise]], negative=1, weights=weights)
    loss = ReferenceTrainer(what).step(parameters, batch, rate)
    return loss, parameters.vectors.ravel(), parameters.contexts.ravel()


def test_worked_step_of_skip_gram_with_negative_sampling():
    """A center, one context, one noise word and a learning rate of 0.4, worked by hand, end at these numbers.

    In one dimension the center has v = ln 3, the context u_1 = 1 and the noise word u_2 = -1.

        s_1 = ln 3,  sigma = 3/4,  residual 1 - 3/4 = 1/4
        s_2 = -ln 3, sigma = 1/4,  residual 0 - 1/4 = -1/4,  weight 1 context * 1 negative / 1 noise word = 1
        loss  = -log 3/4 - log(1 - 1/4) = 2 log 4/3
        v    += 0.4 (1/4 * 1 + -1/4 * -1) = 0.2
        u_1  += 0.4 * 1/4 * ln 3 = ln 3 / 10
        u_2  += 0.4 * -1/4 * ln 3 = -ln 3 / 10
    """
    loss, v, u = worked({}, [LN3, 5, 7], [9, 1, -1], [True, False, False], [2])
    assert loss == pytest.approx(2 * math.log(4 / 3), rel=1e-15)
    assert v == pytest.approx([LN3 + 0.2, 5, 7], rel=1e-15)
    assert u == pytest.approx([9, 1 + LN3 / 10, -1 - LN3 / 10], rel=1e-15)


@pytest.mark.parametrize("mean", [True, False])
def test_worked_step_of_cbow(mean):
    """Two contexts that together predict the center, worked by hand, end at these numbers.

    The contexts' mean or sum is h = ln 3, the center has u_0 = 1, the noise word 3 has u_3 = -1. As in skip-gram the
    residuals are 1/4 and -1/4 and - dL/dh = 1/2. The classic step moves both contexts by rate * 1/2 for the mean, and
    by rate * 1/2 / 2 contexts for the sum.
    """
    start = [5, 2 * LN3, 0, 7] if mean else [5, LN3 - 1, 1, 7]
    step = 0.2 if mean else 0.1
    loss, v, u = worked({"architecture": "cbow", "cbow_mean": mean}, start, [1, 8, 9, -1], [True, False, True], [3])
    assert loss == pytest.approx(2 * math.log(4 / 3), rel=1e-15)
    assert v == pytest.approx([5, start[1] + step, start[2] + step, 7], rel=1e-15)
    assert u == pytest.approx([1 + LN3 / 10, 8, 9, -1 - LN3 / 10], rel=1e-15)


def test_worked_step_of_hierarchical_softmax():
    """A center and one context that two decisions lead to, worked by hand, end at these numbers.

    Of counts 4, 2, 1 the two rarest are joined to node 0, with word 1 at code 1, and that with word 0 to node 1, the
    root, at code 0. The center has v = ln 3, the nodes on word 1's path u_1 = 1 and u_0 = -1.

        s_1 = ln 3,  sigma = 3/4,  code 0, residual 1 - 3/4 = 1/4
        s_0 = -ln 3, sigma = 1/4,  code 1, residual 0 - 1/4 = -1/4
        loss = 2 log 4/3, v += 0.2 as in negative sampling,  u_1 += 0.1 ln 3, u_0 -= 0.1 ln 3

    Both nodes are met by every center, so no step is longer than Newton's, 4 / h . h for one pair; 0.4 is not.
    """
    loss, v, u = worked({"loss": "hs"}, [LN3, 5, 7], [-1, 1, 9], [True, False, False], [0])
    assert loss == pytest.approx(2 * math.log(4 / 3), rel=1e-15)
    assert v == pytest.approx([LN3 + 0.2, 5, 7], rel=1e-15)
    assert u == pytest.approx([-1 - 0.1 * LN3, 1 + 0.1 * LN3, 9], rel=1e-15)


def test_worked_step_of_a_pair_that_counts_three_quarters():
    """The same with three quarters of the loss and of each gradient."""
    weights = np.array([0.75, 0, 1])
    start = [LN3, 5, 7], [-1, 1, 9], [True, False, False], [0]
    loss, v, u = worked({"loss": "hs"}, *start, weights=weights)
    assert loss == pytest.approx(1.5 * math.log(4 / 3), rel=1e-15)
    assert v == pytest.approx([LN3 + 0.15, 5, 7], rel=1e-15)
    assert u == pytest.approx([-1 - 0.075 * LN3, 1 + 0.075 * LN3, 9], rel=1e-15)


def test_worked_step_of_hierarchical_softmax_at_a_high_rate():
    """The same at rate 4, farther than Newton's 4 / (ln 3)^2 = 3.31: each node moves that times 1/4 ln 3 = 1 / ln 3."""
    loss, v, u = worked({"loss": "hs"}, [LN3, 5, 7], [-1, 1, 9], [True, False, False], [0], rate=4.0)
    assert loss == pytest.approx(2 * math.log(4 / 3), rel=1e-15)
    assert v[0] == pytest.approx(LN3 + 1.0, rel=1e-15)  # no farther than MAX_MOVE
    assert u == pytest.approx([-1 - 1 / LN3, 1 + 1 / LN3, 9], rel=1e-15)


def test_worked_step_of_cbow_with_hierarchical_softmax():
    """The center is predicted from one context, at a rate where the bound of the gradient's length decides.

    The context has h = ln 3, and the root, u_1 = -1, leads to word 0 at code 1: residual 0 - sigma(-ln 3) = -1/4. Up to
    eight inputs share a group, so its gradient counts as sqrt(8) ln 3 long, and the rate 4 as 4 / (sqrt(8) ln 3), with
    which the node could not move farther than 4.
    """
    loss, v, u = worked(
        {"architecture": "cbow", "loss": "hs"}, [5, LN3, 7], [9, -1, 9], [True, False, False], [0], rate=4.0
    )
    assert loss == pytest.approx(math.log(4 / 3), rel=1e-15)
    assert v == pytest.approx([5, LN3 + 1.0, 7], rel=1e-15)
    assert u == pytest.approx([9, -1 - 1 / math.sqrt(8), 9], rel=1e-15)


def test_worked_step_of_full_softmax():
    """A center and one context among three words, worked by hand, end at these numbers.

    With v = ln 3 and u = 0, 1, 0 the words weigh 1, 3 and 1, so their probabilities are 1/5, 3/5 and 1/5.

        loss  = -log 3/5,  residuals -1/5, 1 - 3/5 = 2/5, -1/5
        v    += 0.4 * 2/5 * 1 = 0.16,  u += 0.4 ln 3 residual
    """
    loss, v, u = worked({"loss": "softmax"}, [LN3, 5, 7], [0, 1, 0], [True, False, False], [0])
    assert loss == pytest.approx(math.log(5 / 3), rel=1e-15)
    assert v == pytest.approx([LN3 + 0.16, 5, 7], rel=1e-15)
    assert u == pytest.approx([-0.08 * LN3, 1 + 0.16 * LN3, -0.08 * LN3], rel=1e-14)


@given(SEEDS)
def test_a_batch_of_one_pair_is_the_classic_update(seed):
    """One pair with `negative` noise words moves as in Mikolov's program: outputs one by one, then the center."""
    random = np.random.default_rng(seed)
    parameters = Parameters(*random.normal(size=(2, len(COUNTS), DIMENSIONS)))
    center, context, *noise = random.permutation(len(COUNTS))
    expected = copy_of(parameters)
    error = np.zeros(DIMENSIONS)
    for output, label in [(context, 1), *((word, 0) for word in noise)]:
        v, u = expected.vectors[center], expected.contexts[output]
        pull = 0.025 * (label - 1 / (1 + np.exp(-v @ u)))
        error += pull * u
        u += pull * v
    expected.vectors[center] += error
    what = Objective("skipgram", "ns")
    batch = batch_of(what, [[context, center, context]], [[[True, False, False]]], [[noise]], negative=len(noise))
    ReferenceTrainer(what).step(parameters, batch, 0.025)
    assert parameters.vectors == pytest.approx(expected.vectors, rel=1e-13)
    assert parameters.contexts == pytest.approx(expected.contexts, rel=1e-13)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_a_step_returns_the_summed_loss_before_it(objective, seed):
    """The returned loss equals the definition's sum over all pairs, at the parameters before the step."""
    what, parameters, batch = random_problem(objective, seed)
    expected = loss_of(what, parameters, batch)
    assert ReferenceTrainer(what).step(parameters, batch, 0.1) == pytest.approx(expected, rel=1e-12)


@given(seed=SEEDS)
@settings(max_examples=5)
def test_a_step_descends_along_the_slope_of_the_summed_loss(objective, seed):
    """At a small rate both matrices move by -rate times the central differences of the batch's whole loss.

    With several input rows each center's share of the slope of `vectors` is taken at the classic step's own rate
    (`models.cbow`, `models.fasttext`). A small rate keeps every row from its limits, where `row_rates` gives each
    occurrence the rate itself.
    """
    what, before, batch = random_problem(objective, seed)
    after = copy_of(before)
    ReferenceTrainer(what).step(after, batch, SMALL)
    moved = (after.contexts - before.contexts) / SMALL
    assert moved == pytest.approx(-slope(lambda: loss_of(what, before, batch), before.contexts), rel=1e-5, abs=1e-5)
    wanted = np.zeros_like(before.vectors)
    for lane, n in np.ndindex(batch.centers.shape):
        inputs = words_around(batch, lane, n) if what.architecture == "cbow" else [batch.centers[lane, n]]
        rows = len(rows_of(before, inputs))
        factor = (rows if what.mean else 1 / rows) if rows else 1
        wanted -= factor * slope(lambda at=(lane, n): loss_of_center(what, before, batch, *at), before.vectors)
    assert (after.vectors - before.vectors) / SMALL == pytest.approx(wanted, rel=1e-5, abs=1e-5)


@given(seed=SEEDS, rate=st.floats(1e-3, 1e3))
@settings(max_examples=20)
def test_no_row_leaps(objective, seed, rate):
    """However high the rate and however often a word stands in the step, its row moves at most MAX_MOVE, a piece's 4.

    A word's output row can be pulled as a target and as noise, each within the limit; a tree's node has its own.
    """
    what, before, batch = random_problem(objective, seed)
    after = copy_of(before)
    ReferenceTrainer(what).step(after, batch, rate)
    limit, most = 1 + 1e-9, {"ns": 2 * MAX_MOVE, "hs": MAX_NODE_MOVE, "softmax": MAX_MOVE}[what.loss]
    shared = SHARING if before.pieces else 1
    assert np.linalg.norm(after.vectors - before.vectors, axis=1).max() <= shared * MAX_MOVE * limit
    assert np.linalg.norm((after.vectors - before.vectors)[: len(COUNTS)], axis=1).max() <= MAX_MOVE * limit
    assert np.linalg.norm(after.contexts - before.contexts, axis=1).max() <= most * limit


def test_a_center_without_context_moves_nothing(objective):
    """What is owed is owed for each pair: where there is none the loss is 0 and every number stays."""
    what, parameters, _ = random_problem(objective, 1)
    before = copy_of(parameters)
    batch = batch_of(what, [[0, 1, 2, 3]], np.zeros((1, 2, 3)), [[[4, 5]]], negative=5)
    assert ReferenceTrainer(what).step(parameters, batch, 0.1) == 0
    assert (parameters.vectors == before.vectors).all()
    assert (parameters.contexts == before.contexts).all()


@pytest.mark.parametrize("loss", ["ns", "hs"])
def test_what_an_output_side_needs_is_asked_for(loss):
    """Negative sampling without noise, or hierarchical softmax without a tree, is refused by name."""
    batch = batch_of(Objective("skipgram", "softmax"), [[0, 1, 2]], [[[True, False, False]]], [[[0]]], negative=1)
    _, parameters, _ = random_problem({}, 1)
    with pytest.raises((TypeError, ValueError), match={"ns": "noise", "hs": "tree"}[loss]):
        ReferenceTrainer(Objective("skipgram", loss)).step(parameters, batch, 0.1)
