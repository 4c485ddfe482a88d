"""Paths: the tree's top and the lower ends of a step's targets are together the Huffman tree's paths, no more."""

from collections import Counter, defaultdict
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import PATH_BLOCK
from pipeline.training.fast.top import Top
from pipeline.training.paths import TOP, PathMaker, cuts, top_of

FIBONACCI = [1, 1]
while len(FIBONACCI) < 75:
    FIBONACCI.append(sum(FIBONACCI[-2:]))
COUNTS = {
    "alone": [7],
    "few": [9, 5, 4, 1],
    "even": [10] * 300,
    "steep": [10**6 // (rank + 1) + 1 for rank in range(1000)],
    "deeper than a block is wide": [2**54] * 100 + FIBONACCI[::-1],
}


@pytest.fixture(scope="module", params=COUNTS.values(), ids=COUNTS.keys())
def tree(request):
    """A Huffman tree."""
    return HuffmanTree.of(np.array(request.param))


@pytest.fixture(scope="module", params=TOP)
def model(request):
    """What predicts what; it decides how large the top is and how the rest is listed."""
    return request.param


def upper_part(top, word):
    """The branches (node, sign) that a word takes in the top."""
    both, left = np.split(top.passes[top.exits[word]], 2)
    return [(top.first + node, 1 if left[node] else -1) for node in np.flatnonzero(both)[::-1].tolist()]


def lower_parts(paths, step, lane):
    """For each of a lane's targets that has any the branches (node, sign) at the end of its path."""
    found = defaultdict(list)
    for block in range(paths.used[step, lane]):
        here = step, lane, block
        for node, place, sign in zip(paths.nodes[here], paths.places[here], paths.signs[here], strict=True):
            if sign:
                assert place < PATH_BLOCK
                found[int(paths.first[here] + place)].append((int(node), int(sign)))
    return found


def path_of(tree, word):
    """The same for the whole path, from the tree itself."""
    points, codes = tree.path(word)
    return [(int(node), 1 - 2 * int(code)) for node, code in zip(points, codes, strict=True)]


def some_words(tree, seed, steps=2, lanes=3, targets=40):
    """Target words of a few steps, some often, some seldom."""
    return np.random.default_rng(seed).integers(0, len(tree.lengths), (steps, lanes, targets)).astype(np.int32)


@given(seed=st.integers(0, 1000))
def test_top_and_lower_end_are_the_path(tree, model, seed):
    """For every target of every lane the top's branches, then its lower end's, are its path from the root."""
    words = some_words(tree, seed)
    paths, top = PathMaker(tree, model).paths(words), Top.of(tree, model)
    for step, lane in np.ndindex(words.shape[:2]):
        lower = lower_parts(paths, step, lane)
        for place, word in enumerate(words[step, lane].tolist()):
            assert upper_part(top, word) + lower[place] == path_of(tree, word)
        assert set(lower) <= set(range(words.shape[2]))


@given(seed=st.integers(0, 1000))
def test_occurrences_count_the_lower_ends_of_a_step(tree, model, seed):
    """Each entry is told how often its node stands among the lower ends of the step, all lanes together."""
    words = some_words(tree, seed)
    paths = PathMaker(tree, model).paths(words)
    for nodes, signs, occurrences in zip(paths.nodes, paths.signs, paths.occurrences, strict=True):
        met = Counter(nodes[signs != 0].tolist())
        assert occurrences[signs != 0].tolist() == [met[node] for node in nodes[signs != 0].tolist()]


def test_padding_is_no_node_of_a_path(tree, model):
    """Where an entry is padding, its sign is 0 and its node one that no path holds."""
    paths = PathMaker(tree, model).paths(some_words(tree, seed=0))
    assert set(paths.nodes[paths.signs == 0].tolist()) <= {len(tree.lengths) - 1}
    assert not (tree.points == len(tree.lengths) - 1).any()


def test_the_top_holds_what_lies_above_it(tree, model):
    """Along every path the nodes of the top come first: whatever lies above one of them is one of them."""
    first, upper = top_of(tree, model)
    for word in range(len(tree.lengths)):
        points, _ = tree.path(word)
        assert (points >= first).tolist() == [place < upper[word] for place in range(len(points))]


@given(st.lists(st.integers(0, 12), min_size=1, max_size=60), st.sampled_from([1, 8, 32]))
def test_blocks_hold_consecutive_entries_that_fit(lengths, width):
    """Every entry is in one block, in order, and no block has more entries, or more targets, than it may."""
    rows = np.array([lengths, lengths[::-1], [0] * len(lengths)])
    targets = np.concatenate([np.repeat(np.arange(len(lengths)), row) for row in rows])
    at, total = cuts(rows, targets, width), sum(lengths)
    assert at[:, 0].tolist() == [0, total, 2 * total]
    assert at[:, -1].tolist() == [total, 2 * total, 2 * total]
    for row in at:
        for begin, end in pairwise(row):
            assert 0 <= end - begin <= width
            assert end == begin or targets[end - 1] - targets[begin] < PATH_BLOCK
