"""Every question that ranks: filters come before ranking, ties go by row, fewer are a prefix of more."""

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service import questions
from service.engine import Engine
from service.vectors import UnitVectors
from storage.embeddings import Embeddings
from storage.errors import UnusableQuestion

LETTERS = "aáAb"
RANKINGS = {
    "neighbors": lambda w, _: questions.Neighbors(word=w[0]),
    "neighbors-of-vector": lambda _, vector: questions.NeighborsOfVector(vector=vector),
    "most-similar": lambda w, _: questions.MostSimilar(positive=w[:2], negative=w[2:], negative_weights=(0.5,)),
    **{
        f"analogy, {method}": lambda w, _, method=method: questions.Analogy(a=w[0], b=w[1], c=w[2], method=method)
        for method in questions.METHODS
    },
    **{
        f"analogy from examples, {method}": lambda w, _, method=method: questions.AnalogyFromExamples(
            a=(w[0], w[1]), b=(w[1], w[2]), c=w[0], method=method
        )
        for method in questions.FROM_EXAMPLES
    },
    "closer-than": lambda w, _: questions.CloserThan(a=w[0], b=w[1]),
    "contexts": lambda w, _: questions.Contexts(word=w[0]),
}


def words_of(rows):
    """Words with common beginnings: a, aa, á, ..."""
    found, long = [], [""]
    while len(found) < rows:
        long = [begin + letter for begin in long for letter in LETTERS]
        found += long
    return tuple(found[:rows])


def engine_of(matrix, contexts=None, *, in_int8=False):
    counts = np.arange(len(matrix), 0, -1) // 2  # pairs of words with one count
    embeddings = Embeddings(words_of(len(matrix)), counts, matrix.astype(np.float32))
    return Engine(UnitVectors.of(embeddings, lambda: contexts, in_int8=in_int8))


@st.composite
def asked(draw, name):
    """An engine with many zero, equal and opposite vectors, and a question to it."""
    shape = (draw(st.integers(3, 24)), draw(st.integers(1, 3)))
    matrices = arrays.arrays(np.float32, shape, elements=st.integers(-2, 2).map(float))
    engine = engine_of(draw(matrices), draw(matrices), in_int8=draw(st.booleans()))
    words = draw(st.lists(st.sampled_from(engine.words), min_size=3, max_size=3))
    vector = tuple(draw(st.lists(st.integers(-2, 2).map(float), min_size=shape[1], max_size=shape[1])))
    return engine, RANKINGS[name](tuple(words), vector)


def lists_of(engine, question):
    """The rankings of an answer by their names; None where the question has no answer."""
    try:
        answer = engine.answer(question)
    except UnusableQuestion:
        return None
    names = ("neighbors", "nearest_to_c", "unexcluded", "contexts")
    return {name: getattr(answer, name) for name in names if hasattr(answer, name)}


@st.composite
def filters(draw, words):
    """Some filters, and what a word has to be to pass them all."""
    some = st.lists(st.sampled_from(words), max_size=5).map(tuple)
    limit = st.none() | st.integers(1, 25)
    chosen = {
        "min_count": draw(st.integers(0, 6)),
        "max_count": draw(st.none() | st.integers(0, 12)),
        "min_rank": draw(st.integers(1, 9)),
        "max_rank": draw(limit),
        "prefix": draw(st.sampled_from(["", "a", "A", "áa", "b", "x"])),
        "pattern": draw(st.sampled_from(["", ".", "a.*", "[^b]*", "(a|á)+", "..?", "x"])),
        "allow": draw(st.just(()) | some),
        "deny": draw(some),
        "min_score": draw(st.floats(-1, 1)),
    }
    several = draw(st.sets(st.sampled_from(sorted(chosen)), max_size=4))
    return {name: chosen[name] for name in several}


def passes(near, chosen):
    """Whether a neighbor passes filters, one by one and without NumPy."""
    lowest, highest = chosen.get("max_count"), chosen.get("max_rank")
    return (
        near.count >= chosen.get("min_count", 0)
        and (lowest is None or near.count <= lowest)
        and near.rank >= chosen.get("min_rank", 1)
        and (highest is None or near.rank <= highest)
        and near.word.startswith(chosen.get("prefix", ""))
        and (not chosen.get("pattern") or re.fullmatch(chosen["pattern"], near.word) is not None)
        and (not chosen.get("allow") or near.word in chosen["allow"])
        and near.word not in chosen.get("deny", ())
        and near.score >= chosen.get("min_score", -1)
    )


@pytest.mark.parametrize("name", RANKINGS)
@given(data=st.data())
@settings(max_examples=50)
def test_filters_come_before_ranking(name, data):
    """What is answered is the ranking of all words without those that do not pass, cut off at topn.

    So there are always topn, if so many pass; and fewer are a prefix of more.
    """
    engine, question = data.draw(asked(name))
    chosen, topn = data.draw(filters(engine.words)), data.draw(st.integers(1, 25))
    everyone = lists_of(engine, dataclasses.replace(question, topn=1000))
    found = lists_of(engine, dataclasses.replace(question, topn=topn, **chosen))
    if everyone is None:
        assert found is None
    else:
        for column, ranked in everyone.items():
            assert found[column] == tuple(near for near in ranked if passes(near, chosen))[:topn]


