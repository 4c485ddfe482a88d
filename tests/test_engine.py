"""The engine's answers are those of brute force in float64 and of gensim; ties go by row; NaN never comes out."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service import questions
from service.engine import Engine
from service.nearest import unit_rows
from storage.embeddings import Embeddings
from storage.errors import SettingError, UnknownWord, UnusableQuestion


def engine_of(matrix):
    matrix = np.array(matrix, np.float32)
    words = tuple(f"w{row}" for row in range(len(matrix)))
    return Engine(Embeddings(words, np.arange(len(words), 0, -1, dtype=np.int64), matrix))


def similarity(engine, a, b):
    return engine.answer(questions.Similarity(a=a, b=b))


def neighbors_of(engine, word, topn=10):
    return engine.answer(questions.Neighbors(word=word, topn=topn))


def analogy(engine, a, b, c, topn=10):
    return engine.answer(questions.Analogy(a=a, b=b, c=c, topn=topn))


def brute_unit(matrix):
    """Unit rows in float64; zero rows stay zero."""
    matrix = matrix.astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)


def zero_rows(unit):
    return np.flatnonzero(~unit.any(axis=1)).tolist()


def check_nearest(neighbors, scores, banned, topn):
    """What every ranking owes: right scores, best first, ties by row, nobody better left out, topn if there are."""
    rows = [int(neighbor.word[1:]) for neighbor in neighbors]
    found = [neighbor.score for neighbor in neighbors]
    others = set(range(len(scores))) - set(banned)
    assert np.allclose(found, scores[rows], rtol=0, atol=1e-6)
    assert [(-score, row) for score, row in zip(found, rows, strict=True)] == sorted(
        (-score, row) for score, row in zip(found, rows, strict=True)
    )
    assert set(rows) <= others
    assert len(rows) == len(set(rows)) == min(topn, len(others))
    assert all(scores[row] <= min(found) + 1e-6 for row in others - set(rows))


# few different numbers in few dimensions: zero vectors, equal vectors and opposite ones come up all the time
small_matrices = arrays.arrays(
    np.float32, st.tuples(st.integers(3, 12), st.integers(1, 3)), elements=st.integers(-2, 2).map(float)
)
any_matrices = arrays.arrays(
    np.float32,
    st.tuples(st.integers(3, 6), st.integers(1, 4)),
    elements=st.floats(width=32, allow_nan=False, allow_infinity=False),
)
topns = st.integers(1, 15)


@given(small_matrices, topns)
@settings(deadline=None)
def test_neighbors_are_those_of_brute_force(matrix, topn):
    """The neighbors of each word are the rows of largest cosine in float64, the word itself left out."""
    unit, engine = brute_unit(matrix), engine_of(matrix)
    for row in np.flatnonzero(unit.any(axis=1)):
        answer = neighbors_of(engine, f"w{row}", topn)
        check_nearest(answer.neighbors, unit @ unit[row], [row, *zero_rows(unit)], topn)


@given(small_matrices, topns, st.data())
@settings(deadline=None)
def test_analogies_are_those_of_brute_force(matrix, topn, data):
    """An analogy's answers are the rows of largest cosine with b - a + c of unit rows, with a, b and c left out."""
    unit, engine = brute_unit(matrix), engine_of(matrix)
    a, b, c = data.draw(st.tuples(*[st.integers(0, len(matrix) - 1)] * 3))
    target = unit[b] - unit[a] + unit[c]
    length = np.linalg.norm(target)
    if length < 1e-6 or not unit[[a, b, c]].any(axis=1).all():
        with pytest.raises(UnusableQuestion, match="is zero and points nowhere"):
            analogy(engine, f"w{a}", f"w{b}", f"w{c}", topn)
    else:
        answer = analogy(engine, f"w{a}", f"w{b}", f"w{c}", topn)
        check_nearest(answer.neighbors, unit @ (target / length), [a, b, c, *zero_rows(unit)], topn)


@given(small_matrices)
@settings(deadline=None)
def test_similarity_is_that_of_brute_force(matrix):
    """Similarity is the float64 cosine, the same both ways, 1 with itself, and 0 with a zero vector."""
    unit, engine = brute_unit(matrix), engine_of(matrix)
    for row, other in np.ndindex(3, 3):
        score = similarity(engine, f"w{row}", f"w{other}").score
        assert score == pytest.approx(float(unit[row] @ unit[other]), abs=1e-6)
        assert score == pytest.approx(similarity(engine, f"w{other}", f"w{row}").score, abs=1e-12)


@given(any_matrices)
@settings(max_examples=300, deadline=None)
def test_no_finite_vectors_lead_to_nan(matrix):
    """However large or small the numbers are, every score is a number from -1 to 1 and every answer is JSON."""
    engine = engine_of(matrix)
    ask = [
        lambda: similarity(engine, "w0", "w1"),
        lambda: neighbors_of(engine, "w0"),
        lambda: analogy(engine, "w0", "w1", "w2"),
    ]
    for question in ask:
        try:
            answer = question().as_dict()
        except UnusableQuestion as refused:
            assert "zero" in str(refused)  # noqa: PT017 - both outcomes are lawful
            continue
        scores = [answer["score"]] if "score" in answer else [near["score"] for near in answer["neighbors"]]
        assert all(-1 <= score <= 1 for score in scores)
        json.dumps(answer, allow_nan=False)


@given(any_matrices)
@settings(deadline=None)
def test_unit_rows_are_of_length_one(matrix):
    """Each row is divided by its length, even where its square leaves float32; a zero row stays zero."""
    lengths = np.linalg.norm(unit_rows(matrix).astype(np.float64), axis=1)
    assert np.allclose(lengths, matrix.any(axis=1), rtol=0, atol=1e-6)


