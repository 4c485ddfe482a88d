"""Folding: capitals and accents make no difference, other letters do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.folding import FoldedWords, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Café", "cafe"),
        ("ÅNGSTRÖM", "angstrom"),
        ("Straße", "strasse"),
        ("ΏΣ", "ωσ"),
        ("İstanbul", "istanbul"),
        ("ﬁn", "fin"),
        ("ёлка", "елка"),
        ("", ""),
        ("\N{COMBINING ACUTE ACCENT}", "\N{COMBINING ACUTE ACCENT}"),
    ],
)
def test_fold(text, folded):
    """Capitals, accents, ligatures: what is left are plain small letters."""
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("\N{HIRAGANA LETTER KA}", "\N{HIRAGANA LETTER GA}"),
        ("\N{DEVANAGARI LETTER DDA}", "\N{DEVANAGARI LETTER DDDHA}"),
        ("\N{LATIN SMALL LETTER O}", "\N{LATIN SMALL LETTER O WITH STROKE}"),
    ],
)
def test_marks_that_make_another_letter_stay(one, other):
    """A mark that makes another letter of a letter is no accent."""
    assert fold(one) != fold(other)


@given(st.text())
def test_folding_again_changes_nothing(text):
    """What is folded is folded, and folding leaves something of whatever there was."""
    assert fold(fold(text)) == fold(text)
    assert bool(fold(text)) == bool(text)


@given(st.lists(st.text("aAáäbB", min_size=1, max_size=3), unique=True), st.text("aAáb", min_size=1, max_size=3))
def test_words_are_found_as_by_looking_at_each(words, asked):
    """`row` is the first word that folds to the same, `beginning` all those that begin so."""
    vocabulary = FoldedWords(words)
    same = [row for row, word in enumerate(words) if fold(word) == fold(asked)]
    begin = [row for row, word in enumerate(words) if fold(word).startswith(fold(asked))]
    assert vocabulary.row(asked) == (same[0] if same else None)
    assert sorted(vocabulary.beginning(asked).tolist()) == begin
