"""Words are cut and hashed as fastText does it, compared with gensim's compiled twin of its code."""

import pytest
from gensim.models import fasttext_inner
from gensim.models.fasttext import ft_ngram_hashes
from hypothesis import example, given
from hypothesis import strategies as st

from storage.errors import SettingError
from storage.ngrams import END_OF_LINE, MOST_BUCKETS, Ngrams

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda word: word != END_OF_LINE)
lengths = st.tuples(st.integers(1, 8), st.integers(0, 6)).map(lambda pair: (pair[0], sum(pair)))
buckets = st.integers(1, 20) | st.sampled_from([2_000_000, MOST_BUCKETS])


@given(st.lists(words, max_size=6), lengths, buckets)
@example(["", "é", "日本語", "👩‍👩‍👧", "ß" * 20, "a b"], (1, 6), 2_000_000)
def test_buckets_are_those_of_gensim(texts, lengths, buckets):
    """Every piece of every word falls into the bucket that gensim gives it, in the same order."""
    table = Ngrams(*lengths, buckets).table(texts)
    assert len(table) == len(texts)
    assert [table[i].tolist() for i in range(len(texts))] == [ft_ngram_hashes(t, *lengths, buckets) for t in texts]
    assert table.counts.tolist() == [len(ft_ngram_hashes(t, *lengths, buckets)) for t in texts]


@given(words, lengths)
def test_pieces_are_those_of_gensim(word, lengths):
    """The pieces are gensim's, as characters, and stand in the order of their buckets."""
    pieces = [piece.decode() for piece in fasttext_inner.compute_ngrams_bytes(word, *lengths)]
    assert Ngrams(*lengths).pieces(word) == pieces
    if lengths[0] > 1:  # gensim's other function also gives `<` and `>` alone
        assert sorted(pieces) == sorted(fasttext_inner.compute_ngrams(word, *lengths))


def test_the_hash_has_the_signed_char_of_the_original():
    """Hand-worked: FNV-1a of the bytes C3 A9 (é), each taken as a negative number, so that 32 bits are flipped."""
    value = 2166136261
    for byte in b"\xc3\xa9":
        value = (value ^ (0xFFFFFF00 | byte)) * 16777619 % 2**32
    assert Ngrams(1, 1, MOST_BUCKETS).table(["é"]).buckets.tolist() == [value % MOST_BUCKETS]


def test_many_words_are_cut_as_each_alone():
    """More words than are cut at once have the buckets that each has by itself."""
    some = [f"w{number}é" for number in range(70_000)]
    table = Ngrams().table(some)
    for place in (0, 32_767, 32_768, 65_536, 69_999):
        assert table[place].tolist() == Ngrams().table([some[place]]).buckets.tolist()


def test_the_end_of_a_line_has_no_pieces():
    """`</s>` has none, as in fastText (gensim cuts it like any word)."""
    assert Ngrams().pieces(END_OF_LINE) == []
    assert Ngrams().table(["a", END_OF_LINE, "b"]).counts.tolist() == [1, 0, 1]


@given(st.binary(max_size=12))
def test_bytes_that_are_no_text(raw):
    """Words of a file that are not UTF-8 are cut by their own bytes, as fastText does: at each byte but 10xxxxxx."""
    whole = b"<" + raw + b">"
    starts = [i for i, byte in enumerate(whole) if byte & 0xC0 != 0x80] + [len(whole)]
    expected = [
        fasttext_inner.ft_hash_bytes(whole[starts[i] : starts[i + n]]) % 1000
        for i in range(len(starts) - 1)
        for n in range(2, min(4, len(starts) - 1 - i) + 1)
    ]
    found = Ngrams(2, 4, 1000).table([raw.decode("utf-8", "surrogateescape")])
    assert found.buckets.tolist() == ([] if raw == END_OF_LINE.encode() else expected)


@pytest.mark.parametrize("wrong", [(0, 3), (4, 3), (3, 101), (3, 6, 0), (3, 6, 2**31)])
def test_settings_out_of_range(wrong):
    """Lengths or numbers of buckets that no file could say are refused."""
    with pytest.raises(SettingError):
        Ngrams(*wrong)
