"""The Huffman tree: a code for each word, as short as can be, and gensim's."""

import math
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.huffman import HuffmanTree

COUNTS = st.lists(st.integers(1, 2**40), min_size=1, max_size=40)
TIES = st.lists(st.integers(1, 4), min_size=1, max_size=200)


def codes_of(tree, size):
    """Each word's code as text."""
    return ["".join(map(str, tree.path(word)[1])) for word in range(size)]


def gensim_s(counts):
    """gensim's words over so many counts: their counts in its order, and the path to each."""
    from gensim.models import Word2Vec

    model = Word2Vec(hs=1, negative=0, min_count=1, vector_size=1)
    model.build_vocab_from_freq({f"w{number}": count for number, count in enumerate(counts)})
    return paths_in(model)


def paths_in(model):
    words = model.wv.index_to_key
    found = {name: [model.wv.get_vecattr(word, name) for word in words] for name in ("count", "point", "code")}
    paths = [(list(map(int, p)), list(map(int, c))) for p, c in zip(found["point"], found["code"], strict=True)]
    return np.array(found["count"], np.int64), paths


def paths_of(tree, size):
    """The path to each word as lists."""
    return [tuple(part.tolist() for part in tree.path(word)) for word in range(size)]


def test_worked_example():
    """Five words, joined by hand, get these codes and these points.

    Counts a 5, b 3, c 3, d 2, e 1. Joined are e and d to 3 (node 0); now b, c and node 0 have 3 each. Two of them are
    joined to 6 (node 1), then the third and a to 8 (node 2), then both to 14 (node 3, the root). Which of the equal
    ones come first is left to the heap, and does not change the sum of count * length: 3 + 6 + 8 + 14 = 31.
    """
    counts = np.array([5, 3, 3, 2, 1])
    tree = HuffmanTree.of(counts)
    assert (counts * tree.lengths).sum() == 31
    assert tree.path(4)[0].tolist()[-1] == tree.path(3)[0].tolist()[-1] == 0
    assert (tree.path(4)[1][-1], tree.path(3)[1][-1]) == (0, 1)  # e is the rarer
    assert tree.path(0)[0].tolist() == [3, 2]
    assert {tree.path(word)[0][0] for word in range(5)} == {3}


@given(st.one_of(COUNTS, TIES))
def test_codes_say_which_word(counts):
    """No code begins another, and together they leave none out: the shares 2^-length of all words add up to 1."""
    tree = HuffmanTree.of(np.array(counts))
    codes = sorted(codes_of(tree, len(counts)))
    assert not any(longer.startswith(code) for code, longer in pairwise(codes))
    assert math.fsum(2.0**-length for length in tree.lengths.tolist()) == 1


@given(st.one_of(COUNTS, TIES))
def test_points_are_a_tree(counts):
    """Every path starts at the root V - 2 and goes down; a node and a code always lead to the same child."""
    size = len(counts)
    child = {}
    for word, (points, codes) in enumerate(paths_of(HuffmanTree.of(np.array(counts)), size)):
        assert points == sorted(set(points), reverse=True)
        assert points[:1] == [size - 2][: size - 1]
        for place, below in zip(zip(points, codes, strict=True), [*points[1:], ("word", word)], strict=False):
            assert child.setdefault(place, below) == below
    assert len(child) == 2 * (size - 1)
    assert {node for node, _ in child} == set(range(size - 1))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=7))
def test_the_mean_length_is_the_shortest(counts):
    """Over all binary trees none has a smaller sum of count * length: brute force, splitting the words in every way."""

    @cache
    def best(words):
        if len(words) == 1:
            return 0
        first, others = words[0], words[1:]
        splits = range(2 ** len(others) - 1)
        halves = ([[w for n, w in enumerate(others) if (s >> n & 1) == side] for side in (1, 0)] for s in splits)
        below = min(best((first, *left)) + best(tuple(right)) for left, right in halves)
        return sum(counts[word] for word in words) + below

    lengths = HuffmanTree.of(np.array(counts)).lengths
    assert (np.array(counts) * lengths).sum() == best(tuple(range(len(counts))))


@given(COUNTS)
def test_the_mean_length_is_near_the_entropy(counts):
    """It lies between the entropy of the counts, in bits, and one more: Shannon's bound."""
    shares = np.array(counts) / sum(counts)
    entropy = -(shares * np.log2(shares)).sum()
    mean = (shares * HuffmanTree.of(np.array(counts)).lengths).sum()
    assert entropy - 1e-9 <= mean <= entropy + 1


@given(COUNTS)
def test_frequent_words_have_short_codes(counts):
    """A word that stands more often never has the longer code."""
    lengths = HuffmanTree.of(np.array(counts)).lengths
    order = np.argsort(counts, kind="stable")
    for rarer, other in pairwise(order):
        assert counts[rarer] == counts[other] or lengths[other] <= lengths[rarer]


@pytest.mark.parametrize(
    ("counts", "expected"), [([7], [([], [])]), ([7, 3], [([0], [1]), ([0], [0])]), ([2, 2], [([0], [1]), ([0], [0])])]
)
def test_the_smallest_trees(counts, expected):
    """A lone word has an empty path; of two the rarer has code 0, of two equal ones the last, as in gensim."""
    tree = HuffmanTree.of(np.array(counts))
    assert paths_of(tree, len(counts)) == expected
    assert tree.starts.tolist() == [0, *np.cumsum(tree.lengths).tolist()]


def test_a_deep_tree():
    """Counts that double make a tree as deep as it has words, also beyond the 40 codes of Mikolov's program."""
    tree = HuffmanTree.of(2 ** np.arange(60, dtype=np.int64)[::-1])
    assert tree.lengths.tolist() == [*range(1, 60), 59]
    assert tree.path(59)[0].tolist() == list(range(58, -1, -1))


@given(st.one_of(TIES, COUNTS))
def test_codes_and_points_are_gensim_s(counts):
    """Over counts in gensim's order every node and code is gensim's, ties included, from one word on."""
    in_order, paths = gensim_s(counts)
    assert paths_of(HuffmanTree.of(in_order), len(counts)) == paths


@pytest.mark.parametrize(("size", "seed"), [(1, 1), (2, 1), (3, 1), (5000, 1), (5000, 2)])
def test_codes_and_points_of_a_vocabulary_are_gensim_s(size, seed):
    """The same for counts like those of a language: a few great ones, and thousands of ties among the small."""
    counts = np.random.default_rng(seed).zipf(1.6, size).clip(1, 10**7).tolist()
    in_order, paths = gensim_s(counts)
    assert paths_of(HuffmanTree.of(in_order), size) == paths


@pytest.mark.parametrize("min_count", [1, 5])
def test_codes_and_points_of_real_text_are_gensim_s(lee_text, min_count):
    """The same for the words of 300 news stories."""
    from gensim.models import Word2Vec

    model = Word2Vec(hs=1, negative=0, min_count=min_count, vector_size=1)
    model.build_vocab([line.split() for line in lee_text.read_text("utf-8").splitlines()])
    counts, paths = paths_in(model)
    assert len(counts) > 1000
    assert paths_of(HuffmanTree.of(counts), len(counts)) == paths


def test_counts_in_any_order_make_a_best_tree():
    """The words need not come by frequency: shuffled, the sum of count * length stays what it is."""
    counts = [round(1000 / rank) for rank in range(1, 200)]
    one, other = np.array(counts), np.random.default_rng(1).permutation(counts)
    assert (one * HuffmanTree.of(one).lengths).sum() == (other * HuffmanTree.of(other).lengths).sum()
