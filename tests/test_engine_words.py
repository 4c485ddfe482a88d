"""Words in every question: exactly or folded, known or not, used and missing; and the questions about words alone."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service import answers, questions
from service.engine import Engine
from service.vectors import UnitVectors
from storage.embeddings import Embeddings
from storage.errors import UnknownWord, UnusableQuestion

WORDS = ("the", "Café", "café", "cafe", "naïve", "king", "queen", "two words", "Ωmega", "straße", "man", "woman")
QUESTIONS = [
    questions.Similarity(a="king", b="queen"),
    questions.Distance(a="king", b="queen"),
    questions.Similarities(a=("king", "man"), b=("queen", "woman")),
    questions.Neighbors(word="king", allow=("man", "queen"), deny=("woman", "the")),
    questions.NeighborsOfVector(vector=(1.0, 0.0, 2.0, -1.0), allow=("man", "king"), deny=("the",)),
    questions.MostSimilar(
        positive=("king", "woman"), negative=("man",), positive_weights=(1, 0.5), allow=("the", "queen")
    ),
    *(questions.Analogy(a="man", b="king", c="woman", method=method, deny=("the",)) for method in questions.METHODS),
    *(
        questions.AnalogyFromExamples(a=("man", "the"), b=("king", "naïve"), c="woman", method=method)
        for method in questions.FROM_EXAMPLES
    ),
    questions.DoesntMatch(words=("man", "woman", "king", "the")),
    questions.SetSimilarity(a=("man", "king"), b=("woman", "queen", "the")),
    questions.Rank(a="king", b="queen"),
    questions.CloserThan(a="king", b="queen", deny=("the",)),
    questions.Distances(word="king", others=("queen", "man")),
    questions.MostSimilarToGiven(word="king", candidates=("queen", "man")),
    questions.RelativeCosineSimilarity(a="king", b="queen", topn=3),
    questions.Contexts(word="king"),
    questions.Vector(word="king"),
]
"""One question of each kind about words."""
ALONE = [questions.Words(prefix="caf"), questions.RandomWords(topn=3, seed=1)]


@pytest.fixture(scope="module")
def engine():
    generator = np.random.default_rng(1)
    matrix, contexts = generator.standard_normal((2, len(WORDS), 4)).astype(np.float32)
    embeddings = Embeddings(WORDS, np.arange(len(WORDS), 0, -1, dtype=np.int64), matrix)
    return Engine(UnitVectors.of(embeddings, lambda: contexts))


def places(question):
    """Where words stand in a question: the name of each field, and the place in it where it is a list."""
    for field in dataclasses.fields(question):
        value = getattr(question, field.name)
        if isinstance(value, str) and field.name not in ("case", "on_missing", "prefix", "pattern", "method", "search"):
            yield field.name, None
        elif isinstance(value, tuple) and all(isinstance(each, str) for each in value):
            yield from ((field.name, place) for place in range(len(value)))


def with_word(question, field, place, word):
    """The question with another word at a place."""
    words = getattr(question, field)
    changed = word if place is None else (*words[:place], word, *words[place + 1 :])
    return dataclasses.replace(question, **{field: changed})


def word_at(question, field, place):
    return getattr(question, field) if place is None else getattr(question, field)[place]


PLACES = [(question, *place) for question in QUESTIONS for place in places(question)]
LABELS = [f"{type(question).__name__} {field} {place}" for question, field, place in PLACES]


def test_every_question_is_here():
    """The questions of this file are all there are."""
    assert {type(question) for question in (*QUESTIONS, *ALONE)} == set(questions.QUESTIONS.values())


@pytest.mark.parametrize("question", [*QUESTIONS, *ALONE], ids=lambda question: type(question).__name__)
def test_every_question_is_answered_under_its_name(engine, question):
    """The answer bears the question's name, echoes what it was about, and is strict JSON."""
    answer = engine.answer(question)
    assert type(answer) is getattr(answers, type(question).__name__)
    for name in ("a", "b", "c", "word", "topn", "prefix"):
        if hasattr(answer, name) and hasattr(question, name):
            value = getattr(question, name)
            assert getattr(answer, name) == value or type(answer) is answers.DoesntMatch
    json.dumps(answer.as_dict(), allow_nan=False)


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: type(question).__name__)
def test_used_words_come_last_and_in_the_order_asked(engine, question):
    """Every answer about words ends with those that were computed with, and with no missing ones."""
    answer = engine.answer(question).as_dict()
    assert list(answer)[-2:] == ["used", "missing"]
    about = [word_at(question, *place) for place in places(question) if place[0] not in ("allow", "deny")]
    assert sorted(answer["used"]) == sorted(about)
    assert answer["missing"] == ()


@pytest.mark.parametrize(("question", "field", "place"), PLACES, ids=LABELS)
def test_a_missing_word_is_an_error_wherever_it_stands(engine, question, field, place):
    """An unknown word at any place is named, with its near matches; nothing is dropped silently."""
    with pytest.raises(UnknownWord) as caught:
        engine.answer(with_word(question, field, place, "quene"))
    assert caught.value.near == {"quene": ("queen",)}


