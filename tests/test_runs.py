"""Runs: which pairs are met where the text is cut into runs, and what they count: as much as in drawn windows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.training.runs import BESIDE, runs_of_targets, weights_of_targets
from pipeline.training.step_shape import StepShape
from storage.errors import SettingError
from tests.test_batches import TEXTS, brute_force_pairs, chunks, in_order, maker_for, one_sentence, pairs_of

WITH_RUNS = pytest.mark.parametrize("loss", ["ns", "hs"])
WINDOWS = pytest.mark.parametrize("window", [2, 3, 5, 9])


def runs_of(loss, window, lanes=2, runs=3):
    """A small step: some lanes of a few runs, or of a few times two runs of which each reaches to another side."""
    return StepShape(lanes, (2 if loss == "hs" else 1) * runs * window, 1, run=window)


def inside(loss, window):
    """Which places around the tokens of a long sentence are met, far from its ends, and what each place counts."""
    count = 600 * window
    maker = maker_for([count], window=window, cut=runs_of(loss, window), loss=loss)
    made = list(maker.epoch(one_sentence(np.zeros(count)), 0))
    positive = in_order(made, lambda batch: batch.positive)[3 * window : count - 3 * window]
    return positive, np.array([made[0].targets.weight(place) for place in range(2 * window + 1)])


@WITH_RUNS
@given(TEXTS, st.integers(2, 6), st.integers(1, 4), st.integers(1, 3))
def test_the_cut_into_steps_changes_no_pair_of_runs(loss, sentences, window, lanes, runs):
    """Steps, lanes and chunks of any size form the same pairs; none leaves the window or the sentence."""
    usual = pairs_of(maker_for(window=window, cut=runs_of(loss, window), loss=loss).epoch(chunks(sentences), 0))
    cut = runs_of(loss, window, lanes, runs)
    assert pairs_of(maker_for(window=window, cut=cut, loss=loss).epoch(chunks(sentences, 7), 0)) == usual
    assert not usual - brute_force_pairs(sentences, window)
    assert not brute_force_pairs(sentences, 1) - usual


@WITH_RUNS
@WINDOWS
def test_a_pair_counts_as_much_as_with_drawn_windows(loss, window):
    """Over a long sentence a token at distance d is met, times what that counts, in (C - d + 1) / C of the cases.

    So the gradient that is expected is that of windows drawn from 1 to C.
    """
    positive, weights = inside(loss, window)
    far = np.abs(np.arange(-window, window + 1))
    assert positive.mean(axis=0) * weights == pytest.approx((window + 1 - far) / window * (far > 0), abs=1e-7)


@WINDOWS
def test_with_negative_sampling_every_input_meets_as_many(window):
    """A run's inputs have C + 1 targets each, and every pair counts once."""
    positive, weights = inside("ns", window)
    assert (positive.sum(axis=1) == window + 1).all()
    assert (weights == 1).all()


@WINDOWS
def test_three_tokens_beside_a_run_of_targets_meet_it(window):
    """Two of them stand on the right of the first of two runs, and on the left of the second."""
    met, beside = runs_of_targets(window), set()
    for place, own in zip(*np.nonzero(met), strict=True):
        run = (own + place - window) // window  # of the target
        if own // window != run:
            beside.add((int(run), int(own)))
    right, left = {(0, window), (0, window + 1)}, {(1, window - 1), (1, window - 2)}
    assert beside == right | left | {(-1, 0), (2, 2 * window - 1)}
    assert len(right) + 1 == BESIDE


@WINDOWS
def test_less_is_left_to_chance_than_by_drawing(window):
    """What a pair counts is nearer to what is expected of it, on average of squares, than if it is met or not."""
    met, weights = runs_of_targets(window).mean(axis=1), weights_of_targets(window)
    far = np.delete(np.arange(2 * window + 1), window)
    expected = met[far] * weights[far]
    spread = met[far] * weights[far] ** 2 - expected**2
    assert (spread <= expected * (1 - expected) + 1e-7).all()
    assert spread.sum() < 0.75 * (expected * (1 - expected)).sum()
    assert (weights[far] > 0.5).all()  # `decide_weighed` rounds them to one


def test_runs_of_targets_come_in_pairs():
    """A step of an odd number of them is refused."""
    with pytest.raises(SettingError, match="pairs of runs"):
        maker_for(window=5, cut=StepShape(2, 15, 1, run=5), loss="hs")


@WITH_RUNS
def test_a_batch_knows_what_its_pairs_count(loss):
    """It is the sum over them, and over a long sentence C + 1 for a center on average."""
    maker = maker_for([6000], window=5, cut=runs_of(loss, 5), loss=loss)
    (_, *made, _) = maker.epoch(one_sentence(np.zeros(6000)), 0)
    counted = [sum(batch.targets.weight(o) for *_, o in np.argwhere(batch.targets.present)) for batch in made[:9]]
    assert [batch.pairs for batch in made[:9]] == pytest.approx(counted, rel=1e-12)
    assert np.mean([batch.pairs / batch.centers.size for batch in made]) == pytest.approx(6, abs=0.05)


@pytest.mark.parametrize(("loss", "begins"), [("ns", range(5)), ("hs", range(10))])
def test_runs_begin_somewhere_else_in_each_epoch(loss, begins):
    """So over epochs every two neighbors are in the same run, and in different ones, and each side is reached."""
    maker = maker_for([600], window=5, cut=runs_of(loss, 5), loss=loss)
    assert {maker.epochs_first_run(epoch) for epoch in range(100)} == set(begins)


@WITH_RUNS
def test_runs_are_for_skip_gram_and_windows_that_shrink(loss):
    """Elsewhere windows are drawn, or full, and where a run would be very long."""
    assert StepShape.for_settings(TrainSettings(loss=loss, window=7)).run == 7
    for change in ({"shrink_windows": False}, {"architecture": "cbow"}, {"loss": "softmax"}, {"window": 1000}):
        assert StepShape.for_settings(TrainSettings(**{"loss": loss, **change})).run == 0
