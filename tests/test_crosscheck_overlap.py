"""Shared neighbors, on which the quality level rests: what they are, and how they are judged."""

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.crosscheck.overlap import Neighborhood, SharedNeighbors, compare_neighbors, overlap
from pipeline.training.parameters import Parameters

SHARED = SharedNeighbors(candidates=1000, firth_with_gensim=0.3, gensim_with_itself=0.4, matched=0.3, crossed=0.2)


def related_neighborhoods(random, count):
    """Neighbors in so many models of 200 words that are alike but for some noise; contexts are unlike vectors."""
    common = random.normal(size=(2, 200, 8))
    return [Neighborhood.of(Parameters(*(common + 0.3 * random.normal(size=common.shape)))) for _ in range(count)]


@given(st.integers(1, 12), st.integers(1, 10), st.integers(0, 2**32 - 1))
def test_overlap_is_the_mean_share_of_common_neighbors(words, count, seed):
    """The overlap equals that of Python's sets, is symmetric, and is 1 of anything with itself."""
    random = np.random.default_rng(seed)
    one, other = (np.array([random.permutation(15)[:count] for _ in range(words)]) for _ in range(2))
    common = [len(set(a) & set(b)) / count for a, b in zip(one.tolist(), other.tolist(), strict=True)]
    assert overlap(one, other) == overlap(other, one) == pytest.approx(np.mean(common))
    assert overlap(one, one) == 1


def test_neighbors_are_the_ten_most_similar_words():
    """A word's neighbors are the words of highest cosine, itself left out, among the first thousand words only."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(1200, 5)).astype(np.float32)
    found = Neighborhood.of(Parameters(matrix, matrix)).vectors
    unit = matrix[:1000] / np.linalg.norm(matrix[:1000], axis=1, keepdims=True)
    for word in range(0, 1000, 50):
        by_similarity = np.argsort(-(unit @ unit[word]), kind="stable")
        assert set(found[word]) == set(by_similarity[by_similarity != word][:10])


def test_neighbors_do_not_depend_on_the_axes():
    """Turning all vectors of a model leaves every neighbor in place: only what vectors mean to each other counts."""
    random = np.random.default_rng(1)
    matrix = random.normal(size=(200, 8))
    rotation, _ = np.linalg.qr(random.normal(size=(8, 8)))
    straight, turned = (Neighborhood.of(Parameters(m, m)) for m in (matrix, matrix @ rotation))
    assert overlap(straight.vectors, turned.vectors) == 1


@pytest.mark.parametrize("words", [1, 2, 5])
def test_a_few_words_share_what_there_is(words):
    """In a model of at most eleven words all have all others for neighbors: nothing differs, and nothing is told."""
    small = [Neighborhood.of(Parameters(*np.random.default_rng(s).normal(size=(2, words, 3)))) for s in (1, 2)]
    assert compare_neighbors(small, small).verdict == "undecided"
    assert overlap(small[0].vectors, small[1].vectors) == 1


def test_neighbors_of_the_same_models_pass():
    """A trainer whose models have gensim's very neighbors passes, and gensim's own overlap is that of its seeds."""
    models = related_neighborhoods(np.random.default_rng(1), 3)
    shared = compare_neighbors(models, models)
    own = np.mean([overlap(models[i].vectors, models[j].vectors) for i, j in ((0, 1), (0, 2), (1, 2))])
    assert shared.verdict == "pass"
    assert shared.firth_with_gensim == shared.matched == 1
    assert shared.gensim_with_itself == pytest.approx(own)


def test_swapped_matrices_do_not_pass():
    """With word vectors and contexts swapped the crossed overlap is the larger one, whatever else is shared."""
    models = related_neighborhoods(np.random.default_rng(1), 2)
    swapped = [Neighborhood(model.contexts, model.vectors) for model in models]
    shared = compare_neighbors(swapped, models)
    assert shared.crossed == 1
    assert shared.verdict == "fail"


def test_a_tree_has_no_contexts():
    """With hierarchical softmax the second matrix holds no words: neither is it looked at, nor is anything crossed."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(200, 8))
    nodes = [Parameters(vectors, random.normal(size=(200, 8))) for _ in range(2)]
    models = [Neighborhood.of(parameters, "hs") for parameters in nodes]
    shared = compare_neighbors(models, models[::-1])
    assert (shared.matched, shared.crossed, shared.crossed_allowed) == (None, None, None)
    assert (shared.share, shared.verdict) == (1, "pass")
    assert json.loads(json.dumps(shared.as_dict(), allow_nan=False))["crossed"] is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, "pass"),
        ({"firth_with_gensim": 0.2}, "pass"),
        ({"firth_with_gensim": 0.199}, "fail"),
        ({"crossed": 0.32}, "pass"),
        ({"crossed": 0.34}, "fail"),
        ({"gensim_with_itself": 0.031}, "pass"),
        ({"gensim_with_itself": 0.029}, "undecided"),
        ({"candidates": 99}, "undecided"),
        ({"firth_with_gensim": 0.0, "gensim_with_itself": 0.01}, "undecided"),
    ],
)
def test_neighbors_are_judged_where_there_is_text_enough(change, expected):
    """Half of gensim's own overlap is needed and a tenth more when crossed allowed; near chance, nothing is judged.

    Ten neighbors among 999 words are shared by chance to 0.01, three times which is 0.03.
    """
    assert dataclasses.replace(SHARED, **change).verdict == expected
