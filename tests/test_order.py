"""What the order of pairs adds to a step: the inputs of a target draw each other, as if they came in turn."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.settings import TrainSettings
from pipeline.training.drawn import of_step
from pipeline.training.objective import Objective
from pipeline.training.order import attraction
from pipeline.training.parameters import Parameters
from pipeline.training.paths import TextPathMaker, top_of
from pipeline.training.reference import ReferenceTrainer
from tests.test_reference import batch_of

COUNTS = 10**6 // np.arange(1, 201)
RARE = 190  # a word whose path has nodes below the tree's top
A, B = 5, 9
RATE = 1e-3


@pytest.fixture
def what():
    """Skip-gram with hierarchical softmax."""
    return Objective.of(TrainSettings(loss="hs"), COUNTS)


def some_parameters(*, nodes=0.0):
    """Random vectors, and nodes that are as long as is said: by default they have not been moved yet."""
    random = np.random.default_rng(3)
    return Parameters(random.normal(size=(len(COUNTS), 8)), nodes * random.normal(size=(len(COUNTS), 8)))


def pairs(what, *, a, b):
    """The batch of the line A RARE B in which either of A and B has RARE for a target, or both have."""
    positive = [[[False, False, a], [False] * 3, [b, False, False]]]
    return batch_of(what, [[0, A, RARE, B, 0]], positive, [[[]]], 0)


def moved(what, batches, start):
    """How far each vector moves in these steps, one after the other."""
    parameters = Parameters(start.vectors.copy(), start.contexts.copy())
    for batch in batches:
        ReferenceTrainer(what).step(parameters, batch, RATE)
    return parameters.vectors - start.vectors


def h_of(start):
    """The input vectors of `pairs`: A and B are its first and its last center."""
    return lambda each: start.vectors[{0: A, 2: B}[each[1]]]


def test_two_inputs_move_as_in_turn(what):
    """Of nodes that have not been moved yet, one step moves both inputs by the mean of what both orders do."""
    first, second, start = pairs(what, a=True, b=False), pairs(what, a=False, b=True), some_parameters()
    in_turn = (moved(what, [first, second], start) + moved(what, [second, first], start)) / 2
    at_once = moved(what, [pairs(what, a=True, b=True)], start)
    below = what.tree.path(RARE)[0] < top_of(what.tree)[0]
    top_alone = RATE**2 / 2 * 0.25 * np.count_nonzero(~below) * start.vectors[[B, A]]  # what the top would add
    assert np.abs(at_once[[A, B]]).max() > 5e-7
    assert at_once[[A, B]] == pytest.approx(in_turn[[A, B]] - top_alone, abs=2e-9)


def test_an_input_alone_is_drawn_by_nobody(what):
    """A target's only input owes nothing."""
    start = some_parameters(nodes=1.0)
    batch = pairs(what, a=True, b=False)
    owed = dict(attraction(what.tree, batch, start.contexts, lambda _: start.vectors[A], RATE))
    assert list(owed) == [(0, 0)]
    assert not owed[0, 0].any()


@pytest.mark.parametrize("weight", [0, 2])
def test_a_step_counts_the_order_as_often_as_its_paths_say(what, weight):
    """Of a step that counts it not at all or twice, inputs owe nothing or twice as much."""
    batch, start = pairs(what, a=True, b=True), some_parameters(nodes=1.0)
    paths = of_step(TextPathMaker(what.tree, 2).paths(batch.targets.words[None], np.random.default_rng(0)), 0)
    weighed = replace(batch, drawn=replace(paths, order_weight=np.float64(weight)))
    once, owed = (
        sum(np.abs(gradient) for _, gradient in attraction(what.tree, each, start.contexts, h_of(start), RATE))
        for each in (batch, weighed)
    )
    assert np.abs(once).max() > 1e-5
    assert owed == pytest.approx(weight * once)
