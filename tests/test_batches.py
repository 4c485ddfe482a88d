"""Batches: which pairs are formed, whatever the cuts; which noise is drawn, and how it is weighed."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training import batches
from pipeline.training.batch import BLOCK, MAX_MOVE, row_rates
from pipeline.training.batches import MOST_STEPS, BatchMaker, occurrences_in_rows
from pipeline.training.sampling import noise_distribution
from pipeline.training.step_shape import MOST_NOISE, StepShape
from storage.errors import SettingError

TEXTS = st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=40), min_size=1, max_size=12)
COUNTS = np.arange(100, 0, -10, dtype=np.int64)


def shape(lanes=2, blocks=1):
    """A small step: some lanes of a few of the smallest blocks, each block with its own 8 noise words."""
    return StepShape(lanes, blocks * BLOCK, BLOCK, 8)


SHAPES = st.builds(shape, st.integers(1, 4), st.integers(1, 3))


def maker_for(counts=COUNTS, cut=None, **changes):
    """A maker of batches that keeps every token, unless told otherwise."""
    return BatchMaker(np.asarray(counts), TrainSettings(**{"sample": 0, **changes}), cut or shape())


def chunks(sentences, size=10**9):
    """The sentences as chunks of `size` tokens."""
    ids = np.concatenate([np.array(sentence, np.int32) for sentence in sentences])
    sentence = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
    return [Chunk(ids[at : at + size], sentence[at : at + size], at) for at in range(0, len(ids), size)]


def one_sentence(ids):
    """A text that never ends a sentence, in one chunk."""
    return [Chunk(np.asarray(ids, np.int32), np.zeros(len(ids), np.int64), 0)]


def in_order(made, values):
    """What belongs to each center, (centers of all batches, ...), in the order of the text."""
    return np.concatenate([each for batch in made for each in values(batch)])


def owed_by_groups(batch):
    """(L, G) how many pairs of an input and a target the centers that share noise words have."""
    owed = np.zeros(batch.drawn.words.shape[:2], int)
    for lane, n in np.ndindex(batch.centers.shape):
        owed[lane, batch.group(n)] += batch.targets.present[lane, n].sum()
    return owed


def pairs_of(made):
    """Every pair (center, context) with how often it was formed."""
    found = Counter()
    for batch in made:
        for lane, n, o in np.argwhere(batch.positive):
            found[int(batch.centers[lane, n]), int(batch.tokens[lane, n + o])] += 1
    return found


def brute_force_pairs(sentences, window):
    """The same for windows that do not shrink, from the sentences themselves."""
    return Counter(
        (center, sentence[j])
        for sentence in sentences
        for i, center in enumerate(sentence)
        for j in range(max(0, i - window), min(len(sentence), i + window + 1))
        if j != i
    )


def same(one, other):
    """Whether two batches, or parts of batches, are equal in every number."""
    if dataclasses.is_dataclass(one):
        names = [field.name for field in dataclasses.fields(one)]
        return type(one) is type(other) and all(same(getattr(one, name), getattr(other, name)) for name in names)
    return np.array_equal(one, other)


@given(TEXTS, st.integers(1, 50), st.integers(1, 6), SHAPES, st.sampled_from([1, 10**6]))
def test_pairs_are_those_of_the_sentences_wherever_text_is_cut(sentences, size, window, cut, places):
    """Whatever chunks, steps, lanes and parts the text is cut into, fixed windows give exactly the sentences' pairs.

    So no pair crosses a sentence's end, none leaves the window, no center is its own context, no padding is in a pair,
    and a center at the end of a chunk, step, lane or part has all its context.
    """
    maker = maker_for(window=window, shrink_windows=False, cut=cut)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "PLACES_AT_ONCE", places)
        assert pairs_of(maker.epoch(chunks(sentences, size), 0)) == brute_force_pairs(sentences, window)


@given(TEXTS, st.integers(2, 6), SHAPES, st.sampled_from([1, 10**6]))
def test_the_cut_into_steps_changes_no_pair(sentences, window, cut, places):
    """With windows that are drawn, too, steps, lanes and parts of any size form the same pairs."""
    usual = pairs_of(maker_for(window=window).epoch(chunks(sentences), 0))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "PLACES_AT_ONCE", places)
        assert pairs_of(maker_for(window=window, cut=cut).epoch(chunks(sentences), 0)) == usual


@given(TEXTS, st.integers(1, 6))
def test_no_pair_leaves_the_window_or_the_sentence(sentences, window):
    """Drawn windows are no wider than fixed ones, and each center has its neighbors in the sentence."""
    found = pairs_of(maker_for(window=window).epoch(chunks(sentences), 0))
    assert not found - brute_force_pairs(sentences, window)
    assert not brute_force_pairs(sentences, 1) - found


@given(TEXTS)
def test_parts_can_be_made_by_themselves(sentences):
    """Each part of an epoch, made by another maker and in another order, gives the batches it gives in its place."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "PLACES_AT_ONCE", 1)
        usual = list(maker_for().epoch(chunks(sentences, 20), 0))
        parts = list(maker_for().parts(chunks(sentences, 20), 0))
    alone = [maker_for().steps(part) for part in reversed(parts)]
    again = [batch for steps in reversed(alone) for batch in steps]
    assert len(parts) > 0
    assert all(same(*pair) for pair in zip(again, usual, strict=True))


