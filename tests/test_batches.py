"""Batches: which pairs are formed, whatever the cuts; which noise is drawn, and how it is weighed."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import MAX_MOVE, row_rates
from pipeline.training.batches import BatchMaker, StepShape, occurrences_in_rows
from pipeline.training.sampling import noise_distribution
from storage.errors import SettingError

TEXTS = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=40), min_size=1, max_size=12)
COUNTS = np.arange(100, 0, -10, dtype=np.int64)
SHAPE = StepShape(centers=32, groups=2, noise=8)


def chunks(sentences, size=10**9):
    """The sentences as chunks of `size` tokens."""
    ids = np.concatenate([np.array(sentence, np.int32) for sentence in sentences])
    sentence = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
    return [Chunk(ids[at : at + size], sentence[at : at + size], at) for at in range(0, len(ids), size)]


def pairs_of(batches):
    """Every positive pair (center, context) with how often it was formed."""
    found = Counter()
    for batch in batches:
        for n, o in np.argwhere(batch.positive):
            found[int(batch.centers[n]), int(batch.tokens[n + o])] += 1
    return found


def brute_force_pairs(sentences, window):
    """The same for fixed windows, from the sentences themselves."""
    return Counter(
        (center, sentence[j])
        for sentence in sentences
        for i, center in enumerate(sentence)
        for j in range(max(0, i - window), min(len(sentence), i + window + 1))
        if j != i
    )


@given(TEXTS, st.integers(1, 50))
@settings(deadline=None)
def test_pairs_are_those_of_the_sentences_wherever_text_is_cut(sentences, size):
    """With a window of 1, which no draw can shrink, the pairs are exactly the neighbors within each sentence."""
    maker = BatchMaker(COUNTS, TrainSettings(window=1, sample=0), SHAPE)
    assert pairs_of(maker.epoch(chunks(sentences, size), 0)) == brute_force_pairs(sentences, 1)


@given(TEXTS, st.integers(2, 6))
@settings(deadline=None)
def test_a_step_s_end_changes_nothing(sentences, window):
    """Steps of 32 and of 96 centers form the same pairs: a center at a step's end has all its context."""
    chosen = TrainSettings(window=window, sample=0)
    small, large = (
        pairs_of(BatchMaker(COUNTS, chosen, StepShape(centers, 2, 8)).epoch(chunks(sentences), 0))
        for centers in (32, 96)
    )
    assert small == large


@given(TEXTS, st.integers(1, 6))
@settings(deadline=None)
def test_no_pair_leaves_the_window_or_the_sentence(sentences, window):
    """Pairs lie within the largest window, never cross a sentence's end, and no center is its own context."""
    found = pairs_of(BatchMaker(COUNTS, TrainSettings(window=window, sample=0), SHAPE).epoch(chunks(sentences), 0))
    assert not found - brute_force_pairs(sentences, window)


def test_windows_are_drawn_uniformly():
    """Over a long sentence each distance d = 1 ... C is in the window of (C - d + 1) / C of the centers."""
    sentence = np.zeros(60_000, np.int32)
    maker = BatchMaker(np.array([60_000]), TrainSettings(window=5, sample=0), SHAPE)
    positive = np.concatenate([b.positive for b in maker.epoch([Chunk(sentence, np.zeros(60_000, np.int64), 0)], 0)])
    wanted = np.array([1, 2, 3, 4, 5, 0, 5, 4, 3, 2, 1]) / 5
    assert positive[5:59_995].mean(axis=0) == pytest.approx(wanted, abs=0.01)


