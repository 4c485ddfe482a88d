"""How words stand in a line, and how a line becomes a question."""

import dataclasses
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.asking.forms import Formula, Numbers, Pairs, TwoSets, Words
from pipeline.asking.line import quoted, unfinished, words_of
from pipeline.asking.reading import json_object, question_from
from service import questions
from service.questions import QUESTIONS
from storage.errors import SettingError

A_WORD = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1).filter(lambda word: word == word.strip())
PLAIN = A_WORD.filter(lambda word: not any(letter.isspace() for letter in word))
WEIGHT = st.floats(0, 1e6).map(lambda weight: float(f"{weight:f}"))
TERM = st.tuples(st.sampled_from("+-"), WEIGHT, PLAIN)


@given(st.lists(TERM, min_size=1))
def test_a_formula_is_read_as_it_is_written(terms):
    """Signs, weights and words come back in the order in which they were written, whatever the words are."""
    words = [part for sign, weight, word in terms for part in (sign, f"{weight:f}*{word}")]
    found = Formula().read(words)
    for field, sign in (("positive", "+"), ("negative", "-")):
        own = [(word, weight) for its, weight, word in terms if its == sign]
        assert found[field] == tuple(word for word, _ in own)
        assert found[f"{field}_weights"] in (tuple(weight for _, weight in own), ())
        if any(weight != 1 for _, weight in own):
            assert found[f"{field}_weights"]


@pytest.mark.parametrize("first", [[], ["+"]])
def test_a_formula_may_begin_with_a_sign(first):
    """The first word counts as added."""
    positive = {"positive": ("king", "woman"), "negative": ("man",), "positive_weights": (), "negative_weights": ()}
    assert Formula().read([*first, "king", "-", "man", "+", "woman"]) == positive
    assert Formula().read(["-", "king"])["negative"] == ("king",)


@given(st.lists(st.tuples(A_WORD, A_WORD), min_size=1), A_WORD)
def test_pairs_and_sets_keep_their_order(pairs, last):
    """The first words of the pairs are a, the second b; one more word is c."""
    flat = [word for pair in pairs for word in pair]
    a, b = zip(*pairs, strict=True)
    assert Pairs().read(flat) == {"a": a, "b": b}
    assert Pairs("c").read([*flat, last]) == {"a": a, "b": b, "c": last}
    if "/" not in flat:
        assert TwoSets().read([*a, "/", *b]) == {"a": a, "b": b}


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1), st.sampled_from([" ", ",", ", ", "\t"]))
def test_numbers_stand_between_blanks_or_commas(numbers, between):
    """A vector can be said as words, as a line, and as JSON."""
    form = Numbers()
    written = [repr(number) for number in numbers]
    assert form.read(written) == {"vector": tuple(numbers)}
    assert form.read(form.split(between.join(written) + "\n")) == {"vector": tuple(numbers)}
    assert form.read(form.split(json.dumps(numbers))) == {"vector": tuple(numbers)}
    assert form.read([json.dumps(numbers)]) == {"vector": tuple(numbers)}


def test_a_line_is_split_at_tabs_or_at_blanks():
    """With a tab in it, words may hold blanks; where there is one word only, it may in any case."""
    assert Words("a", "b").split("new york\tking\n") == ["new york", "king"]
    assert Words("a", "b").split("  new york \n") == ["new", "york"]
    assert Words("word").split(" new york \n") == ["new york"]
    assert Words(several="words").split("new york") == ["new", "york"]


@given(st.lists(A_WORD))
def test_a_line_of_the_shell_is_read_as_it_is_written(words):
    """Words, put in quotes where they need them, come back; blanks and both kinds of quotes in one cannot be said."""
    sayable = [word for word in words if words_of(quoted(word)) == [word]]
    assert words_of(" ".join(map(quoted, sayable))) == sayable
    assert all({'"', "'"} <= set(word) for word in set(words) - set(sayable))


@pytest.mark.parametrize(
    ("line", "words", "beginning", "typed"),
    [
        ("", [], "", 0),
        ("sim", [], "sim", 3),
        ("similar ", ["similar"], "", 0),
        ("similar ki", ["similar"], "ki", 2),
        ('similar "new y', ["similar"], "new y", 6),
        ('similar "new york"', ["similar"], "new york", 10),
        ('similar "new york" ', ["similar", "new york"], "", 0),
        ("similar don't", ["similar"], "don't", 5),
        ("similarity 'new york' do", ["similarity", "new york"], "do", 2),
    ],
)
def test_the_word_at_the_cursor_is_found(line, words, beginning, typed):
    """What is completed is the last word, without its quote, and with it what is to be replaced."""
    found = unfinished(line)
    assert (found.words, found.beginning, found.typed) == (words, beginning, typed)


@pytest.mark.parametrize("name", QUESTIONS)
def test_json_holds_every_question(name):
    """A question as JSON is read as that question."""
    cls = QUESTIONS[name]
    kinds = {str: "x", tuple[str, ...]: ("x", "y"), tuple[float, ...]: (1.0, 2.5)}
    needed = {f.name: kinds[f.type] for f in dataclasses.fields(cls) if f.default is dataclasses.MISSING}
    question = cls(**needed)
    assert question_from(name, json_object(json.dumps(question.as_dict()))) == question


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"word": 1984}', "word is 1984, not a string"),
        ('{"word": ["king"]}', r"word is \['king'\], not a string"),
        ('{"word": "king", "topn": "3"}', "topn is '3', not a whole number"),
        ('{"word": "king", "topn": true}', "topn is True, not a whole number"),
        ('{"word": "king", "topn": 2.0}', "topn is 2.0, not a whole number"),
        ('{"word": "king", "topn": 1001}', "topn is 1001; allowed: from 1 to 1000"),
        ('{"word": "king", "max_rank": "5"}', "max_rank is '5', not a whole number or null"),
        ('{"word": "king", "allow": "queen"}', "allow is 'queen', not a list"),
        ('{"word": "king", "allow": [1]}', "an item of allow is 1, not a string"),
        ('{"word": "king", "min_score": NaN}', "min_score is nan; allowed: from -1.0 to 1.0"),
        ('{"word": "king", "topm": 3}', "'topm' is no field of this question; allowed: case, on_missing, topn"),
        ("{}", "'word' is missing; needed: word"),
        ('{"word": "king"', "this is not JSON"),
        ('{"word": ' + "[" * 100_000, "this is not JSON"),
    ],
)
def test_json_is_not_bent(line, complaint):
    """A field that is unknown, missing, of another type or out of its range is refused with its name."""
    with pytest.raises(SettingError, match=complaint):
        question_from("neighbors", json_object(line))


def test_whole_numbers_are_numbers():
    """JSON writes 1.0 as 1, too."""
    line = '{"vector": [1, 0.5], "min_score": 0, "max_count": null}'
    expected = questions.NeighborsOfVector(vector=(1.0, 0.5), min_score=0.0)
    assert question_from("neighbors-of-vector", json_object(line)) == expected
