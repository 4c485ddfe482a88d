"""The order of words, and which of them are kept."""

from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import VocabularySettings
from pipeline.text.vocabulary import Vocabulary, kept_size, size_curve
from pipeline.text.word_counts import WordCounts
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