def test_subsampling_keeps_each_word_as_often_as_its_probability_says():
    """A word of keep probability p keeps the share p of its tokens, within five standard errors."""
    ids = np.tile(np.array([0, 0, 0, 1], np.int32), 25_000)
    counts = np.array([75_000, 25_000])
    chosen = TrainSettings(sample=0.1)
    maker = BatchMaker(counts, chosen)
    kept = np.concatenate([b.centers[b.positive.any(axis=1)] for b in maker.epoch([Chunk(ids, ids * 0, 0)], 0)])
    threshold = 0.1 * counts.sum()
    for word, count in enumerate(counts):
        probability = min(1.0, ((count / threshold) ** 0.5 + 1) * threshold / count)
        assert (kept == word).sum() == pytest.approx(count * probability, abs=5 * (count * probability) ** 0.5)


def test_shared_noise_expects_what_independent_draws_expect():
    """The summed weight of each noise word equals `negative` draws for every positive pair, in expectation.

    A center with p contexts gives each of its K noise words the weight p * negative / K. Over all batches the weight
    that falls on word w must be (number of pairs) * negative * P(w), within five standard errors of that sum.
    """
    random = np.random.default_rng(1)
    counts = np.array([4000, 2000, 1000, 500, 250], np.int64)
    ids = random.choice(5, 40_000, p=counts / counts.sum()).astype(np.int32)
    chosen = TrainSettings(window=3, sample=0, negative=5)
    weight, squares, pairs = np.zeros(5), 0.0, 0
    for batch in BatchMaker(counts, chosen, SHAPE).epoch([Chunk(ids, np.arange(40_000) // 20, 0)], 0):
        owed = batch.positive.sum(axis=1).reshape(len(batch.noise), -1).sum(axis=1) * 5 / batch.noise.shape[1]
        np.add.at(weight, batch.noise, owed[:, None])
        squares += (owed**2).sum() * batch.noise.shape[1]
        pairs += batch.pairs
    wanted = noise_distribution(counts, chosen.ns_exponent)
    assert (np.abs(weight - pairs * 5 * wanted) < 5 * np.sqrt(squares * wanted)).all()


@given(st.lists(st.lists(st.integers(0, 5), min_size=7, max_size=7), min_size=1, max_size=8))
def test_occurrences_count_each_value_in_its_row(rows):
    """Each entry is told how often its value stands in its own row."""
    ids = np.array(rows, np.int32)
    assert occurrences_in_rows(ids).tolist() == [[row.count(value) for value in row] for row in rows]


@given(st.floats(1e-4, 10), st.integers(1, 10_000), st.floats(0, 1e6))
def test_no_row_moves_farther_than_the_bound(rate, occurrences, length):
    """However often a word stands in a step, and however long its gradients are, its row moves at most MAX_MOVE."""
    row_rate = row_rates(rate, np.array([occurrences], np.int32), np.array([length]))[0]
    assert 0 < row_rate <= rate
    assert row_rate * occurrences * length <= MAX_MOVE * (1 + 1e-12)


def test_a_usual_step_is_not_held_back():
    """A few occurrences with gradients of usual length keep the learning rate itself."""
    assert row_rates(0.025, np.array([1, 4], np.int32), np.array([3.0, 3.0])).tolist() == [0.025, 0.025]


def test_progress_runs_from_0_to_1_over_all_epochs():
    """A batch's progress is the share of raw tokens before it, over all epochs."""
    ids = np.tile(np.arange(10, dtype=np.int32), 400)
    counts = np.full(10, 400)
    maker = BatchMaker(counts, TrainSettings(sample=0, epochs=2), SHAPE)
    done = [batch.progress for epoch in range(2) for batch in maker.epoch([Chunk(ids, ids * 0, 0)], epoch)]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[len(done) // 2] == pytest.approx(0.5)
    assert 0.98 < done[-1] < 1


def draws_of(maker, epoch, size=500):
    """Kept words, drawn windows (as numbers of contexts) and noise of an epoch over a long sentence."""
    ids = np.tile(np.arange(10, dtype=np.int32), 200)
    text = [Chunk(ids[at : at + size], np.zeros(size, np.int64), at) for at in range(0, len(ids), size)]
    batches = list(maker.epoch(text, epoch))
    return tuple(
        np.concatenate([part(batch) for batch in batches]).tobytes()
        for part in (lambda b: b.centers, lambda b: b.positive.sum(axis=1), lambda b: b.noise)
    )


def test_epochs_and_seeds_draw_anew_and_repeat_themselves():
    """Subsampling, windows and noise differ between epochs and between seeds, and are the same again when repeated."""
    counts = np.full(10, 200)
    first = BatchMaker(counts, TrainSettings(seed=1, sample=0.01), SHAPE)
    second = BatchMaker(counts, TrainSettings(seed=2, sample=0.01), SHAPE)
    runs = [draws_of(first, 0), draws_of(first, 1), draws_of(second, 0)]
    for kind in range(3):
        assert len({run[kind] for run in runs}) == 3
    assert draws_of(first, 1) == runs[1]


def test_chunks_draw_anew():
    """Two chunks of the same text are subsampled and windowed differently, and meet other noise."""
    ids = np.tile(np.arange(10, dtype=np.int32), 320)
    maker = BatchMaker(np.full(10, 640), TrainSettings(sample=0, window=5), StepShape(32, 1, 32))
    halves = [Chunk(ids, np.zeros(3200, np.int64), 0), Chunk(ids, np.ones(3200, np.int64), 3200)]
    batches = list(maker.epoch(halves, 0))
    windows = np.concatenate([batch.positive.sum(axis=1) for batch in batches])
    noise = np.concatenate([batch.noise for batch in batches])
    assert (windows[10:3190] != windows[3210:6390]).any()
    assert (noise[:90] != noise[100:190]).any()
    kept = BatchMaker(np.full(10, 640), TrainSettings(sample=0.02), SHAPE)
    sizes = [len(kept._kept(half, 0, number)) for number, half in enumerate(halves)]
    places = [kept._kept(half, 0, number).place % 3200 for number, half in enumerate(halves)]
    assert sizes[0] != sizes[1] or (places[0] != places[1]).any()


def test_progress_counts_raw_tokens_over_all_chunks():
    """With half of the tokens subsampled away, progress is still the raw place of a step's first center."""
    ids = np.tile(np.arange(10, dtype=np.int32), 2000)
    text = [Chunk(ids[at : at + 1000], np.zeros(1000, np.int64), at) for at in range(0, 20_000, 1000)]
    maker = BatchMaker(np.full(10, 2000), TrainSettings(sample=0.01, epochs=1), SHAPE)
    done = [batch.progress for batch in maker.epoch(text, 0)]
    assert done == pytest.approx(np.linspace(0, 1, len(done) + 1)[:-1], abs=0.03)


def test_padding_is_no_word():
    """At the ends of a text the padding is not counted among the occurrences of the word whose id it borrows."""
    (batch,) = BatchMaker(np.array([3, 2]), TrainSettings(window=5, sample=0)).epoch(
        [Chunk(np.array([0, 1, 0, 1, 0], np.int32), np.zeros(5, np.int64), 0)], 0
    )
    assert batch.token_occurrences[5:10].tolist() == [3, 2, 3, 2, 3]


def test_the_usual_settings_have_the_usual_shape_and_more_noise_is_shared_less():
    """At gensim's defaults 512 centers share by 32; more pairs owed mean more noise words and smaller steps."""
    assert StepShape.for_settings(TrainSettings()) == StepShape(512, 16, 32)
    for change in ({"negative": 100}, {"window": 50}, {"negative": 1000, "window": 1000}):
        chosen = TrainSettings(**change)
        shape = StepShape.for_settings(chosen)
        assert shape.noise >= chosen.negative * (chosen.window + 1)
        assert 64 <= shape.centers < 512


@pytest.mark.parametrize("wrong", [(100, 10, 8), (512, 3, 8), (512, 16, 0)])
def test_a_shape_that_cannot_be_cut_is_refused(wrong):
    """Blocks and groups are whole, and there is noise."""
    with pytest.raises(SettingError):
        StepShape(*wrong)
