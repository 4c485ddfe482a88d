"""Words that the model does not have, made from their pieces: as if the model had them with those very vectors."""

import dataclasses
import json

import numpy as np
import pytest

from service import answers, questions
from service.engine import Engine
from service.nearest import Index
from service.vectors import UnitVectors
from storage.embeddings import Embeddings
from storage.errors import UnknownWord, UnusableQuestion
from storage.ngrams import Ngrams
from storage.subwords import Subwords

WORDS = ("king", "queen", "man", "woman", "apple", "prince", "princess", "Zürich")
RANDOM = np.random.default_rng(5)
NGRAMS = Ngrams(3, 4, 500)
VECTORS = RANDOM.standard_normal((len(WORDS), 5)).astype(np.float32)
CONTEXTS = RANDOM.standard_normal((len(WORDS) + 2, 5)).astype(np.float32)
HELD = np.sort(RANDOM.choice(500, 400, replace=False)).astype(np.int32)
SUBWORDS = Subwords(NGRAMS, HELD, RANDOM.standard_normal((400, 5)).astype(np.float32))
MADE = ("kingdom", "quéen")
"""Words that the model lacks."""

QUESTIONS = [
    questions.Similarity(a="kingdom", b="queen"),
    questions.Distance(a="king", b="kingdom"),
    questions.Similarities(a=("kingdom", "man", "quéen"), b=("queen", "quéen", "kingdom")),
    questions.Neighbors(word="kingdom", topn=4),
    questions.MostSimilar(positive=("kingdom", "woman"), negative=("quéen",), positive_weights=(0.5, 2.0), topn=4),
    *(questions.Analogy(a="man", b="kingdom", c="woman", topn=4, method=method) for method in questions.METHODS),
    *(
        questions.AnalogyFromExamples(a=("man", "quéen"), b=("king", "apple"), c="kingdom", topn=3, method=method)
        for method in questions.FROM_EXAMPLES
    ),
    questions.DoesntMatch(words=("king", "kingdom", "apple", "quéen")),
    questions.SetSimilarity(a=("kingdom", "man"), b=("quéen",)),
    questions.Rank(a="kingdom", b="queen"),
    questions.Rank(a="king", b="kingdom"),
    questions.Rank(a="quéen", b="kingdom"),
    questions.CloserThan(a="kingdom", b="quéen"),
    questions.Distances(word="kingdom", others=("king", "quéen")),
    questions.MostSimilarToGiven(word="quéen", candidates=("king", "kingdom", "apple")),
    questions.RelativeCosineSimilarity(a="kingdom", b="quéen", topn=3),
    questions.Contexts(word="kingdom", topn=4),
    questions.Vector(word="kingdom"),
]


def engine_of(words, vectors, subwords=None):
    embeddings = Embeddings(words, 100 - np.arange(len(words)), vectors)
    return Engine(UnitVectors.of(embeddings, lambda: CONTEXTS[: len(words)], lambda: subwords))


@pytest.fixture(scope="module")
def engine():
    """Lacks the words, and can make them."""
    return engine_of(WORDS, VECTORS, SUBWORDS)


@pytest.fixture(scope="module")
def knowing():
    """Has the words, last of all, with the vectors that their pieces make."""
    return engine_of((*WORDS, *MADE), np.vstack([VECTORS, *map(SUBWORDS.vector, MADE)]))


def made_of(question):
    """A question's words that the engine lacks."""
    values = [getattr(question, field.name) for field in dataclasses.fields(question)]
    asked = [word for value in values for word in (value if isinstance(value, tuple) else (value,))]
    return {word for word in asked if word in MADE}


def ids(question):
    return f"{type(question).__name__} {getattr(question, 'method', '')}".strip()


def test_every_question_about_words_is_here():
    """No question that names words is left out."""
    without = {questions.NeighborsOfVector, questions.Words, questions.RandomWords}
    assert {type(question) for question in QUESTIONS} == set(questions.QUESTIONS.values()) - without


COUNTED = (questions.Rank, questions.RelativeCosineSimilarity)
"""Questions that no filter can keep from counting the made words, where the vocabulary has them."""


@pytest.mark.parametrize("question", [each for each in QUESTIONS if not isinstance(each, COUNTED)], ids=ids)
def test_a_made_word_is_as_good_as_a_known_one(engine, knowing, question):
    """The answer is, bit for bit, that of a model that has these words, except that they are nobody's neighbors."""
    limit = {"max_rank": len(WORDS)} if isinstance(question, questions.Ranking) else {}
    made = engine.answer(dataclasses.replace(question, on_missing="subword"))
    known = knowing.answer(dataclasses.replace(question, **limit))
    usual = {"composed": (), "count": None, "rank": None}
    if isinstance(question, questions.AnalogyFromExamples) and question.method == "lrcos":
        assert made.used == known.used  # learns from words at random, and so from others
        return
    for name, value in vars(known).items():
        if name not in usual:
            assert getattr(made, name) == value, name


@pytest.mark.parametrize("question", QUESTIONS, ids=ids)
def test_made_words_are_marked_and_their_pieces_listed(engine, question):
    """`composed` names each of them once, with the pieces that have a row and how many there are; JSON has it too."""
    answer = engine.answer(dataclasses.replace(question, on_missing="subword"))
    assert {made.word for made in answer.composed} == made_of(question)
    assert len(answer.composed) == len(made_of(question))
    for made in answer.composed:
        pieces = SUBWORDS.pieces(made.word)
        assert made.of == len(pieces)
        assert made.pieces == tuple(piece.text for piece in pieces if piece.known)
    assert set(made_of(question)) <= set(answer.used)
    assert list(answer.as_dict())[-3:] == ["composed", "used", "missing"]
    json.dumps(answer.as_dict(), allow_nan=False)


