"""Near matches: few, sensible, in a fixed order, and only ever words of the vocabulary."""

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.folding import FoldedWords
from service.suggest import MOST_MATCHES, Suggester, edit_distances


def textbook_distance(one, other):
    """Optimal string alignment, by its recursive definition."""

    @cache
    def distance(i, j):
        if 0 in (i, j):
            return i + j
        best = min(
            distance(i - 1, j) + 1, distance(i, j - 1) + 1, distance(i - 1, j - 1) + (one[i - 1] != other[j - 1])
        )
        if i > 1 and j > 1 and one[i - 2 : i] == other[j - 2 : j][::-1]:
            best = min(best, distance(i - 2, j - 2) + 1)
        return best

    return distance(len(one), len(other))


@given(st.text("ab🦊", max_size=7), st.lists(st.text("ab🦊", max_size=9), max_size=8), st.integers(0, 2))
@settings(deadline=None)
def test_distances_are_those_of_the_textbook(asked, words, allowed):
    """Up to `allowed` the distances are exactly the textbook's; beyond it they are allowed + 1."""
    words = [word for word in words if abs(len(word) - len(asked)) <= allowed]
    expected = [min(textbook_distance(asked, word), allowed + 1) for word in words]
    assert edit_distances(asked, words, allowed).tolist() == expected


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("king", ["King", "KING", "ring", "kin", "kingdom"]),  # capitals, one edit, beginning
        ("kings", ["King", "KING", "ring", "kin"]),
        ("hte", ["the"]),
        ("komputer", ["computer"]),
        ("comp", ["computer"]),
        ("café", ["cafe", "cafés"]),
        ("xyzzyx", []),
        ("", []),
        ("🦊", []),
    ],
)
def test_what_is_near(asked, near):
    """Capitals before one edit before beginnings before two edits; the more frequent first among equals."""
    words = ["the", "ring", "kingdom", "King", "KING", "kin", "computer", "cafe", "cafés", "vocabulary"]
    assert Suggester(FoldedWords(words)).near(asked) == near


def test_at_most_five():
    """However many words are near, the five best are named."""
    assert Suggester(FoldedWords([f"word{i}" for i in range(50)])).near("word") == [
        f"word{i}" for i in range(MOST_MATCHES)
    ]


@given(st.text(max_size=80), st.lists(st.text(max_size=12), max_size=12, unique=True))
@settings(deadline=None)
def test_only_words_of_the_vocabulary(asked, words):
    """Suggestions are different words of the vocabulary, whatever is asked."""
    near = Suggester(FoldedWords(words)).near(asked)
    assert set(near) <= set(words)
    assert len(near) == len(set(near)) <= MOST_MATCHES


def test_a_very_long_word():
    """A word of ten thousand letters is compared without trouble, and found when only its capitals differ."""
    words = ["short", "x" * 10_000]
    assert Suggester(FoldedWords(words)).near("X" * 10_000) == ["x" * 10_000]
    assert Suggester(FoldedWords(words)).near("y" * 10_000) == []


class ReadOnce(list):
    """Words that can be gone through once."""

    def __iter__(self):
        yield from super().__iter__()
        self.clear()


def test_prepared_before_the_first_question():
    """After `prepare` no question goes through the vocabulary again to fold it."""
    words = ReadOnce(["Queen", "king"])
    suggester = Suggester(FoldedWords(words))
    suggester.prepare()
    assert words == []
    words += ["Queen", "king"]
    assert suggester.near("QUEEN") == ["Queen"]
