"""Vectors from pieces: which rows are added, and what their sum is divided by."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InputError
from storage.ngrams import END_OF_LINE, Ngrams
from storage.subwords import Subwords

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def some_subwords(ngrams=Ngrams(2, 3, 50), held=30):  # noqa: B008 - frozen
    """Rows for some of the buckets."""
    random = np.random.default_rng(0)
    held = np.sort(random.choice(ngrams.buckets, held, replace=False)).astype(np.int32)
    return Subwords(ngrams, held, random.normal(size=(len(held), 4)).astype(np.float32))


def full(subwords):
    """The same rows as fastText stores them: one for every bucket."""
    rows = np.zeros((subwords.ngrams.buckets, subwords.dimensions), np.float32)
    rows[subwords.buckets] = subwords.rows
    return rows


@given(words)
def test_an_unknown_word_is_the_mean_of_its_pieces(word):
    """The mean is over all pieces, and a bucket without a row counts as zeros: by hand, over every bucket's row."""
    subwords = some_subwords()
    rows = full(subwords)[[piece.bucket for piece in subwords.pieces(word)]]
    assert [piece.known for piece in subwords.pieces(word)] == rows.any(axis=1).tolist()
    assert np.allclose(subwords.vector(word), rows.sum(axis=0) / max(len(rows), 1), rtol=0, atol=1e-6)


@given(st.lists(words, max_size=5))
def test_a_known_word_is_the_mean_of_its_row_and_its_pieces(texts):
    """One row more than the word has pieces."""
    subwords, own = some_subwords(), np.random.default_rng(1).normal(size=(len(texts), 4)).astype(np.float32)
    composed = subwords.compose(texts, own)
    assert composed.shape == own.shape
    for text, row, made in zip(texts, own, composed, strict=True):
        n = len(subwords.pieces(text))
        assert np.allclose(made, (row + n * subwords.vector(text)) / (n + 1), rtol=0, atol=1e-6)


def test_many_words_and_long_ones_are_made_a_few_at_a_time(monkeypatch):
    """However many pieces are looked at together, the vectors are the same, and what made them is undone."""
    subwords, texts = some_subwords(), ["ab" * 40, "", "c", *(f"w{i}" for i in range(50)), "d" * 500]
    own = np.random.default_rng(1).normal(size=(len(texts), 4)).astype(np.float32)
    whole = subwords.compose(texts, own)
    assert np.allclose(subwords.decompose(texts, whole), own, rtol=0, atol=1e-3)
    monkeypatch.setattr("storage.subwords._AT_ONCE", 20)
    assert subwords.compose(texts, own).tolist() == whole.tolist()
    assert subwords.compose([], own[:0]).shape == (0, 4)


def test_a_word_without_pieces_is_zeros():
    """`</s>`, or a word shorter than every piece, gives the origin, as fastText and gensim have it."""
    subwords = some_subwords(ngrams=Ngrams(5, 6, 50))
    for word in (END_OF_LINE, "ab"):
        assert subwords.pieces(word) == []
        assert subwords.vector(word).tolist() == [0, 0, 0, 0]


GOOD = {"ngrams": Ngrams(2, 3, 50), "buckets": np.array([3, 7], np.int32), "rows": np.ones((2, 4), np.float32)}


def test_rows_that_are_not_finite_are_found():
    """Whoever keeps rows asks whether all their numbers are finite; the error names the bucket."""
    rows = np.ones((2, 4), np.float32)
    rows[1, 2] = np.nan
    Subwords(**GOOD).check_numbers()
    with pytest.raises(InputError, match="bucket 7 "):
        Subwords(**{**GOOD, "rows": rows}).check_numbers()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"buckets": np.array([3], np.int32)}, "fit together"),
        ({"buckets": np.array([], np.int32), "rows": np.ones((0, 4), np.float32)}, "fit together"),
        ({"buckets": np.array([3, 7])}, "int32"),
        ({"rows": np.ones((2, 4))}, "float32"),
        ({"buckets": np.array([7, 3], np.int32)}, "ascend"),
        ({"buckets": np.array([3, 3], np.int32)}, "ascend"),
        ({"buckets": np.array([-1, 3], np.int32)}, "ascend"),
        ({"buckets": np.array([3, 50], np.int32)}, "ascend"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, said):
    """Rows and buckets that no vector could be made from are an error that says why."""
    assert len(Subwords(**GOOD)) == 2
    with pytest.raises(InputError, match=said):
        Subwords(**{**GOOD, **wrong})
