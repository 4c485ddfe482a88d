"""The filter by regular expression: it means what Python's means for a whole word, and nothing makes it hang."""

import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from service.engine.patterns import Patterns
from storage.errors import UnusableQuestion

ATOMS = ["a", "b", "é", ".", "[^a]", "[ab]", "\\.", "^", "$", "\\s", "\\S", "🦊", " "]


def join(patterns):
    """Larger patterns of smaller ones."""
    return (
        st.tuples(patterns, patterns).map("".join)
        | st.tuples(patterns, patterns).map("|".join)
        | patterns.map("({})*".format)
        | patterns.map("(?:{})?".format)
        | patterns.map("({}){{1,2}}".format)
    )


patterns = st.recursive(st.sampled_from(ATOMS), join, max_leaves=6)


@given(st.lists(st.text("abé🦊 .\n", min_size=1, max_size=5), min_size=1, max_size=20), patterns)
def test_a_pattern_means_what_python_means(words, pattern):
    """A word passes where re.fullmatch has it: also beside others, of several lines, with anchors in the pattern."""
    several_lines = any("\n" in word for word in words)
    assume(not (several_lines and "$" in pattern))  # which Python also finds before a line's end at the end
    expected = [re.fullmatch(pattern, word) is not None for word in words]
    assert Patterns(words).mask(pattern).tolist() == expected


@pytest.mark.parametrize("count", [1, 2047, 2048, 2049, 10_000])
def test_many_words(count):
    """However many words there are, each is matched, also the first and the last that are looked at together."""
    words = [str(number) for number in range(count)]
    for pattern in ("[0-9]+", "[0-9]*7", "1|9999|2047|2048", "x"):
        expected = [re.fullmatch(pattern, word) is not None for word in words]
        assert Patterns(words).mask(pattern).tolist() == expected


def test_a_word_of_several_lines_is_one_word():
    """A line feed inside of a word is a character like others, and its lines by themselves are nothing."""
    words = ["a", "a\nb", "b", "a\n", "\n"]
    assert Patterns(words).mask("a[^a]b").tolist() == [False, True, False, False, False]
    assert Patterns(words).mask("a|b").tolist() == [True, False, True, False, False]
    assert Patterns(words).mask("a?\\s").tolist() == [False, False, False, True, True]


HOSTILE = [
    "(a+)+b",
    "(a|aa)+$",
    "(x+x+)+y",
    "([a-z]+)*Q",
    "(.*a){12}Q",
    "(a?){100}a{100}",
    "(.*)(.*)(.*)(.*)(.*)(.*)(.*)Q",
    "((((a*)*)*)*)*b",
    "(((.?){10}){10}){10}Q",
    "(.?){100}[a-m].{6}(.?){100}Q",
]


@pytest.mark.parametrize("pattern", HOSTILE)
def test_no_pattern_hangs(pattern):
    """Patterns on which backtracking takes longer than the universe is old are answered, or refused."""
    words = ["a" * length for length in range(1, 200)] + ["ab" * 90, "x" * 190, "amz" * 60]
    try:
        matched = Patterns(words).mask(pattern)
    except UnusableQuestion as refused:
        assert "pattern" in str(refused)  # noqa: PT017 - both outcomes are lawful
    else:
        assert matched.shape == (len(words),)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("(a)\\1", "invalid escape sequence"),
        ("(?=a)a", "invalid perl operator"),
        ("[a", "missing \\]"),
        ("a)|(b", "unexpected \\)"),
        ("(((\\pL?){10}){10}){10}", "too large"),
        ("\\pL{0,100}", "too large"),
        ("a{1001}", "invalid repetition size"),
        ("\\Aa", "whole words"),
        ("a\\z", "whole words"),
        ("\\C+", "whole words"),
        ("(?-m:^a)", "whole words"),
        ("\ud800", "UTF-8"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern, why):
    """Not a pattern, one that only backtracking could match, one too large: refused, and the error says why."""
    with pytest.raises(UnusableQuestion, match=why):
        Patterns(["a"]).mask(pattern)


def test_a_literal_backslash_is_no_anchor():
    """A backslash that is escaped is a letter like others, and so is the A behind it."""
    assert Patterns(["\\A", "A"]).mask("\\\\A").tolist() == [True, False]


def test_a_time_limit_ends_what_takes_too_long(monkeypatch):
    """When a pattern has used up its time it is refused, in the midst of the words."""
    monkeypatch.setattr("service.engine.patterns._PATIENCE", (-1.0, 0.0))
    with pytest.raises(UnusableQuestion, match="takes too long on 5,000 words"):
        Patterns(["a"] * 5000).mask("a")


def test_the_answer_cannot_be_changed():
    """Others get the same mask, so nobody can write to it."""
    mask = Patterns(["a", "b"]).mask("a")
    with pytest.raises(ValueError, match="read-only"):
        np.logical_not(mask, out=mask)