@pytest.mark.parametrize("name", RANKINGS)
@given(data=st.data())
@settings(max_examples=50)
def test_the_best_come_first_and_ties_by_row(name, data):
    """Scores fall, equal scores come in the order of the vocabulary, no word comes twice, every score is a number."""
    engine, question = data.draw(asked(name))
    for ranked in (lists_of(engine, dataclasses.replace(question, topn=1000)) or {}).values():
        order = [(-near.score, near.rank) for near in ranked]
        assert order == sorted(set(order))
        assert np.isfinite([near.score for near in ranked]).all()
        assert all(near.word == engine.words[near.rank - 1] for near in ranked)
        assert all(near.count == engine.counts[near.rank - 1] for near in ranked)


@pytest.mark.parametrize("name", [name for name in RANKINGS if name not in ("closer-than", "contexts")])
@given(data=st.data())
@settings(max_examples=25)
def test_everyone_is_ranked_but_the_asked_and_the_zero_vectors(name, data):
    """With topn as large as the vocabulary all words come but those of the question, which unexcluded has too."""
    engine, question = data.draw(asked(name))
    found = lists_of(engine, dataclasses.replace(question, topn=1000))
    if found is None:
        return
    used = set(engine.answer(question).used)
    zero = {word for word in engine.words if not any(engine.answer(questions.Vector(word=word)).vector)}
    everyone = set(engine.words) - zero
    scored = everyone - at_c(engine, question) if "pairdirection" in name else everyone
    assert {near.word for near in found["neighbors"]} == scored - used
    if "unexcluded" in found:
        assert {near.word for near in found["nearest_to_c"]} == everyone - used
        assert {near.word for near in found["unexcluded"]} == scored


def at_c(engine, question):
    """The words in the very place of c, which PairDirection has no direction to."""
    scores = [engine.answer(questions.Similarity(a=question.c, b=word)).score for word in engine.words]
    return {word for word, score in zip(engine.words, scores, strict=True) if score > 1 - 1e-9}


@given(st.data())
def test_closer_than_is_what_is_left_of_the_neighbors(data):
    """The words nearer to a than b are a's neighbors above b's score, total counts them all, and rank is one more."""
    engine, question = data.draw(asked("closer-than"))
    nearest = lists_of(engine, questions.Neighbors(word=question.a, topn=1000))
    if nearest is None:
        assert lists_of(engine, question) is None
        return
    topn = data.draw(st.integers(1, 25))
    answer = engine.answer(dataclasses.replace(question, topn=topn))
    closer = tuple(near for near in nearest["neighbors"] if near.score > answer.score)
    assert (answer.neighbors, answer.total) == (closer[:topn], len(closer))
    if any(engine.answer(questions.Vector(word=question.b)).vector):
        rank = engine.answer(questions.Rank(a=question.a, b=question.b))
        assert (rank.rank, rank.score) == (len(closer) + 1, answer.score)
        assert rank.of == len(nearest["neighbors"])


# ---- against brute force in float64 ----


@pytest.fixture(scope="module")
def space():
    """300 random vectors of different lengths, with output vectors."""
    generator = np.random.default_rng(11)
    matrix = generator.standard_normal((300, 12)) * generator.lognormal(size=(300, 1))
    contexts = generator.standard_normal((300, 12)).astype(np.float32)
    matrix = matrix.astype(np.float32)
    return engine_of(matrix, contexts), matrix.astype(np.float64), contexts.astype(np.float64)


def cosines(rows, vector):
    return rows @ vector / np.linalg.norm(rows, axis=1) / np.linalg.norm(vector)


def _cos_add(u, a, b, c):
    return cosines(u, u[b] - u[a] + u[c])


def _cos_mul(u, a, b, c):
    to = [(1 + cosines(u, u[row])) / 2 for row in (a, b, c)]
    return to[1] * to[2] / (to[0] + 1e-6)


def _pair_direction(u, a, b, c):
    others = np.delete(np.arange(len(u)), c)
    scores = np.full(len(u), np.nan)
    scores[others] = cosines(u[others] - u[c], u[b] - u[a])
    return scores


BRUTE = {"3cosadd": _cos_add, "3cosmul": _cos_mul, "pairdirection": _pair_direction}