@given(small_matrices, topns, topns)
@settings(deadline=None)
def test_fewer_neighbors_are_a_prefix_of_more(matrix, some, more):
    """Asking for fewer neighbors gives the first of those that asking for more gives, ties included."""
    engine = engine_of(matrix)
    for row in np.flatnonzero(matrix.any(axis=1)):
        short = neighbors_of(engine, f"w{row}", min(some, more)).neighbors
        assert neighbors_of(engine, f"w{row}", max(some, more)).neighbors[: len(short)] == short


def test_equal_vectors_score_equal_wherever_they_stand():
    """Copies of a vector, scattered through a large matrix, have one score to the last bit and come by row."""
    generator = np.random.default_rng(5)
    matrix = generator.standard_normal((3001, 97)).astype(np.float32)
    copies = [1, 2, 3, 777, 1500, 2047, 2048, 2996, 2999, 3000]
    matrix[copies] = matrix[0] + generator.standard_normal(97).astype(np.float32) * 0.1
    neighbors = neighbors_of(engine_of(matrix), "w0", len(copies)).neighbors
    assert [neighbor.word for neighbor in neighbors] == [f"w{row}" for row in copies]
    assert len({neighbor.score for neighbor in neighbors}) == 1


def test_the_order_is_that_of_float64():
    """Among thousands of scores that float32 cannot tell apart, the order is that of float64."""
    generator = np.random.default_rng(6)
    matrix = np.ones((5000, 64), np.float32) + generator.standard_normal((5000, 64)).astype(np.float32) * 1e-4
    unit = unit_rows(matrix).astype(np.float64)
    scores = (unit * unit[0]).sum(axis=1) / np.sqrt((unit * unit).sum(axis=1))
    neighbors = neighbors_of(engine_of(matrix), "w0", 100).neighbors
    expected = [row for row in np.lexsort((np.arange(5000), -scores)) if row != 0][:100]
    assert [neighbor.word for neighbor in neighbors] == [f"w{row}" for row in expected]


def test_all_vectors_equal():
    """A matrix of nothing but ties, larger than one block, is answered by row."""
    neighbors = neighbors_of(engine_of(np.ones((9000, 3))), "w1", 5).neighbors
    assert [neighbor.word for neighbor in neighbors] == ["w0", "w2", "w3", "w4", "w5"]


# ---- questions ----


@pytest.fixture
def animals():
    words = ("the", "cat", "dog", "nothing", "Cat")
    matrix = np.array([[1, 0], [1, 1], [1, 2], [0, 0], [0, 1]], np.float32)
    return Engine(Embeddings(words, np.array([9, 4, 3, 2, 1], np.int64), matrix))


def test_the_formula_names_the_words(animals):
    """An analogy says how it was computed: b - a + c with the words, and the method's name."""
    answer = analogy(animals, "the", "cat", "dog")
    assert (answer.formula, answer.method) == ("cat - the + dog", "3CosAdd")


def test_answers_are_plain_json(animals):
    """as_dict gives names, words, scores and counts as JSON has them."""
    answer = json.loads(json.dumps(neighbors_of(animals, "cat", 1).as_dict()))
    assert answer == {
        "word": "cat",
        "topn": 1,
        "neighbors": [{"word": "dog", "score": pytest.approx(3 / 10**0.5, abs=1e-6), "count": 3, "rank": 3}],
        "approximate": None,
        "composed": [],
        "used": ["cat"],
        "missing": [],
    }


def test_words_are_looked_up_exactly(animals):
    """`Cat` and `cat` are two words, and each answers for itself."""
    assert similarity(animals, "Cat", "the").score == pytest.approx(0)
    assert similarity(animals, "cat", "the").score == pytest.approx(0.5**0.5)


def test_every_unknown_word_is_named(animals):
    """All the words that are missing come in one error, in the order asked, each with its near matches."""
    with pytest.raises(UnknownWord) as caught:
        analogy(animals, "dgo", "cat", "zzzzzz")
    assert caught.value.near == {"dgo": ("dog",), "zzzzzz": ()}


@pytest.mark.parametrize("topn", [0, -1, 1001])
def test_topn_out_of_range(animals, topn):
    """topn is 1 to 1000; anything else is refused, not mended."""
    with pytest.raises(SettingError, match="1 to 1000"):
        neighbors_of(animals, "cat", topn)
    with pytest.raises(SettingError, match="1 to 1000"):
        analogy(animals, "the", "cat", "dog", topn)


def test_topn_beyond_the_vocabulary(animals):
    """Asking for more neighbors than there are gives those that there are; it may be none."""
    assert len(neighbors_of(animals, "cat", 1000).neighbors) == 3
    assert neighbors_of(engine_of([[1.0]]), "w0").neighbors == ()
    assert analogy(engine_of([[1.0], [2.0]]), "w0", "w1", "w0").neighbors == ()


def test_a_zero_vector_is_near_to_nothing(animals):
    """A zero vector scores 0 with every word, is never an answer, and a question that comes down to one is refused."""
    assert similarity(animals, "nothing", "cat").score == 0
    assert [near.word for near in neighbors_of(animals, "cat").neighbors] == ["dog", "the", "Cat"]
    with pytest.raises(UnusableQuestion, match="'nothing' is zero"):
        neighbors_of(animals, "nothing")
    with pytest.raises(UnusableQuestion, match="'nothing' is zero"):
        analogy(animals, "cat", "dog", "nothing")
    with pytest.raises(UnusableQuestion, match="w1 - w0 \\+ w2 is zero"):
        analogy(engine_of([[1, 0], [1, 3**0.5], [1, -(3**0.5)]]), "w0", "w1", "w2")
