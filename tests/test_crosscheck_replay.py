"""Level 2 of the cross-check: with gensim's random draws Firth's mathematics gives gensim's vectors."""

import json
from bisect import bisect_left
from itertools import accumulate, chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crosscheck.gensim_draws import FASTTEXT, Generator48, jobs, kept, noise_words, table_sigmoid
from pipeline.crosscheck.replay import TOLERANCE, check_replay
from pipeline.models.negative_sampling import sigmoid
from pipeline.settings import TrainSettings
from storage.errors import SettingError

COUNTS = st.lists(st.integers(1, 1000), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("architecture", "loss", "pairs"),
    [("skipgram", "ns", 191_221), ("skipgram", "hs", 191_221), ("cbow", "ns", 32_495), ("cbow", "hs", 32_495)],
)
def test_a_whole_epoch_agrees(architecture, loss, pairs):
    """After an epoch over 300 stories every number of both matrices is within 1e-4 of gensim's, for each kind.

    That is not for want of movement: gensim's numbers grew to a thousand times that, from starts of at most 0.01 and
    of 0. And the level is plain JSON, without NaN.
    """
    level = json.loads(
        json.dumps(
            check_replay(TrainSettings(epochs=1, architecture=architecture, loss=loss)).as_dict(), allow_nan=False
        )
    )
    assert level["verdict"] == "pass"
    assert (level["architecture"], level["loss"], level["pairs"]) == (architecture, loss, pairs)
    for matrix in ("vector", "context"):
        assert level[f"largest_{matrix}_difference"] <= 1e-4
        assert level[f"largest_{matrix}_number"] > 1000 * TOLERANCE


@pytest.mark.parametrize(
    "settings",
    [
        TrainSettings(epochs=3, seed=7),
        TrainSettings(epochs=1, sample=0, window=2, negative=1, vector_size=10),
        TrainSettings(epochs=1, sample=1e-2, window=8, negative=10, ns_exponent=0.0, alpha=0.05),
        TrainSettings(epochs=3, seed=7, architecture="cbow"),
        TrainSettings(epochs=2, seed=7, loss="hs"),
        TrainSettings(epochs=1, sample=0, loss="hs", shrink_windows=False, window=2),
        TrainSettings(epochs=1, sample=0, loss="hs", architecture="cbow", alpha=0.05),
    ],
    ids=["epochs", "no subsampling", "all else", "CBOW", "tree", "tree without draws", "CBOW, tree, no subsampling"],
)
def test_other_settings_agree(settings):
    """Several epochs, no subsampling, other windows, negatives, exponents and rates are replayed as well."""
    assert check_replay(settings, stories=20).verdict == "pass"


@pytest.mark.parametrize("shrink_windows", [True, False])
@pytest.mark.parametrize("cbow_mean", [True, False])
@pytest.mark.parametrize("loss", ["ns", "hs"])
def test_means_sums_and_windows_agree(loss, cbow_mean, shrink_windows):
    """CBOW by the mean and by the sum, with windows drawn and with whole ones, to a tenth of the tolerance."""
    kind = {"loss": loss, "cbow_mean": cbow_mean, "shrink_windows": shrink_windows}
    level = check_replay(TrainSettings(epochs=1, architecture="cbow", **kind), stories=30)
    assert max(level.numbers[f"largest_{matrix}_difference"] for matrix in ("vector", "context")) < TOLERANCE / 10


@pytest.mark.parametrize(("architecture", "cbow_mean"), [("skipgram", True), ("cbow", True), ("cbow", False)])
@pytest.mark.parametrize("loss", ["ns", "hs"])
def test_fasttext_agrees(loss, architecture, cbow_mean):
    """Rows of words and of their pieces are within a hundredth of the tolerance of gensim's, for every kind."""
    kind = {"model": "fasttext", "architecture": architecture, "loss": loss, "cbow_mean": cbow_mean, "bucket": 3000}
    level = check_replay(TrainSettings(epochs=1, **kind), stories=20)
    assert level.verdict == "pass"
    assert max(level.numbers[f"largest_{matrix}_difference"] for matrix in ("vector", "context")) < TOLERANCE / 100
    assert min(level.numbers[f"largest_{matrix}_number"] for matrix in ("vector", "context")) > TOLERANCE


def test_full_softmax_is_not_in_gensim():
    """gensim cannot train it, so there is nothing to replay: an error that says what gensim has."""
    with pytest.raises(SettingError, match="'softmax' is not in gensim, which has negative sampling and hierarchical"):
        check_replay(TrainSettings(loss="softmax"))