def check_scores(neighbors, expected, left_out):
    """Every word but some is there, with its score."""
    rows = [near.rank - 1 for near in neighbors]
    assert sorted(rows) == sorted(set(range(len(expected))) - set(left_out))
    assert [near.score for near in neighbors] == pytest.approx(expected[rows].tolist(), rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("method", questions.METHODS)
def test_analogies_are_those_of_brute_force(space, method):
    """Each method's score is its formula; the other two columns are c alone, and the answer with a, b and c."""
    engine, matrix, _ = space
    unit = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
    for a, b, c in ((0, 1, 2), (7, 9, 7), (4, 30, 30), (299, 5, 200)):
        words = {name: engine.words[row] for name, row in zip("abc", (a, b, c), strict=True)}
        answer = engine.answer(questions.Analogy(**words, method=method, topn=1000))
        expected = BRUTE[method](unit, a, b, c)
        check_scores(answer.neighbors, expected, {a, b, c})
        check_scores(answer.unexcluded, expected, {c} if method == "pairdirection" else ())
        check_scores(answer.nearest_to_c, cosines(unit, unit[c]), {a, b, c})


def test_cos_avg_is_that_of_brute_force(space):
    """3CosAvg is the cosine with c + the mean of b - a; from one pair it is 3CosAdd."""
    engine, matrix, _ = space
    unit, words = matrix / np.linalg.norm(matrix, axis=1, keepdims=True), engine.words
    asked = questions.AnalogyFromExamples(a=words[:3], b=words[3:6], c=words[6], topn=1000)
    expected = cosines(unit, unit[6] + (unit[3:6] - unit[:3]).mean(axis=0))
    check_scores(engine.answer(asked).neighbors, expected, range(7))
    one = engine.answer(questions.AnalogyFromExamples(a=words[:1], b=words[1:2], c=words[2]))
    add = engine.answer(questions.Analogy(a=words[0], b=words[1], c=words[2]))
    assert [near.word for near in one.neighbors] == [near.word for near in add.neighbors]


def test_lr_cos_finds_a_class_that_the_offset_does_not():
    """Words of the b's class come before words that are only near to c, and the score is a part of the cosine."""
    generator = np.random.default_rng(4)
    matrix = generator.standard_normal((400, 10))
    matrix[:, 0] = np.where(np.arange(400) % 4 == 0, 2.0, 0.0)  # the class: every fourth word
    engine = engine_of(matrix)
    words, classed = engine.words, range(0, 400, 4)
    asked = questions.AnalogyFromExamples(
        a=tuple(words[row + 1] for row in classed[:20]),
        b=tuple(words[row] for row in classed[:20]),
        c=words[399],
        method="lrcos",
    )
    answer = engine.answer(asked)
    assert all((near.rank - 1) % 4 == 0 for near in answer.neighbors)
    assert not all((near.rank - 1) % 4 == 0 for near in answer.nearest_to_c)
    for near in answer.neighbors:
        cosine = engine.answer(questions.Similarity(a=words[399], b=near.word)).score
        assert 0 < near.score < cosine
    assert engine.answer(asked) == answer


def test_contexts_are_those_of_brute_force(space):
    """A context's score is the sigmoid of the dot product of the trained vector with the other's output vector."""
    engine, matrix, contexts = space
    for row in (0, 17, 299):
        answer = engine.answer(questions.Contexts(word=engine.words[row], topn=1000))
        check_scores(answer.contexts, 1 / (1 + np.exp(-contexts @ matrix[row])), ())


def test_contexts_far_out_of_range():
    """Products beyond what float32 holds have probabilities too; those that float64 rounds to 1 are ties."""
    matrix = np.array([[1e30, 0], [1, 1]], np.float32)
    contexts = np.array([[1e30, 0], [2e30, 0], [-1e30, 0], [3e38, 3e38], [0, 0]], np.float32)
    engine = engine_of(np.vstack([matrix, matrix[:1], matrix[:1], matrix[:1]]), contexts)
    answer = engine.answer(questions.Contexts(word=engine.words[0]))
    assert [(near.rank, near.score) for near in answer.contexts] == [(1, 1.0), (2, 1.0), (4, 1.0), (3, 0.0)]


def test_a_model_without_contexts_says_why():
    """Where there is no output vector of a word, the question is refused with the reasons there may be."""
    engine = engine_of(np.ones((3, 2)))
    with pytest.raises(UnusableQuestion, match="stored without them, or trained by hierarchical softmax"):
        engine.answer(questions.Contexts(word=engine.words[0]))


def test_the_asked_words_stand_in_the_unexcluded_column():
    """When an offset is small the answer with the words of the question is c itself, as people should see."""
    matrix = np.array([[1, 0.1, 0], [1, 0.2, 0], [0, 0, 1], [0, 0.4, 1], [1, 1, 1]])
    engine = engine_of(matrix)
    answer = engine.answer(questions.Analogy(a=engine.words[0], b=engine.words[1], c=engine.words[2], topn=1))
    assert [near.word for near in answer.unexcluded] == [engine.words[2]]
    assert [near.word for near in answer.nearest_to_c] == [engine.words[3]]
    assert [near.word for near in answer.neighbors] == [engine.words[3]]