def test_targets_are_contexts_in_skip_gram_and_centers_in_cbow():
    """Each context is a target of skip-gram; of CBOW it is the center, unless it has no context."""
    sentences = [[1, 2, 3], [4], [5, 6]] * 20
    for batch in maker_for(architecture="skipgram").epoch(chunks(sentences), 0):
        assert np.array_equal(batch.targets.words, batch.tokens)
        assert np.array_equal(batch.targets.present, batch.positive)
    for batch in maker_for(architecture="cbow").epoch(chunks(sentences), 0):
        assert np.array_equal(batch.targets.words, batch.centers)
        assert np.array_equal(batch.targets.present, batch.positive.any(axis=2, keepdims=True))
        assert not batch.targets.present[batch.centers == 4].any()


def test_windows_are_drawn_uniformly():
    """Over a long sentence each distance d = 1 ... C is in the window of (C - d + 1) / C of the centers."""
    made = maker_for([60_000], window=5).epoch(one_sentence(np.zeros(60_000)), 0)
    wanted = np.array([1, 2, 3, 4, 5, 0, 5, 4, 3, 2, 1]) / 5
    assert in_order(made, lambda b: b.positive)[5:59_995].mean(axis=0) == pytest.approx(wanted, abs=0.01)


def test_windows_that_do_not_shrink_are_full():
    """Without shrink_windows every center of a long sentence has all 2C neighbors."""
    made = maker_for([600], window=5, shrink_windows=False).epoch(one_sentence(np.zeros(600)), 0)
    assert (in_order(made, lambda b: b.positive)[5:595].sum(axis=1) == 10).all()