def test_the_generator_is_java_s():
    """Its second draw is java.util.Random's first: with seed 42 nextInt() gives -1170105035, then 234785527."""
    state = (42 ^ 0x5DEECE66D) & (2**48 - 1)  # Java scrambles its seeds so
    assert Generator48(state).draw(3)[1:].tolist() == [-1170105035 + 2**32, 234785527]


@given(st.integers(0, 2**48 - 1), st.lists(st.integers(0, 50), max_size=4))
def test_many_draws_at_once_are_draws_one_by_one(state, counts):
    """Draws made together equal the recurrence s -> (25214903917 s + 11) mod 2^48, in whatever portions they come."""
    generator = Generator48(state)
    for count in counts:
        expected = []
        for _ in range(count):
            expected.append(state >> 16)
            state = (state * 25214903917 + 11) % 2**48
        assert generator.draw(count).tolist() == expected


@given(COUNTS, st.lists(st.integers(0, 2**32 - 1), min_size=1))
def test_noise_words_are_found_by_bisection(counts, draws):
    """A draw becomes the first word whose rounded cumulative count reaches the draw modulo the last of them."""
    cumulative = [round(part / sum(counts) * (2**31 - 1)) for part in accumulate(counts)]
    expected = [bisect_left(cumulative, draw % cumulative[-1]) for draw in draws]
    assert noise_words(np.array(draws, np.uint64), np.array(counts) / sum(counts)).tolist() == expected


def test_a_probability_of_one_keeps_every_draw():
    """The largest draw is kept by certainty and the smallest alone by impossibility, as in gensim."""
    draws = np.array([0, 1, 2**32 - 1], np.uint64)
    assert kept(draws, np.ones(3)).all()
    assert kept(draws, np.zeros(3)).tolist() == [True, False, False]


@given(st.lists(st.integers(0, 12_000), min_size=1, max_size=12))
def test_jobs_are_whole_sentences_up_to_ten_thousand_words(lengths):
    """Jobs hold all sentences in order, none could take the next, and progress is the share of sentences before."""
    made = list(jobs([np.full(1, number) for number in range(len(lengths))], lengths))
    sentences = [[int(sentence[0]) for sentence in job.sentences] for job in made]
    assert list(chain(*sentences)) == list(range(len(lengths)))
    for job, inside in zip(made, sentences, strict=True):
        total, following = sum(lengths[number] for number in inside), inside[-1] + 1
        assert total <= 10_000 or len(inside) == 1
        assert following == len(lengths) or total + lengths[following] > 10_000
        assert job.progress == inside[0] / len(lengths)


def test_fasttext_s_table_reaches_to_eight():
    """It has 32 entries a unit, exactly, and beyond it scores are passed over, or have a sigmoid of 0 or 1."""
    labels, scores = np.zeros(4), np.array([7.99, 0.0, -8.0, 8.0])
    inside = 1 / (1 + np.exp(8 - np.array([511, 256]) / 32))
    assert table_sigmoid(labels, FASTTEXT)(scores) == pytest.approx([*inside, 0, 0])
    assert table_sigmoid(1 - labels, FASTTEXT)(scores) == pytest.approx([*inside, 1, 1])
    assert table_sigmoid(labels, FASTTEXT, saturates=True)(scores) == pytest.approx([*inside, 0, 1])


@given(st.lists(st.floats(-5.99, 5.99), min_size=1, max_size=5))
def test_the_table_is_a_coarse_sigmoid(scores):
    """Within the limits the table differs from sigma by at most a quarter of how far askew it is looked up.

    Entry (s + 6) * 83 stands at -6 + 12 * entry / 1000, so at most .06 below s; sigma's slope is at most 1/4.
    """
    values = table_sigmoid(np.ones(len(scores)))(np.array(scores))
    assert (values <= sigmoid(np.array(scores)) + 1e-6).all()
    assert (values >= sigmoid(np.array(scores)) - 0.015).all()


def test_a_score_just_below_zero_finds_the_entry_before():
    """The place in the table is reckoned in double precision, in which 6 - 1e-9 is not 6; 6 is at entry 498."""
    values = table_sigmoid(np.zeros(3))(np.array([0.0, -1e-9, 1e-9]))
    entries = 1 / (1 + np.exp(6 - 12 * np.array([498, 497, 498]) / 1000))
    assert values == pytest.approx(entries, rel=1e-6)


def test_beyond_six_no_residual_is_left():
    """From 6 on in either direction the sigmoid is the label, while scores inside keep their entries."""
    labels = np.array([1.0, 0.0, 1.0, 0.0, 0.0])
    values = table_sigmoid(labels)(np.array([6.0, -6.0, -9.0, 1e10, 0.0]))
    assert values.tolist() == [1, 0, 1, 0, table_sigmoid(np.zeros(1))(np.zeros(1))[0]]