@pytest.mark.parametrize(("question", "field", "place"), PLACES, ids=LABELS)
def test_a_missing_word_can_be_skipped_in_a_list(engine, question, field, place):
    """With on_missing=skip a word of a list is left out and listed; one that stands alone is an error still."""
    asked = dataclasses.replace(with_word(question, field, place, "quene"), on_missing="skip")
    if place is None:
        with pytest.raises(UnknownWord, match="quene"):
            engine.answer(asked)
        return
    answer = engine.answer(asked)
    assert answer.missing == ("quene",)
    assert "quene" not in answer.used
    if type(question) not in (
        questions.Similarities,
        questions.AnalogyFromExamples,
    ):  # there it takes its partner along
        shorter = tuple(word for word in getattr(asked, field) if word != "quene")
        changes = {field: shorter}
        if getattr(asked, f"{field}_weights", ()):
            changes[f"{field}_weights"] = tuple(np.delete(getattr(asked, f"{field}_weights"), place).tolist())
        without = engine.answer(dataclasses.replace(question, **changes))
        assert dataclasses.replace(answer, missing=(), **echo(answer, field, shorter)) == without


def echo(answer, field, value):
    return {field: value} if isinstance(getattr(answer, field, None), tuple) else {}


def test_pairs_with_a_missing_word(engine):
    """A pair that is not whole has no score, or teaches nothing; its known word is not among the used ones."""
    asked = questions.Similarities(a=("king", "xx", "man"), b=("queen", "the", "yy"), on_missing="skip")
    answer = engine.answer(asked)
    assert [pair.score is None for pair in answer.pairs] == [False, True, True]
    assert (answer.used, answer.missing) == (("king", "queen"), ("xx", "yy"))
    asked = questions.AnalogyFromExamples(a=("man", "xx"), b=("king", "queen"), c="woman", on_missing="skip")
    answer = engine.answer(asked)
    assert (answer.used, answer.missing) == (("man", "king", "woman"), ("xx",))
    assert "queen" in {near.word for near in answer.neighbors}


NOTHING_LEFT = [
    questions.Similarities(a=("xx", "king"), b=("queen", "yy")),
    questions.MostSimilar(positive=("xx",), negative=("yy",)),
    questions.AnalogyFromExamples(a=("xx",), b=("king",), c="woman"),
    questions.DoesntMatch(words=("xx", "yy", "zz")),
    questions.DoesntMatch(words=("king", "queen", "zz")),
    questions.SetSimilarity(a=("king",), b=("xx", "yy")),
    questions.SetSimilarity(a=("xx",), b=("king",)),
    questions.Distances(word="king", others=("xx",)),
    questions.MostSimilarToGiven(word="king", candidates=("xx", "yy")),
]


@pytest.mark.parametrize("question", NOTHING_LEFT, ids=lambda question: type(question).__name__)
def test_nothing_is_computed_from_no_words(engine, question):
    """Where skipping leaves nothing to compute with, that is said."""
    with pytest.raises(UnusableQuestion):
        engine.answer(dataclasses.replace(question, on_missing="skip"))
    with pytest.raises(UnknownWord):
        engine.answer(question)


def test_an_empty_sum_is_refused(engine):
    """most-similar without a word, or with words and weights that do not go together, has no answer."""
    with pytest.raises(UnusableQuestion, match="no word to add"):
        engine.answer(questions.MostSimilar())
    with pytest.raises(UnusableQuestion, match="2 words and 1 weights"):
        engine.answer(questions.MostSimilar(positive=("king", "man"), positive_weights=(1.0,)))
    with pytest.raises(UnusableQuestion, match="0 king is zero"):
        engine.answer(questions.MostSimilar(positive=("king",), positive_weights=(0.0,)))


def test_an_allow_list_of_unknown_words_allows_nobody(engine):
    """When all the words that are allowed are missing and skipped, no word is an answer, rather than every word."""
    answer = engine.answer(questions.Neighbors(word="king", allow=("xx",), on_missing="skip"))
    assert (answer.neighbors, answer.missing) == ((), ("xx",))


def test_near_matches_are_sought_for_the_first_words_only(engine):
    """However many words are missing, all are named; near matches, which take time, are given for the first five."""
    missing = tuple(f"quee{letter}" for letter in "abcdefgh")
    with pytest.raises(UnknownWord) as caught:
        engine.answer(questions.DoesntMatch(words=missing))
    assert list(caught.value.near) == list(missing)
    assert [len(near) for near in caught.value.near.values()] == [1, 1, 1, 1, 1, 0, 0, 0]


