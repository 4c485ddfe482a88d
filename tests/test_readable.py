"""Answers for people: bars where a terminal can show them, plain tables elsewhere."""

import io
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.asking.bars import bar, drawn
from pipeline.asking.readable import _READERS, notes, readable
from service import answers
from service.answers import Neighbor
from service.questions import QUESTIONS

SHARE = st.floats(0, 1)


class Terminal(io.TextIOWrapper):
    """Standard output as a terminal with an encoding."""

    def __init__(self, encoding):
        super().__init__(io.BytesIO(), encoding)

    def isatty(self):
        """It is one."""
        return True


@pytest.fixture
def terminal(monkeypatch):
    """Makes standard output a terminal of so many columns."""

    def make(encoding="utf-8", columns=80):
        monkeypatch.setattr(sys, "stdout", Terminal(encoding))
        monkeypatch.setenv("COLUMNS", str(columns))
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.delenv("NO_COLOR", raising=False)

    return make


@given(SHARE, SHARE, st.integers(1, 100))
def test_a_longer_bar_is_a_larger_share(one, other, room):
    """Bars grow with their shares, never beyond the room, and are within an eighth of a column right."""
    eighths = {letter: number for number, letter in enumerate("▏▎▍▌▋▊▉█", start=1)}
    lengths = [sum(map(eighths.__getitem__, bar(share, room))) for share in (one, other)]
    assert all(abs(length - share * room * 8) <= 0.5 for length, share in zip(lengths, (one, other), strict=True))
    assert (lengths[0] - lengths[1]) * (one - other) >= 0
    assert all(len(bar(share, room)) <= room for share in (one, other))


def test_bars_fill_the_room_there_is(terminal):
    """The longest is as wide as the terminal leaves, at most thirty columns; scores above 1 shorten the others."""
    terminal()
    assert drawn([1.0, 0.5, -0.2, None], 60) == ["\x1b[36m" + "█" * 17 + "\x1b[0m", "\x1b[36m████████▌\x1b[0m", "", ""]
    assert drawn([2.0, 1.0], 10) == ["\x1b[36m" + "█" * 30 + "\x1b[0m", "\x1b[36m" + "█" * 15 + "\x1b[0m"]
    assert drawn([1.0], 72) is None


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_bars_have_no_color_where_none_is_wanted(terminal, monkeypatch, name, value):
    """NO_COLOR, or a terminal that has none."""
    terminal()
    monkeypatch.setenv(name, value)
    assert drawn([1.0], 70) == ["█" * 7]


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252"])
def test_there_are_no_bars_without_block_characters(terminal, encoding):
    """A terminal whose encoding lacks them gets a plain table."""
    terminal(encoding)
    assert drawn([1.0], 10) is None


def test_there_are_no_bars_in_a_pipe(monkeypatch):
    """What is not a terminal gets a plain table."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "utf-8"))
    assert drawn([1.0], 10) is None


def neighbors(*words):
    return tuple(Neighbor(word, 1 / place, 5, place) for place, word in enumerate(words, start=1))


def test_an_analogy_stands_beside_what_it_is_worth():
    """The answer, what is nearest to c alone, and the answer with nothing left out, in columns of their own."""
    answer = answers.Analogy(
        a="man", b="king", c="woman", formula="king - man + woman", method="3CosAdd", topn=2,
        neighbors=neighbors("queen"), nearest_to_c=neighbors("girl", "lady"), unexcluded=neighbors("king", "queen"),
    )  # fmt: skip
    found = readable(answer)
    assert found.sentence == "man is to king as woman is to ?   (king - man + woman, 3CosAdd)"
    assert found.table.headers == (
        "", "answer", "cosine", "nearest to woman alone", "cosine", "nothing left out", "cosine"
    )  # fmt: skip
    assert found.table.rows == [
        ("1", "queen", "1.0000", "girl", "1.0000", "king", "1.0000"),
        ("2", "", "", "lady", "0.5000", "queen", "0.5000"),
    ]
    assert found.table.scores == [1.0, None]


def test_what_was_not_used_is_said():
    """Words that were left out, and with case=fold the words that stood for those asked."""
    answer = answers.Similarities(pairs=(), used=("Paris",), missing=("kng", "qeen"))
    left_out = "Left out, not in the vocabulary: kng, qeen"
    assert notes(answer, folded=False) == [left_out]
    assert notes(answer, folded=True) == [left_out, "Looked up as: Paris"]
    assert notes(answers.Words(prefix="", topn=1, words=()), folded=True) == []


def test_every_answer_can_be_read():
    """The answer to each question has its words."""
    assert {cls.__name__ for cls in _READERS} == {cls.__name__ for cls in QUESTIONS.values()}