def test_subsampling_keeps_each_word_as_often_as_its_probability_says():
    """A word of keep probability p keeps the share p of its tokens, within five standard errors."""
    counts = np.array([75_000, 25_000])
    made = list(maker_for(counts, sample=0.1).epoch(one_sentence([0, 0, 0, 1] * 25_000), 0))
    kept = in_order(made, lambda b: b.centers)[in_order(made, lambda b: b.positive).any(axis=1)]
    threshold = 0.1 * counts.sum()
    for word, count in enumerate(counts):
        probability = min(1.0, ((count / threshold) ** 0.5 + 1) * threshold / count)
        assert (kept == word).sum() == pytest.approx(count * probability, abs=5 * (count * probability) ** 0.5)


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_shared_noise_expects_what_independent_draws_expect(architecture):
    """The summed weight of each noise word equals `negative` draws for every pair of input and target, in expectation.

    A center with p targets gives each of its K noise words the weight p * negative / K. Over all batches the weight
    that falls on word w must be (number of pairs) * negative * P(w), within five standard errors of that sum.
    """
    random = np.random.default_rng(1)
    counts = np.array([4000, 2000, 1000, 500, 250], np.int64)
    ids = random.choice(5, 40_000, p=counts / counts.sum()).astype(np.int32)
    weight, squares, pairs = np.zeros(5), 0.0, 0
    maker = maker_for(counts, architecture=architecture, window=3, negative=5)
    for batch in maker.epoch([Chunk(ids, np.arange(40_000) // 20, 0)], 0):
        noise = batch.drawn.words  # (L, G, K)
        owed = owed_by_groups(batch) * batch.drawn.negative / noise.shape[2]
        np.add.at(weight, noise, owed[..., None])
        squares += (owed**2).sum() * noise.shape[2]
        pairs += batch.pairs
    wanted = noise_distribution(counts, maker.settings.ns_exponent)
    assert (np.abs(weight - pairs * 5 * wanted) < 5 * np.sqrt(squares * wanted)).all()


def test_neighbors_do_not_share_noise():
    """Groups are of equal size, and lie between each other."""
    (batch, *_) = maker_for(cut=StepShape(1, 64, 16, 8)).epoch(one_sentence([0] * 100), 0)
    assert [batch.group(n) for n in range(64)] == [0, 1, 2, 3] * 16


@given(st.integers(1, 4), st.integers(1, 5))
def test_lanes_come_from_different_places_of_a_part(lanes, steps):
    """A part is cut into as many stretches as there are lanes; each step takes the next centers of each stretch."""
    cut = shape(lanes=lanes)
    text = one_sentence(np.arange(cut.step * steps + 1))  # the last token is the context that the last center lacks
    made = list(maker_for(np.ones(cut.step * steps + 1), cut=cut, window=1).epoch(text, 0))
    places = [(lane * steps + step) * BLOCK for step in range(steps) for lane in range(lanes)]
    assert [batch.centers[lane, 0] for batch in made[:steps] for lane in range(lanes)] == places


def test_occurrences_count_over_the_whole_step(objective):
    """Tokens, targets and noise are told how often their word stands in the step, all lanes together; not padding."""
    sentences = [[word % 10, word % 3, 7] for word in range(100)]
    made = list(maker_for(cut=shape(lanes=3), **objective).epoch(chunks(sentences), 0))
    for batch in made[1:-1]:  # the first and the last hold padding
        assert batch.occurrences.tolist() == counted(batch.tokens, batch.tokens)
        assert batch.targets.occurrences.tolist() == counted(batch.targets.words, batch.tokens)
        if objective["loss"] == "ns":
            assert batch.drawn.occurrences.tolist() == counted(batch.drawn.words, batch.drawn.words)


def counted(words, among):
    """How often each of the words stands among others, as lists of the same shape."""
    everywhere = Counter(among.ravel().tolist())
    return np.array([everywhere[word] for word in words.ravel().tolist()]).reshape(words.shape).tolist()


def test_a_part_has_so_few_steps_that_a_training_can_soon_be_left():
    """No part holds more than MOST_STEPS steps, however short they are."""
    cut = StepShape(lanes=1, centers=16, group=16, noise=16)
    made = list(maker_for(cut=cut).parts(chunks([list(range(10))] * 5000), 0))
    sizes = [(len(part.stream) - 2 * maker_for(cut=cut).settings.window) // cut.step for part in made]
    assert sum(sizes) == 3125
    assert max(sizes) <= MOST_STEPS


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


def test_a_curved_row_comes_nearer_and_never_leaps_over():
    """On a parabola of curvature c the step of any rate goes r c of the way to the lowest point, and no farther."""
    for rate in (1e-3, 0.1, 10.0):
        for curvature in (0.1, 1.0, 100.0):
            gradient = np.array([0.01])  # c times the way to the lowest point; short enough for MAX_MOVE
            moved = row_rates(rate, np.array([1], np.int32), gradient, curvature) * gradient
            assert moved * curvature / gradient == pytest.approx(min(rate * curvature, 1.0))


def test_progress_runs_from_0_to_1_over_all_epochs():
    """A batch's progress is the share of raw tokens before it, over all epochs."""
    maker = maker_for(np.full(10, 400), epochs=2)
    done = [batch.progress for epoch in range(2) for batch in maker.epoch(one_sentence(list(range(10)) * 400), epoch)]
    assert done[0] == 0
    assert done == sorted(done)
    assert done[len(done) // 2] == pytest.approx(0.5)
    assert 0.98 < done[-1] < 1


def draws_of(maker, epoch, size=500):
    """Kept words, drawn windows (as numbers of contexts) and noise of an epoch over a long sentence."""
    ids = np.tile(np.arange(10, dtype=np.int32), 200)
    text = [Chunk(ids[at : at + size], np.zeros(size, np.int64), at) for at in range(0, len(ids), size)]
    made = list(maker.epoch(text, epoch))
    kinds = (lambda b: b.centers, lambda b: b.positive.sum(axis=2), lambda b: b.drawn.words)
    return tuple(in_order(made, kind).tobytes() for kind in kinds)


def test_epochs_and_seeds_draw_anew_and_repeat_themselves():
    """Subsampling, windows and noise differ between epochs and between seeds, and are the same again when repeated."""
    first, second = (maker_for(np.full(10, 200), seed=seed, sample=0.01) for seed in (1, 2))
    runs = [draws_of(first, 0), draws_of(first, 1), draws_of(second, 0)]
    for kind in range(3):
        assert len({run[kind] for run in runs}) == 3
    assert draws_of(first, 1) == runs[1]


def test_chunks_draw_anew():
    """Two chunks of the same text have other windows, and meet other noise."""
    ids = np.tile(np.arange(10, dtype=np.int32), 320)
    halves = [Chunk(ids, np.zeros(3200, np.int64), 0), Chunk(ids, np.ones(3200, np.int64), 3200)]
    maker = maker_for(np.full(10, 640), cut=shape(lanes=1))
    first, second = (maker.steps(part) for part in list(maker.parts(halves, 0))[:2])
    assert len(first) > 90 < len(second)
    assert (first.drawn.words[:90] != second.drawn.words[:90]).any()
    windows = in_order([*first, *second], lambda batch: batch.positive.sum(axis=2))
    assert (windows[10:3100] != windows[3210:6300]).any()


def test_chunks_are_subsampled_anew():
    """Of two chunks of the same text, other tokens are kept."""
    numbered = np.arange(3200, dtype=np.int32)
    halves = [Chunk(numbered, np.zeros(3200, np.int64), 0), Chunk(numbered, np.ones(3200, np.int64), 3200)]
    maker = maker_for(np.full(3200, 2), cut=shape(lanes=1), sample=2e-5)  # keeps about a third
    made = list(maker.epoch(halves, 0))
    kept = in_order(made, lambda b: b.centers)[in_order(made, lambda b: b.positive).any(axis=1)].tolist()
    second = next(place for place in range(1, len(kept)) if kept[place] < kept[place - 1])
    assert 500 < second < len(kept) - 500
    assert kept[:second] != kept[second:]


def test_progress_counts_raw_tokens_over_all_chunks():
    """With half of the tokens subsampled away, progress is still a raw place, that of a step among a part's steps."""
    ids = np.tile(np.arange(10, dtype=np.int32), 2000)
    text = [Chunk(ids[at : at + 1000], np.zeros(1000, np.int64), at) for at in range(0, 20_000, 1000)]
    done = [batch.progress for batch in maker_for(np.full(10, 2000), sample=0.01, epochs=1).epoch(text, 0)]
    assert done == pytest.approx(np.linspace(0, 1, len(done) + 1)[:-1], abs=0.03)


def test_padding_is_no_word():
    """At the ends of a text the padding is not counted among the occurrences of the word whose id it borrows."""
    (batch,) = maker_for([3, 2], window=5, cut=shape(lanes=1)).epoch(one_sentence([0, 1, 0, 1, 0]), 0)
    assert batch.occurrences[0, 5:10].tolist() == [3, 2, 3, 2, 3]


def test_the_usual_settings_have_the_usual_shape_and_more_noise_is_shared_less():
    """At gensim's defaults a step is as wide as runs allow; more pairs owed mean more noise words and smaller steps."""
    assert StepShape.for_settings(TrainSettings()) == StepShape(lanes=4, centers=120, group=30, run=5)
    for change in ({"negative": 100}, {"window": 50}, {"negative": 1000, "window": 1000}):
        chosen = TrainSettings(**change)
        cut = StepShape.for_settings(chosen)
        assert cut.noise >= min(chosen.negative * (chosen.window + 1), MOST_NOISE)
        assert cut.group <= cut.step < 480


@pytest.mark.parametrize("window", range(1, 60))
@pytest.mark.parametrize("negative", [1, 5, 12])
def test_steps_of_any_window_hold_about_as_many_pairs(window, negative):
    """At most as many centers as by default and no more pairs; half as many, unless one group is more than that."""
    cut = StepShape.for_settings(TrainSettings(window=window, negative=negative))
    owed = cut.step * negative * (window + 1)
    assert cut.step <= 512
    assert owed <= 512 * 30 or cut.step == cut.group <= 32
    assert owed > 512 * 30 / 2 or cut.step > 512 / 2


@given(st.integers(1, 1000), st.integers(1, 1000))
def test_every_setting_has_a_shape(objective, negative, window):
    """Whatever is set, there is a step that can be cut, with at least a noise word for each that is owed."""
    cut = StepShape.for_settings(TrainSettings(**objective, negative=negative, window=window))
    assert cut.step == cut.lanes * cut.centers
    assert cut.noise >= negative or objective["loss"] != "ns"


@pytest.mark.parametrize(
    "wrong",
    [
        {"centers": BLOCK + 1, "group": 1},
        {"group": 3},
        {"group": 0},
        {"noise": 0},
        {"lanes": 0},
        *({"run": n} for n in (1, 5)),
    ],
)
def test_a_shape_that_cannot_be_cut_is_refused(wrong):
    """Blocks and groups are whole, and there are lanes and noise."""
    with pytest.raises(SettingError):
        StepShape(**wrong)