@pytest.mark.parametrize("question", QUESTIONS, ids=ids)
def test_nothing_is_made_unless_that_is_asked(engine, question):
    """Without `on_missing=subword` such a word is unknown, also to a model that could make it."""
    with pytest.raises(UnknownWord):
        engine.answer(question)


@pytest.mark.parametrize(("a", "b"), [("kingdom", "queen"), ("king", "kingdom"), ("quéen", "kingdom")])
def test_ranks_count_the_vocabulary(engine, knowing, a, b):
    """The place is 1 more than the number of the vocabulary's words that are nearer, a and b left out; by hand."""
    answer = engine.answer(questions.Rank(a=a, b=b, on_missing="subword"))
    others = tuple(word for word in WORDS if word not in (a, b))
    distances = knowing.answer(questions.Distances(word=a, others=(b, *others))).distances
    nearer = sum(each.distance < distances[0].distance for each in distances[1:])
    assert (answer.rank, answer.of) == (1 + nearer, len(others) + 1)


def test_relative_similarity_compares_with_the_vocabulary(engine, knowing):
    """The sum is over the nearest words of the vocabulary."""
    asked = questions.RelativeCosineSimilarity(a="kingdom", b="quéen", topn=3)
    answer = engine.answer(dataclasses.replace(asked, on_missing="subword"))
    best = knowing.answer(questions.Neighbors(word="kingdom", topn=3, max_rank=len(WORDS))).neighbors
    assert answer.score == pytest.approx(answer.cosine / sum(each.score for each in best), abs=1e-12)


def test_the_vector_of_a_made_word(engine):
    """Is the mean of its pieces, as storage has it, to float32's last digits; it has neither rank nor count."""
    answer = engine.answer(questions.Vector(word="kingdom", on_missing="subword"))
    assert np.allclose(answer.vector, SUBWORDS.vector("kingdom"), rtol=1e-6)
    assert (answer.rank, answer.count) == (None, None)


def test_known_words_are_never_made(engine):
    """A word of the vocabulary has its own vector whatever is asked, and so has one found without its accents."""
    for case, word in (("exact", "king"), ("fold", "ZURICH")):
        asked = questions.Vector(word=word, case=case)
        assert engine.answer(dataclasses.replace(asked, on_missing="subword")) == engine.answer(asked)


def test_words_of_filters_are_left_out_and_named(engine):
    """Only the vocabulary is filtered: an unknown word among those allowed or denied is missing, and is said to be."""
    asked = questions.Neighbors(word="kingdom", allow=("king", "kings"), deny=("quéen",), on_missing="subword")
    answer = engine.answer(asked)
    assert [each.word for each in answer.neighbors] == ["king"]
    assert answer.missing == ("kings", "quéen")
    assert [made.word for made in answer.composed] == ["kingdom"]


def test_a_model_without_pieces_says_so():
    """Where there is nothing to make a vector from, the error says that, names the word, and says what to do."""
    plain = engine_of(WORDS, VECTORS)
    asked = questions.Similarity(a="kingdom", b="queen", on_missing="subword")
    with pytest.raises(UnusableQuestion, match="'kingdom' is not in the vocabulary, and this model has no vectors of"):
        plain.answer(asked)
    known = plain.answer(dataclasses.replace(asked, a="king"))
    assert known.composed == ()


@pytest.mark.parametrize("word", ["a", "</s>"])
def test_a_word_without_any_piece_is_unknown(word):
    """A word too short for every piece, or the end of a line, cannot be made: an error as for any unknown word."""
    engine = engine_of(WORDS, VECTORS, Subwords(Ngrams(4, 4, 500), HELD, SUBWORDS.rows))
    with pytest.raises(UnknownWord):
        engine.answer(questions.Neighbors(word=word, on_missing="subword"))


def test_a_word_none_of_whose_pieces_has_a_row_is_unknown():
    """Nor can a word be made of zeros alone; the error says why."""
    buckets = set(NGRAMS.table(["kingdom"]).buckets.tolist())
    other = next(bucket for bucket in range(500) if bucket not in buckets)
    engine = engine_of(WORDS, VECTORS, Subwords(NGRAMS, np.array([other], np.int32), SUBWORDS.rows[:1]))
    with pytest.raises(UnknownWord, match="no vector of any of the pieces"):
        engine.answer(questions.Neighbors(word="kingdom", on_missing="subword"))


def test_any_index_ranks_for_made_words():
    """An index around the exact one is asked for the vocabulary's rows alone."""

    class Watching:
        """Hands on, and remembers which rows were banned."""

        def __init__(self, index):
            self.inner, self.unit, self.second_looks, self.banned = index, index.unit, 0, []

        def nearest(self, wanted):
            """Hand on."""
            self.banned += [row for each in wanted for row in each.banned]
            return self.inner.nearest(wanted)

        def cosines(self, rows, vector):
            """Hand on."""
            assert max(rows, default=0) < len(WORDS)
            return self.inner.cosines(rows, vector)

    watching = Watching(Index(UnitVectors.of(Embeddings(WORDS, np.ones(len(WORDS), np.int64), VECTORS)).unit))
    embeddings = Embeddings(WORDS, np.ones(len(WORDS), np.int64), VECTORS)
    engine = Engine(UnitVectors.of(embeddings, load_subwords=lambda: SUBWORDS), lambda _: watching)
    for question in QUESTIONS:
        if not isinstance(question, questions.Contexts):
            assert isinstance(engine.answer(dataclasses.replace(question, on_missing="subword")), answers.AboutWords)
    assert 0 < max(watching.banned) < len(WORDS)