@pytest.mark.parametrize(("question", "field", "place"), PLACES, ids=LABELS)
def test_a_folded_word_is_found_wherever_it_stands(engine, question, field, place):
    """With case=fold a word in capitals is the word; `used` says which, and nothing else of the answer differs."""
    word = word_at(question, field, place)
    asked = dataclasses.replace(with_word(question, field, place, word.upper()), case="fold")
    answer, expected = engine.answer(asked).as_dict(), engine.answer(question).as_dict()
    for each in (answer, expected):
        for name in ("a", "b", "c", "word", "pairs"):
            each.pop(name, None)
    assert answer == expected


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        ("CAFÉ", "Café"),
        ("cafe", "Café"),
        ("cafe\N{COMBINING ACUTE ACCENT}", "Café"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER C}afe", "Café"),
        ("ωMEGA", "Ωmega"),
        ("STRASSE", "straße"),
    ],
)
def test_the_most_frequent_spelling_wins(engine, asked, used):
    """Of several words that are the same but for capitals and accents, folding finds the most frequent one."""
    assert engine.answer(questions.Vector(word=asked, case="fold")).used == (used,)


def test_exact_look_up_is_exact(engine):
    """By default `Café`, `café` and `cafe` are three words, and no other spelling is any of them."""
    vectors = {engine.answer(questions.Vector(word=word)).vector for word in ("Café", "café", "cafe")}
    assert len(vectors) == 3
    with pytest.raises(UnknownWord, match=r"'CAFE' \(did you mean Café, café, cafe"):
        engine.answer(questions.Vector(word="CAFE"))


@pytest.mark.parametrize(("case", "found"), [("exact", {"café"}), ("fold", {"Café", "café", "cafe"})])
def test_the_prefix_filter_folds_with_the_words(engine, case, found):
    """The beginning that words must have is exact or folded, as the words are."""
    answer = engine.answer(questions.Neighbors(word="king", prefix="café", case=case))
    assert {near.word for near in answer.neighbors} == found


def test_answers_do_not_depend_on_each_other(engine):
    """In any order and again, each question has the same answer: nothing is kept that could change it."""
    first = [engine.answer(question) for question in QUESTIONS]
    assert [engine.answer(question) for question in QUESTIONS[::-1]] == first[::-1]


def test_a_mapped_unit_matrix_gives_the_same_answers(engine, tmp_path):
    """An engine made from unit vectors in a memory-mapped file answers digit for digit as one from embeddings."""
    generator = np.random.default_rng(1)
    matrix, contexts = generator.standard_normal((2, len(WORDS), 4)).astype(np.float32)
    vectors = UnitVectors.of(Embeddings(WORDS, np.arange(len(WORDS), 0, -1, dtype=np.int64), matrix))
    for name, array in (("unit", vectors.unit), ("contexts", contexts)):
        np.save(tmp_path / f"{name}.npy", array)
    mapped, contexts = (np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in ("unit", "contexts"))
    other = Engine(UnitVectors(WORDS, vectors.counts, mapped, vectors.lengths, load_contexts=lambda: contexts))
    other.prepare()
    for question in (*QUESTIONS, *ALONE):
        assert other.answer(question).as_dict() == engine.answer(question).as_dict()


# ---- the vocabulary itself ----


@given(st.lists(st.text("aáAbB", min_size=1, max_size=4), min_size=1, max_size=30, unique=True), st.text("aAá b"))
def test_words_by_their_beginning(words, prefix):
    """All words whose folded beginning is the folded prefix, in the order of the vocabulary, and of them the first."""
    engine = Engine(Embeddings(tuple(words), np.ones(len(words), np.int64), np.ones((len(words), 1), np.float32)))

    def plain(text):
        return text.lower().replace("á", "a")

    expected = [word for word in words if plain(word).startswith(plain(prefix))]
    for topn in (1, 3, 1000):
        found = engine.answer(questions.Words(prefix=prefix, topn=topn)).words
        assert [each.word for each in found] == expected[:topn]
        assert all(words[each.rank - 1] == each.word for each in found)


def test_random_words(engine):
    """The same seed draws the same words, fewer are a prefix of more, none twice, all from the range of ranks."""
    drawn = engine.answer(questions.RandomWords(topn=1000, min_rank=3, max_rank=9, seed=7))
    assert sorted(each.rank for each in drawn.words) == list(range(3, 10))
    fewer = engine.answer(questions.RandomWords(topn=4, min_rank=3, max_rank=9, seed=7))
    assert fewer.words == drawn.words[:4]
    assert engine.answer(questions.RandomWords(topn=5, min_rank=100, seed=7)).words == ()
    other = engine.answer(questions.RandomWords(topn=10))
    assert engine.answer(questions.RandomWords(topn=10, seed=other.seed)) == other


def test_a_vector_of_another_length_is_refused(engine):
    """A vector has as many numbers as the model has dimensions, and points somewhere."""
    with pytest.raises(UnusableQuestion, match="3 numbers, the model 4 dimensions"):
        engine.answer(questions.NeighborsOfVector(vector=(1.0, 2.0, 3.0)))
    with pytest.raises(UnusableQuestion, match="zero"):
        engine.answer(questions.NeighborsOfVector(vector=(0.0,) * 4))
    tiny, huge = (
        engine.answer(questions.NeighborsOfVector(vector=(size, 0.0, 2 * size, -size))) for size in (1e-300, 1e300)
    )
    assert [near.word for near in tiny.neighbors] == [near.word for near in huge.neighbors]
