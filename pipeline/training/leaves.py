"""The paths of CBOW with hierarchical softmax as arrays of a step: targets sorted by where they stand in the tree.

Among the leaves of the tree from left to right, neighbors share most of their paths. So the targets of a step are put
in that order, and J of them, one after the other, make a group; the group lists each node of their paths once, with
the first of its targets that passes it. In English text at the defaults 3.5 nodes of a target's 12 are left.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.drawn import Ids, LeafPaths
from pipeline.training.path_lists import Int64s, NodeCounter, listed
from pipeline.training.paths import branches_of

Int8s = NDArray[np.int8]

GROUP = 8
"""J, the targets of a group: more share more, and waste more scores of nodes that are not theirs."""

STACK = 16
"""About so many groups are multiplied at once."""

BITS = 62
"""Of a path, so many branches are compared. No text is so long that its tree is deeper, but a tree may be."""

ALL, NOTHING = 126, -1
"""A word has ALL in common with itself; NOTHING with the group before it, with what is no word, and with a word that
is the same for BITS branches. As 8-bit numbers these allow for trees that are 125 deep; over counts that can be added
up, 91 is the deepest."""

EACH = np.int64(0x0101010101010101)
"""Times a byte: the byte for each of a group's eight."""


class LeafPathMaker:
    """Makes the paths of steps of CBOW from the words of their targets.

    The tables of words are in the order of their leaves, and end with what stands for no word.

    Args:
        tree: over the vocabulary.
    """

    def __init__(self, tree: HuffmanTree) -> None:
        deepest = int(tree.lengths.max(initial=0))
        if deepest >= ALL:
            raise ValueError(f"a Huffman tree {deepest} deep, where over positive counts {ALL - 1} is the most")
        size, prefixes = len(tree.lengths), np.zeros(len(tree.lengths), np.int64)
        self._branches, self._depths = branches_of(tree), np.zeros(len(tree.points) + 1, np.int8)
        for depth in range(deepest):
            words = np.flatnonzero(tree.lengths > depth)
            places = tree.starts[words] + depth
            self._depths[places] = depth
            if depth < BITS:
                prefixes[words] |= tree.codes[places].astype(np.int64) << (BITS - 1 - depth)
        order = np.argsort(prefixes, kind="stable")
        self._leaves = np.empty(size + 1, np.int64)  # by word, and last by -1
        self._leaves[np.append(order, size)] = np.arange(size + 1)
        self._prefixes = np.append(prefixes[order], 1 << BITS)  # the first BITS codes, the first one highest
        self._lengths, self._starts = (np.append(values[order], 0) for values in (tree.lengths, tree.starts[:-1]))
        self._counter = NodeCounter(size)

    def paths(self, words: Ids) -> LeafPaths:
        """The paths of the target words of S steps, (S, L, N), with S before the shape of every array."""
        leaves, inputs = self._sorted(words.reshape(len(words), -1))
        common, lengths = self._common(leaves), self._lengths.take(leaves)
        shared = np.minimum(common + 1, lengths)  # of nodes one more than of branches, if the words are not the same
        lists = listed(self._starts.take(leaves) + shared, lengths - shared, len(self._branches) - 1, STACK)
        branches = self._branches.take(lists.entries, mode="clip")
        nodes = branches >> 1
        inputs = np.take_along_axis(inputs, lists.order[..., None], axis=1)
        return LeafPaths(
            lists.cuts,
            lists.widths,
            nodes,
            self._counter.occurrences(nodes),
            inputs,
            _inverse(inputs.reshape(len(words), -1))[:, : words[0].size],
            self._turned(_met(common), lists.owners, lists.entries, branches),
        )

    def _sorted(self, words: Ids) -> tuple[Int64s, Ids]:
        """(S, G, J) both: leaves in their order, and the places of their words, (S, L N); the last may be none."""
        steps, count = words.shape
        bits = (count + GROUP).bit_length()
        filled = -(-count // GROUP) * GROUP
        keys = np.full((steps, filled), len(self._leaves) - 1)
        keys[:, :count] = self._leaves.take(words)
        keys <<= bits
        keys |= np.arange(filled)
        keys.sort(axis=1)  # of equal leaves by place: sorting whole keys is faster than sorting stably
        keys = keys.reshape(steps, -1, GROUP)
        return keys >> bits, (keys & ((1 << bits) - 1)).astype(np.int32)

    def _common(self, leaves: Int64s) -> Int8s:
        """(S, G, J) how many branches each leaf has in common with the one before it in its group."""
        flat = leaves.ravel()
        prefixes = self._prefixes.take(flat)
        apart = prefixes[1:] ^ prefixes[:-1]
        common = np.full(leaves.shape, NOTHING, np.int8)
        common.ravel()[1:] = BITS - _bit_lengths(apart)
        common.ravel()[1:][apart == 0] = NOTHING
        common.ravel()[1:][flat[1:] == flat[:-1]] = ALL
        common[..., 0] = NOTHING
        return common

    def _turned(self, met: Int8s, owners: Ids, entries: Ids, branches: Ids) -> Int8s:
        """(S, E, J) `LeafPaths.turned`, from (S E,) entries at places, eight bytes at a time."""
        steps = len(owners)
        none = np.full((steps, 1, GROUP), NOTHING, np.int8)
        table = np.concatenate([met, none], axis=1)
        rows = owners + np.arange(steps, dtype=np.int32)[:, None] * np.int32(table.shape[1])
        found = table.view(np.int64).ravel().take(rows)
        below = found.view(np.int8) - (self._depths.take(entries, mode="clip") * EACH).view(np.int8)
        turned = (below > 0).view(np.int8) - (below == 0).view(np.int8)
        turned *= np.array([-1, 1], np.int8).repeat(GROUP).view(np.int64).take(branches & 1).view(np.int8)
        whole: Int8s = turned.reshape(steps, -1, GROUP)
        return whole


def _bit_lengths(values: Int64s) -> Int64s:
    """Of values from 0 up: from the exponent of a float that cannot be rounded up to the next power of two."""
    highest = (values & ~(values >> 1)).astype(np.float64)
    found: Int64s = np.maximum((highest.view(np.int64) >> 52) - 1022, 0)
    return found


def _inverse(orders: Ids) -> Ids:
    """(S, M) where in each order, a permutation of 0 to M - 1, each number stands."""
    found = np.empty_like(orders)
    np.put_along_axis(found, orders, np.arange(orders.shape[1], dtype=np.int32)[None], axis=1)
    return found


def _met(common: Int8s) -> Int8s:
    """(S, G J, J) how many branches the i-th of a group has in common with the j-th: NOTHING with those before it."""
    steps, groups, size = common.shape
    before = np.ascontiguousarray(common.reshape(-1, size).T)  # (J, S G)
    found = np.full((size, size, before.shape[1]), NOTHING, np.int8)
    for i in range(size):
        found[i, i] = ALL
        for j in range(i + 1, size):
            np.minimum(found[i, j - 1], before[j], out=found[i, j])
    return np.ascontiguousarray(found.transpose(2, 0, 1)).reshape(steps, groups * size, size)
