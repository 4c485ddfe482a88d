"""The order of words, and which of them are kept."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary, final_min_count, kept_size, size_curve
from pipeline.text.word_counts import WordCounts
from pipeline.training.stage import train_stage
from storage.errors import InputError

blocks_of_words = st.lists(st.lists(st.sampled_from("abcdeéz'"), max_size=20), max_size=5)
counts_of_words = st.lists(st.integers(1, 300), max_size=30).map(
    lambda counts: np.array(sorted(counts)[::-1], np.int64)
)


def count(blocks):
    """The blocks counted one after another, and the provisional ids of their words."""
    counted, added = WordCounts(), []
    for block in blocks:
        words = Counter(block)
        added.append((list(words), counted.add(list(words), np.array([*words.values()], np.int64))))
    return counted, added


@given(blocks_of_words)
def test_words_stand_by_count_and_then_by_word(blocks):
    """The order is a function of the counts alone: neither of order of appearance nor of how text was cut."""
    counted, added = count(blocks)
    vocabulary, rank = counted.ranked()
    words, counts = vocabulary.words, vocabulary.counts
    expected = sorted(Counter(chain.from_iterable(blocks)).items(), key=lambda item: (-item[1], item[0]))
    assert list(zip(words, counts.tolist(), strict=True)) == expected
    assert all(words[rank[i]] == word for block, ids in added for word, i in zip(block, ids, strict=True))


def test_counting_forgets_nothing():
    """More words than the table first has room for are all counted."""
    words = [f"w{i}" for i in range(200_000)]
    counted, _ = count([words, words[:1]])
    ranked, _ = counted.ranked()
    assert (len(counted), ranked.words[0], ranked.counts[0], ranked.counts.sum()) == (200_000, "w0", 2, 200_001)


@given(counts_of_words, st.integers(1, 310), st.integers(0, 40))
def test_kept_size_is_the_number_of_frequent_words_within_the_limit(counts, min_count, limit):
    """min_count and max_vocab_size keep what a count of the counts says, or there is an error if that is none."""
    settings = VocabularySettings(min_count=min_count, max_vocab_size=limit)
    frequent = int((counts >= min_count).sum())
    if frequent:
        assert kept_size(counts, settings) == (min(frequent, limit) if limit else frequent)
    else:
        with pytest.raises(InputError):
            kept_size(counts, settings)


def gensim_vocabulary(counts, min_count, limit):
    """The counts that gensim keeps of these, and the min_count that it has found, where there are words to keep."""
    from gensim.models import Word2Vec

    model = Word2Vec(min_count=min_count, max_final_vocab=limit)
    model.build_vocab_from_freq({f"w{number}": int(count) for number, count in enumerate(counts)})
    return {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key}, model.effective_min_count


@given(counts_of_words.filter(len), st.integers(1, 10), st.integers(1, 40))
@example(np.array([9, 7, 7, 7, 2]), 1, 2)  # the limit falls among equal counts: all three go
@example(np.array([9, 7, 7, 7, 2]), 1, 4)  # and behind them: all three stay
def test_max_final_vocab_is_that_of_gensim(counts, min_count, limit):
    """The words that are left and the min_count in force are gensim's, with equal counts too; or there are none."""
    settings = VocabularySettings(min_count=min_count, max_final_vocab=limit)
    try:
        words, in_force = gensim_vocabulary(counts, min_count, limit)
    except RuntimeError:  # gensim: "you must first build vocabulary"
        words, in_force = {}, final_min_count(counts, settings)
    assert final_min_count(counts, settings) == in_force
    if words:
        assert {f"w{number}": count for number, count in enumerate(counts[: kept_size(counts, settings)])} == words
    else:
        with pytest.raises(InputError):
            kept_size(counts, settings)


def test_the_two_limits_differ_where_counts_are_equal():
    """max_vocab_size keeps exactly so many words, max_final_vocab at most so many: equal counts go together."""
    counts = np.array([9, 7, 7, 7, 2])
    assert kept_size(counts, VocabularySettings(min_count=1, max_vocab_size=2)) == 2
    assert kept_size(counts, VocabularySettings(min_count=1, max_final_vocab=2)) == 1
    assert kept_size(counts, VocabularySettings(min_count=1, max_final_vocab=4, max_vocab_size=3)) == 3


@given(st.integers(2, 9), st.integers(1, 8))
def test_a_limit_that_leaves_nothing_names_the_smallest_that_works(equal, limit):
    """Where the most frequent words are too many, the error says how many there are; so many do work."""
    counts, limit = np.full(equal, 7), min(limit, equal - 1)
    with pytest.raises(InputError, match=f"use {equal} or more, or --max-vocab-size"):
        kept_size(counts, VocabularySettings(max_final_vocab=limit))
    assert kept_size(counts, VocabularySettings(max_final_vocab=equal)) == equal


@given(counts_of_words.filter(len))
def test_the_error_names_the_largest_min_count_that_works(counts):
    """Where nothing would be left, the number in the message leaves something and one more leaves nothing."""
    largest = int(counts[0])
    with pytest.raises(InputError, match=f"--min-count {largest} or less"):
        kept_size(counts, VocabularySettings(min_count=largest + 1))
    assert kept_size(counts, VocabularySettings(min_count=largest)) >= 1


@given(counts_of_words)
def test_the_curve_is_the_size_at_each_min_count(counts):
    """Every point of the curve is a count of the counts, and it reaches up to the largest of them."""
    curve = size_curve(counts)
    assert curve == {min_count: int((counts >= min_count).sum()) for min_count in curve}
    ladder = {1, 2, 5, 10, 20, 50, 100, 200}
    assert set(curve) == {min_count for min_count in ladder if len(counts) and min_count <= counts[0]}


def test_a_vocabulary_refuses_what_has_no_order():
    """Words without counts and counts that rise are errors."""
    with pytest.raises(InputError, match="2 words but counts"):
        Vocabulary(("a", "b"), np.array([1]))
    with pytest.raises(InputError, match="do not descend"):
        Vocabulary(("a", "b"), np.array([1, 2]))


def test_the_report_says_which_min_count_came_out(lee_tokens, tmp_path):
    """With max_final_vocab the manifest has the raised min_count, and the words are all that stand so often."""
    counts, tiny = TokenCorpus.open(lee_tokens).counts, TrainSettings(vector_size=4, epochs=1)
    settings = VocabularySettings(min_count=2, max_final_vocab=1000)
    report = train_stage(lee_tokens, StageFolder(tmp_path), settings, tiny)[0].report
    assert report["words"] == np.count_nonzero(counts >= report["min_count"]) <= 1000
    assert np.count_nonzero(counts >= report["min_count"] - 1) > 1000
