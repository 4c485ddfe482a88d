"""Where gensim has the question, the engine's answer is gensim's to 1e-6, on random vectors and on trained ones."""

import numpy as np
import pytest

from service import questions
from service.engine import Engine
from service.vectors import UnitVectors
from storage.embeddings import Embeddings

CLOSE = {"abs": 1e-6, "rel": 1e-6}


def random_embeddings():
    """Vectors of very different lengths."""
    generator = np.random.default_rng(3)
    matrix = generator.standard_normal((500, 40)) * generator.lognormal(size=(500, 1))
    words = tuple(f"w{row}" for row in range(500))
    return Embeddings(words, np.arange(500, 0, -1, dtype=np.int64), matrix.astype(np.float32))


@pytest.fixture(scope="module", params=["random", "trained"])
def pair(request):
    """The same vectors in gensim and in the engine, and some of their words."""
    from gensim.models import KeyedVectors

    trained = request.param == "trained"
    embeddings = request.getfixturevalue("lee_model").embeddings if trained else random_embeddings()
    keyed = KeyedVectors(embeddings.dimensions)
    keyed.add_vectors(list(embeddings.words), embeddings.matrix)
    return keyed, Engine(embeddings), embeddings.words[10:400:13]


def triples(words):
    return zip(words, words[5:], words[9:], strict=False)


def check_ranking(found, keyed, everyone, expected):
    """Score by score what gensim found, each word with the score that gensim has for it.

    Words that float32 cannot tell apart may stand in another order.
    """
    assert [each.score for each in found] == pytest.approx([score for _, score in expected], **CLOSE)
    rows = [keyed.key_to_index[each.word] for each in found]
    assert [each.score for each in found] == pytest.approx(everyone[rows].tolist(), **CLOSE)


def test_similarity_and_distance(pair):
    """similarity and distance."""
    keyed, engine, words = pair
    for a, b, _ in triples(words):
        expected = float(keyed.similarity(a, b))
        assert engine.answer(questions.Similarity(a=a, b=b)).score == pytest.approx(expected, **CLOSE)
        expected = float(keyed.distance(a, b))
        assert engine.answer(questions.Distance(a=a, b=b)).distance == pytest.approx(expected, **CLOSE)


def test_similarities(pair):
    """Several pairs at once are as many calls of similarity."""
    keyed, engine, words = pair
    answer = engine.answer(questions.Similarities(a=words[:9], b=words[3:12]))
    expected = [float(keyed.similarity(a, b)) for a, b in zip(words[:9], words[3:12], strict=True)]
    assert [each.score for each in answer.pairs] == pytest.approx(expected, **CLOSE)


def test_neighbors(pair):
    """neighbors is similar_by_word."""
    keyed, engine, words = pair
    for word in words:
        found = engine.answer(questions.Neighbors(word=word, topn=50)).neighbors
        check_ranking(found, keyed, keyed.similar_by_word(word, topn=None), keyed.similar_by_word(word, topn=50))


def test_neighbors_of_vector(pair):
    """neighbors-of-vector is similar_by_vector, for a vector of any length."""
    keyed, engine, words = pair
    for word, scale in zip(words, (1e-3, 1, 1e3), strict=False):
        vector = keyed[word] * np.float32(scale) + np.float32(0.1)
        found = engine.answer(questions.NeighborsOfVector(vector=tuple(vector.tolist()), topn=20)).neighbors
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        check_ranking(found, keyed, keyed.similar_by_vector(unit, topn=None), keyed.similar_by_vector(unit, topn=20))


@pytest.mark.parametrize("weighted", [False, True])
def test_most_similar(pair, weighted):
    """most-similar is most_similar with positive and negative words, whose weights gensim takes with their sign."""
    keyed, engine, words = pair
    plus, minus = ((0.5, 2.0), (0.25,)) if weighted else ((), ())
    for a, b, c in triples(words):
        asked = questions.MostSimilar(
            positive=(b, c), negative=(a,), positive_weights=plus, negative_weights=minus, topn=50
        )
        sides = {"positive": [(b, 0.5), (c, 2.0)], "negative": [(a, -0.25)]}
        sides = sides if weighted else {"positive": [b, c], "negative": [a]}
        found = engine.answer(asked).neighbors
        check_ranking(found, keyed, keyed.most_similar(**sides, topn=None), keyed.most_similar(**sides, topn=50))


@pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`:DeprecationWarning")  # most_similar_cosmul's own
@pytest.mark.parametrize(("method", "name"), [("3cosadd", "most_similar"), ("3cosmul", "most_similar_cosmul")])
def test_analogies(pair, method, name):
    """3CosAdd is most_similar(positive=[b, c], negative=[a]), 3CosMul is most_similar_cosmul with the same."""
    keyed, engine, words = pair
    ask = getattr(keyed, name)
    for a, b, c in triples(words):
        found = engine.answer(questions.Analogy(a=a, b=b, c=c, method=method, topn=50)).neighbors
        sides = {"positive": [b, c], "negative": [a]}
        check_ranking(found, keyed, ask(**sides, topn=None), ask(**sides, topn=50))


def test_doesnt_match(pair):
    """doesnt-match is doesnt_match, and its scores are those of rank_by_centrality, the other way round."""
    keyed, engine, words = pair
    for start in range(len(words) - 6):
        some = words[start : start + 6]
        answer = engine.answer(questions.DoesntMatch(words=some))
        ranked = keyed.rank_by_centrality(list(some))[::-1]
        assert answer.word == keyed.doesnt_match(list(some))
        assert [each.score for each in answer.scores] == pytest.approx([float(score) for score, _ in ranked], **CLOSE)
        assert [each.word for each in answer.scores] == [word for _, word in ranked]


def test_set_similarity(pair):
    """set-similarity is n_similarity: the means are of vectors as they were trained, long ones count more."""
    keyed, engine, words = pair
    for start in range(len(words) - 9):
        a, b = words[start : start + 4], words[start + 4 : start + 9]
        expected = float(keyed.n_similarity(list(a), list(b)))
        assert engine.answer(questions.SetSimilarity(a=a, b=b)).score == pytest.approx(expected, **CLOSE)


def test_rank_and_closer_than(pair):
    """rank is rank, and closer-than finds the words of closer_than, but for those that float32 cannot tell from b."""
    keyed, engine, words = pair
    for a, b, _ in triples(words):
        expected, distances = keyed.closer_than(a, b), keyed.distances(a)
        unsure = np.flatnonzero(abs(distances - distances[keyed.get_index(b)]) < 1e-6)  # b itself is one
        answer = engine.answer(questions.CloserThan(a=a, b=b, topn=1000))
        assert abs(answer.total - len(expected)) < len(unsure)
        assert len(answer.neighbors) == min(answer.total, 1000)
        strangers = {each.word for each in answer.neighbors} - set(expected)
        assert strangers <= {keyed.index_to_key[row] for row in unsure} - {b}
        assert answer.score == pytest.approx(float(keyed.similarity(a, b)), **CLOSE)
        rank = engine.answer(questions.Rank(a=a, b=b))
        assert (rank.rank, rank.of, rank.score) == (answer.total + 1, len(keyed) - 1, answer.score)
        assert abs(rank.rank - keyed.rank(a, b)) < len(unsure)


def test_distances(pair):
    """distances is distances to a list, in its order."""
    keyed, engine, words = pair
    answer = engine.answer(questions.Distances(word=words[0], others=words))
    assert [each.word for each in answer.distances] == list(words)
    expected = keyed.distances(words[0], list(words)).tolist()
    assert [each.distance for each in answer.distances] == pytest.approx(expected, **CLOSE)


def test_most_similar_to_given(pair):
    """most-similar-to-given chooses the word of most_similar_to_given."""
    keyed, engine, words = pair
    for start in range(len(words) - 8):
        word, *candidates = words[start : start + 8]
        answer = engine.answer(questions.MostSimilarToGiven(word=word, candidates=tuple(candidates)))
        assert answer.best == keyed.most_similar_to_given(word, candidates)


@pytest.mark.parametrize("topn", [1, 10])
def test_relative_cosine_similarity(pair, topn):
    """relative-cosine-similarity is relative_cosine_similarity."""
    keyed, engine, words = pair
    for a, b, _ in triples(words):
        answer = engine.answer(questions.RelativeCosineSimilarity(a=a, b=b, topn=topn))
        assert answer.score == pytest.approx(float(keyed.relative_cosine_similarity(a, b, topn)), **CLOSE)


def test_vector(pair):
    """Vector is get_vector, of the length that training gave it."""
    keyed, engine, words = pair
    for word in words:
        answer = engine.answer(questions.Vector(word=word))
        assert answer.vector == pytest.approx(keyed.get_vector(word).tolist(), **CLOSE)
        assert answer.rank == keyed.get_index(word) + 1


def test_contexts(lee_model):
    """Contexts have the order of predict_output_word, and odds in proportion to its probabilities."""
    from gensim.models import KeyedVectors, Word2Vec

    embeddings, contexts = lee_model.embeddings, np.array(lee_model.contexts)
    gensim = Word2Vec(vector_size=embeddings.dimensions, negative=5)
    gensim.wv, gensim.syn1neg = KeyedVectors(embeddings.dimensions), contexts
    gensim.wv.add_vectors(list(embeddings.words), embeddings.matrix)
    engine = Engine(UnitVectors.of(embeddings, lambda: contexts))
    for word in embeddings.words[5:200:9]:
        found = engine.answer(questions.Contexts(word=word, topn=20)).contexts
        expected = gensim.predict_output_word([word], topn=20)
        odds = np.array([each.score / (1 - each.score) for each in found])
        probabilities = np.array([probability for _, probability in expected], np.float64)
        assert odds / odds[0] == pytest.approx(probabilities / probabilities[0], rel=1e-5)
        everyone = dict(gensim.predict_output_word([word], topn=len(embeddings)))
        ours = np.array([everyone[each.word] for each in found], np.float64)
        assert ours == pytest.approx(probabilities, rel=1e-5)
