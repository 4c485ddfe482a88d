"""Level 1 of the cross-check: vocabulary and tables are gensim's; and the text that both are given is the same."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crosscheck.tables import check_tables
from pipeline.crosscheck.text_part import TextPart
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.token_files import TokenCorpus
from storage.errors import InputError

SENTENCES = st.lists(st.lists(st.sampled_from("abcdefg"), max_size=12), min_size=1, max_size=8).filter(any)


@pytest.fixture(scope="module")
def corpus(lee_tokens):
    """The token files of 300 news stories."""
    return TokenCorpus.open(lee_tokens)


@pytest.mark.parametrize(
    ("min_count", "settings"),
    [
        (5, TrainSettings()),
        (1, TrainSettings(sample=1e-5)),
        (20, TrainSettings(sample=0)),
        (5, TrainSettings(ns_exponent=0.0)),
        (5, TrainSettings(ns_exponent=-0.5)),
    ],
)
def test_tables_are_gensim_s(corpus, min_count, settings):
    """Words, counts, keep probabilities and noise distribution of the token files are those that gensim makes."""
    level = check_tables(TextPart.read(corpus, corpus.tokens), min_count, settings)
    json.dumps(level.as_dict(), allow_nan=False)
    assert level.verdict == "pass"
    assert level.numbers["tokens"] == corpus.tokens
    assert level.numbers["words"] == (corpus.counts >= min_count).sum()
    assert level.numbers["largest_count_difference"] == 0


@pytest.mark.parametrize("change", [{}, {"min_n": 1, "max_n": 3, "bucket": 50}, {"min_n": 5, "max_n": 12}])
def test_pieces_are_gensim_s(corpus, change):
    """With fastText every word's pieces fall into gensim's buckets, in its order; no other kind has pieces."""
    text = TextPart.read(corpus, corpus.tokens)
    accented = TextPart.of_words([["naïve", "Übermut", "日本語", "a", "été"], *[list(text.words[:300])] * 2])
    for part, min_count in ((text, 5), (accented, 1)):
        level = check_tables(part, min_count, TrainSettings(model="fasttext", **change))
        assert level.verdict == "pass"
        assert level.numbers["pieces_that_differ"] == 0


def test_tables_of_a_part_are_gensim_s(corpus):
    """Of the first 10,000 tokens the counts are their own, and gensim counts the same."""
    text = TextPart.read(corpus, 10_000)
    assert text.tokens == 10_000
    assert check_tables(text, 5, TrainSettings()).verdict == "pass"


def test_a_miscount_is_found(corpus):
    """One token more for one word fails the level, and the report says by how much."""
    text = TextPart.read(corpus, corpus.tokens)
    wrong = TextPart(
        text.words, np.where(np.arange(len(text.words)) == 0, text.counts + 1, text.counts), text.sentences
    )
    level = check_tables(wrong, 5, TrainSettings())
    assert level.verdict == "fail"
    assert level.numbers["largest_count_difference"] == 1


def test_a_lost_word_is_found(corpus):
    """A vocabulary that keeps a word too few fails the level, and the report says so."""
    text = TextPart.read(corpus, corpus.tokens)
    kept = int((text.counts >= 5).sum())
    counts = np.where(np.arange(len(text.words)) == kept - 1, 4, text.counts)
    level = check_tables(TextPart(text.words, counts, text.sentences), 5, TrainSettings())
    assert level.verdict == "fail"
    assert level.numbers["words_only_in_gensim"] == 1


def test_the_whole_text_is_the_corpus(corpus):
    """Read whole, the part trains on the same chunks as the token files, so it gives the same bytes."""
    text, size = TextPart.read(corpus, corpus.tokens), 500
    vocabulary = corpus.vocabulary(VocabularySettings(min_count=1))
    assert (text.words, text.counts.tolist()) == (vocabulary.words, vocabulary.counts.tolist())
    for mine, theirs in zip(text.chunks(size), corpus.chunks(size), strict=True):
        assert mine.known_before == theirs.known_before
        assert np.array_equal(mine.ids, theirs.ids)
        assert np.array_equal(mine.sentence, theirs.sentence)


def test_a_part_without_a_frequent_word_says_so(corpus):
    """When the first tokens hold no word often enough, the error names the option of the cross-check that helps."""
    with pytest.raises(InputError, match=r"400 times or more in the first 2,000 tokens.*raise --max-tokens"):
        TextPart.read(corpus, 2000).vocabulary(VocabularySettings(min_count=400))


@given(SENTENCES)
def test_words_are_ranked_by_count_then_by_word(sentences):
    """A part numbers its words as a vocabulary does, and its sentences still say what they said."""
    text = TextPart.of_words(sentences)
    flat = [word for sentence in sentences for word in sentence]
    assert list(text.words) == sorted(set(flat), key=lambda word: (-flat.count(word), word))
    assert text.counts.tolist() == [flat.count(word) for word in text.words]
    assert [[text.words[word] for word in sentence] for sentence in text.sentences] == sentences


@given(SENTENCES, st.integers(1, 7), st.integers(1, 5))
def test_sentences_are_cut_for_gensim_without_loss(sentences, size, longest):
    """Cut pieces are at most so long, cross no sentence's end, and hold every known word in order."""
    text = TextPart.of_words(sentences)
    known = set(text.words[:size])
    pieces = iter(text.as_words(size, longest))
    for sentence in sentences:
        words = [word for word in sentence if word in known]
        for start in range(0, len(words), longest):
            assert next(pieces) == words[start : start + longest]
    assert next(pieces, None) is None
