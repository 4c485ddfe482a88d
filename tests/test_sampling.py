"""Distributions and draws: subsampling, noise, the alias table, the generators."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.sampling import AliasTable, Purpose, generator, keep_probability, noise_distribution

COUNTS = st.lists(st.integers(1, 10**9), min_size=1, max_size=60).map(lambda counts: np.array(counts, np.int64))


def test_keep_probability_of_a_hand_worked_example():
    """With t = 0.01 a word of frequency 0.64 is kept with (sqrt(64) + 1) / 64 = 9 / 64; one of 0.01 always."""
    kept = keep_probability(np.array([64, 35, 1]), 0.01)
    assert kept[0] == pytest.approx(9 / 64)
    assert kept[2] == 1.0


@given(COUNTS)
def test_sample_zero_keeps_everything(counts):
    """A threshold of 0 switches subsampling off."""
    assert (keep_probability(counts, 0) == 1).all()


@given(COUNTS, st.floats(1e-6, 1))
def test_a_more_frequent_word_is_never_kept_more_often(counts, sample):
    """Keep probability falls with frequency, and is a probability."""
    kept = keep_probability(np.sort(counts), sample)
    assert (np.diff(kept) <= 1e-12).all()
    assert ((kept > 0) & (kept <= 1)).all()


def test_noise_of_a_hand_worked_example():
    """Counts 16 and 1 at exponent 0.75 are drawn 8 to 1."""
    assert noise_distribution(np.array([16, 1]), 0.75) == pytest.approx([8 / 9, 1 / 9])


@given(COUNTS, st.floats(0, 1))
def test_alias_table_holds_the_distribution_it_was_given(counts, exponent):
    """The columns of the alias table add up to the distribution, word by word."""
    wanted = noise_distribution(counts, exponent)
    assert AliasTable(wanted).probabilities == pytest.approx(wanted, abs=1e-12)


def test_alias_draws_follow_the_distribution():
    """Frequencies of a million draws agree with the probabilities within five standard errors."""
    wanted = noise_distribution(np.array([1000, 100, 10, 1, 1]), 0.75)
    draws = AliasTable(wanted).draw(generator(1, Purpose.NOISE), (1000, 1000))
    found = np.bincount(draws.ravel(), minlength=5) / draws.size
    assert (np.abs(found - wanted) < 5 * np.sqrt(wanted * (1 - wanted) / draws.size)).all()


def test_each_purpose_and_place_has_its_own_stream():
    """No two purposes, epochs or chunks share their random numbers, and each is the same again."""
    keys = [(purpose, epoch, chunk) for purpose in Purpose for epoch in range(2) for chunk in range(2)]
    streams = {generator(7, *key).bytes(16) for key in keys}
    assert len(streams) == len(keys)
    assert streams == {generator(7, *key).bytes(16) for key in keys}
