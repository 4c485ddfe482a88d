"""Paths in skip-gram: the tree's top and the lower ends of a step's targets are together the tree's paths, no more."""

from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.models.huffman import HuffmanTree
from pipeline.training.drawn import of_step
from pipeline.training.fast.top import Top
from pipeline.training.paths import BLOCK, ORDER_EVERY, STACKED, TextPathMaker, top_of

FIBONACCI = [1, 1]
while len(FIBONACCI) < 75:
    FIBONACCI.append(sum(FIBONACCI[-2:]))
COUNTS = {
    "alone": [7],
    "few": [9, 5, 4, 1],
    "even": [10] * 300,
    "steep": [10**6 // (rank + 1) + 1 for rank in range(1000)],
    "deeper than all others": [2**54] * 100 + FIBONACCI[::-1],
}


@pytest.fixture(scope="module", params=COUNTS.values(), ids=COUNTS.keys())
def tree(request):
    """A Huffman tree."""
    return HuffmanTree.of(np.array(request.param))


def upper_part(top, word):
    """The branches (node, sign) that a word takes in the top."""
    both, left = np.split(top.passes[top.exits[word]], 2)
    return [(top.first + node, 1 if left[node] else -1) for node in np.flatnonzero(both)[::-1].tolist()]


def lower_parts(paths):
    """For each of a step's targets that has any the branches (node, sign) at the end of its path."""
    found, padding = defaultdict(list), 2 * paths.words.size
    for node, row in zip(paths.nodes.tolist(), paths.rows.tolist(), strict=True):
        if row != padding:
            found[row // 2].append((node, 1 - 2 * (row % 2)))
    return found


def path_of(tree, word):
    """The same for the whole path, from the tree itself."""
    points, codes = tree.path(word)
    return [(int(node), 1 - 2 * int(code)) for node, code in zip(points, codes, strict=True)]


def some_words(tree, seed, steps=2, lanes=3, targets=40):
    """Target words of a few steps, some often, some seldom."""
    return np.random.default_rng(seed).integers(0, len(tree.lengths), (steps, lanes, targets)).astype(np.int32)


def some_paths(tree, *, seed=0, run=0):
    """Of some steps' words."""
    words = some_words(tree, seed)
    paths = TextPathMaker(tree, 3, run).paths(words, np.random.default_rng(seed))
    return words, [of_step(paths, step) for step in range(len(words))]


RUNS = pytest.mark.parametrize("run", [0, 3], ids=["windows", "runs"])


@RUNS
@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_top_and_lower_end_are_the_path(tree, run, seed):
    """For every target the top's branches, then its lower end's, are its path from the root."""
    words, steps = some_paths(tree, seed=seed, run=run)
    top = Top.of(tree)
    for expected, paths in zip(words, steps, strict=True):
        lower = lower_parts(paths)
        lanes = paths.words.reshape(len(expected), -1)
        assert np.array_equal(lanes[:, : expected.shape[1]], expected)
        assert (lanes[:, expected.shape[1] :] == -1).all()
        for place, word in enumerate(paths.words.ravel().tolist()):
            assert upper_part(top, word) + lower[place] == path_of(tree, word) if word >= 0 else place not in lower


@RUNS
@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_each_group_has_its_places(tree, run, seed):
    """Groups come in the order of their ends' lengths, and each has as many places as the longest of its stack."""
    for paths in some_paths(tree, seed=seed, run=run)[1]:
        size = paths.words.shape[2]
        assert sorted(paths.order.tolist()) == list(range(paths.words.size // size))
        cuts, place, lengths = paths.cuts.tolist(), 0, []
        assert (cuts[0], cuts[-1]) == (0, len(paths.order))
        assert len(paths.widths) <= -(-len(paths.order) // max(STACKED // size, 1))
        for width, first, last in zip(paths.widths.tolist(), cuts[:-1], cuts[1:], strict=True):
            for group in paths.order[first:last].tolist():
                mine = paths.rows[place : place + width]
                targets = mine[mine < 2 * paths.words.size] // 2 // size
                assert set(targets.tolist()) <= {group}
                lengths.append(len(targets))
                place += width
            assert width == lengths[-1]
        assert lengths == sorted(lengths)
        assert (paths.rows[place:] == 2 * paths.words.size).all()


@RUNS
@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_occurrences_count_the_lower_ends_of_a_step(tree, run, seed):
    """Each entry is told how often its node stands among the lower ends of the step, all lanes together."""
    for paths in some_paths(tree, seed=seed, run=run)[1]:
        real = paths.rows < 2 * paths.words.size
        met = Counter(paths.nodes[real].tolist())
        assert paths.occurrences[real].tolist() == [met[node] for node in paths.nodes[real].tolist()]


def test_padding_is_no_node_of_a_path(tree):
    """Where a place is padding, its node is one that no path holds."""
    for paths in some_paths(tree)[1]:
        assert set(paths.nodes[paths.rows == 2 * paths.words.size].tolist()) <= {len(tree.lengths) - 1}
    assert not (tree.points == len(tree.lengths) - 1).any()


@pytest.mark.parametrize(("run", "size", "met"), [(0, BLOCK, BLOCK + 6), (3, 3, 6)])
def test_who_may_meet_whom(tree, run, size, met):
    """Windows reach beyond a group on both sides, three tokens are met beside a run."""
    for paths in some_paths(tree, run=run)[1]:
        assert (paths.words.shape[2], paths.met) == (size, met)


def test_the_top_holds_what_lies_above_it(tree):
    """Along every path the nodes of the top come first: whatever lies above one of them is one of them."""
    first, upper = top_of(tree)
    for word in range(len(tree.lengths)):
        points, _ = tree.path(word)
        assert (points >= first).tolist() == [place < upper[word] for place in range(len(points))]


@given(seed=st.integers(0, 1000))
def test_the_order_of_pairs_counts_in_one_of_so_many_steps(tree, seed):
    """There it counts as many times, so that it counts once on average, and so it goes on."""
    words = some_words(tree, 0, steps=3 * ORDER_EVERY)
    weights = TextPathMaker(tree, 3).paths(words, np.random.default_rng(seed)).order_weight
    assert sorted(weights[:ORDER_EVERY].tolist()) == [0] * (ORDER_EVERY - 1) + [ORDER_EVERY]
    assert weights.tolist() == np.tile(weights[:ORDER_EVERY], 3).tolist()


def test_each_step_may_be_the_first_that_counts_the_order(tree):
    """Which steps these are is a matter of chance: no part of a text is left out in all epochs."""
    words = some_words(tree, 0, steps=ORDER_EVERY)
    seeds = range(20 * ORDER_EVERY)
    made = (TextPathMaker(tree, 3).paths(words, np.random.default_rng(seed)).order_weight for seed in seeds)
    assert {int(weights.argmax()) for weights in made} == set(range(ORDER_EVERY))
