"""Paths in CBOW: targets in the order of the tree's leaves, in groups that list the nodes of all their paths once."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.huffman import HuffmanTree
from pipeline.training.drawn import of_step
from pipeline.training.leaves import ALL, BITS, GROUP, STACK, LeafPathMaker
from pipeline.training.path_lists import listed
from tests.test_paths import COUNTS, path_of, some_words

SEEDS = given(seed=st.integers(0, 1000))


@pytest.fixture(scope="module", params=COUNTS.values(), ids=COUNTS.keys())
def tree(request):
    """A Huffman tree."""
    return HuffmanTree.of(np.array(request.param))


def some_steps(tree, seed, targets=40):
    """Words of a few steps, some of them no word, and their paths."""
    words = some_words(tree, seed, targets=targets)
    words[:, -1, -3:] = -1  # beyond the text's end
    paths = LeafPathMaker(tree).paths(words)
    return [(expected.ravel(), of_step(paths, step)) for step, expected in enumerate(words)]


def groups_of(paths):
    """Of each group its inputs, the nodes at its places, and each input's minus sign there."""
    place = 0
    for inputs, width in zip(paths.inputs.tolist(), paths.places.tolist(), strict=True):
        here = slice(place, place := place + width)
        yield inputs, paths.nodes[here], paths.turned[here]


@SEEDS
@settings(max_examples=15)
def test_every_target_meets_its_path(tree, seed):
    """The nodes that a group lists for one of its targets, with their signs, are the target's path."""
    for words, paths in some_steps(tree, seed):
        met = {}
        for inputs, nodes, turned in groups_of(paths):
            for column, place in enumerate(inputs):
                here = np.flatnonzero(turned[:, column])
                met[place] = sorted(zip(nodes[here].tolist(), (-turned[here, column]).tolist(), strict=True))
        for place, word in enumerate(words.tolist()):
            assert met.pop(place) == (sorted(path_of(tree, word)) if word >= 0 else [])
        assert not any(met.values())


@SEEDS
@settings(max_examples=15)
def test_a_group_lists_a_node_once(tree, seed):
    """No node stands twice in a group, but for those of paths that are longer than what is compared."""
    compared = np.repeat(tree.lengths <= BITS, tree.lengths)
    deep = set(tree.points[~compared].tolist())
    for _, paths in some_steps(tree, seed):
        for _, nodes, turned in groups_of(paths):
            listed = Counter(nodes[turned.any(axis=1)].tolist())
            assert {node for node, count in listed.items() if count > 1} <= deep


@SEEDS
@settings(max_examples=15)
def test_neighbors_are_in_a_group(tree, seed):
    """Sorted by their leaves, J targets after J targets make the groups."""
    codes = ["".join(map(str, tree.path(word)[1][:BITS])) for word in range(len(tree.lengths))]
    for words, paths in some_steps(tree, seed):
        in_order = sorted((codes[word], word, place) for place, word in enumerate(words.tolist()) if word >= 0)
        wanted = [{place for *_, place in in_order[k : k + GROUP]} for k in range(0, len(in_order), GROUP)]
        padded = np.append(words, [-1] * GROUP)
        found = [{place for place in inputs if padded[place] >= 0} for inputs, *_ in groups_of(paths)]
        assert sorted(map(sorted, filter(None, found))) == sorted(map(sorted, wanted))


@SEEDS
@settings(max_examples=15)
def test_each_place_is_found_in_its_group(tree, seed):
    """Every place of the step is one of the groups' inputs, and `found` tells which."""
    for words, paths in some_steps(tree, seed):
        assert paths.inputs.ravel()[paths.found].tolist() == list(range(len(words)))
        assert sorted(paths.inputs.ravel().tolist()) == list(range(paths.inputs.size))


@SEEDS
@settings(max_examples=15)
def test_occurrences_count_the_groups_of_a_node(tree, seed):
    """Each place is told how often its node is listed in the step."""
    for _, paths in some_steps(tree, seed):
        real = paths.turned.any(axis=1)
        listed = Counter(paths.nodes[real].tolist())
        assert paths.occurrences[real].tolist() == [listed[node] for node in paths.nodes[real].tolist()]


@SEEDS
@settings(max_examples=15)
def test_groups_stand_in_the_order_of_their_sizes(tree, seed):
    """Groups of few nodes come first, and each has as many places as the largest of its stack needs."""
    for _, paths in some_steps(tree, seed):
        sizes = [int(turned.any(axis=1).sum()) for *_, turned in groups_of(paths)]
        assert sizes == sorted(sizes)
        assert [sizes[last - 1] for last in paths.cuts[1:]] == paths.widths.tolist()
        assert len(paths.widths) <= -(-len(sizes) // STACK)


def test_words_that_differ_too_deep_share_nothing():
    """Where the compared branches are the same but the words are not, each word's path is listed by itself."""
    tree = HuffmanTree.of(np.array(COUNTS["deeper than all others"]))
    deepest = np.argsort(tree.lengths)[-2:].astype(np.int32)  # the two rarest words
    assert tree.lengths[deepest].min() > BITS
    paths = of_step(LeafPathMaker(tree).paths(deepest[None, None]), 0)
    ((_, nodes, turned),) = groups_of(paths)
    assert len(nodes[turned.any(axis=1)]) == tree.lengths[deepest].sum()


def test_padding_is_no_node_of_a_path(tree):
    """What nobody meets is listed as a node that no path holds."""
    for _, paths in some_steps(tree, 0):
        assert set(paths.nodes[~paths.turned.any(axis=1)].tolist()) <= {len(tree.lengths) - 1}


def test_a_tree_too_deep_for_its_numbers_is_refused():
    """Over counts of zero a tree can be as deep as it has words."""
    tree = HuffmanTree.of(np.array([5] * 20 + [0] * 1000))
    assert tree.lengths.max() >= ALL
    with pytest.raises(ValueError, match="deep, where over positive counts 125 is the most"):
        LeafPathMaker(tree)


@given(groups=st.integers(1, 40), stack=st.integers(1, 20))
def test_stacks_hold_all_groups(groups, stack):
    """However many groups there are, each is in one of about as many stacks as were asked for."""
    ones = np.ones((1, groups, 1), np.int64)
    (cuts,) = listed(np.zeros_like(ones), ones, 1, stack).cuts.tolist()
    assert (cuts[0], cuts[-1]) == (0, groups)
    assert cuts == sorted(set(cuts))
    assert len(cuts) - 1 <= -(-groups // stack)
