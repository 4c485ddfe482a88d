"""The Huffman tree of hierarchical softmax: a short way to every frequent word.

Huffman, "A Method for the Construction of Minimum-Redundancy Codes" (1952): join the two rarest nodes, V - 1 times. A
word's path from the root then has about log2(total count / its count) inner nodes, and the mean length over all tokens
is the smallest that any tree has.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Int32s = NDArray[np.int32]


class _Node(int):
    """A count that knows its node; nodes of equal count are equal to the heap, which then decides as in gensim."""

    index: int


@dataclass(frozen=True, eq=False)
class HuffmanTree:
    """All paths, one after the other: that of word w is entries starts[w] to starts[w + 1].

    Attributes:
        starts: (V + 1,) where each word's path begins.
        points: (sum of lengths,) inner nodes from the root down, numbered by creation: the root is V - 2.
        codes: (sum of lengths,) at each of them 0 to go to the rarer child, 1 to the other.
    """

    starts: NDArray[np.int64]
    points: Int32s
    codes: NDArray[np.uint8]

    @classmethod
    def of(cls, counts: NDArray[np.int64]) -> "HuffmanTree":
        """The tree over V >= 1 words with these counts, (V,): code for code gensim's over words in the same order."""
        parents, bits = _join(counts.tolist())
        depths = _depths(parents)[: len(counts)]  # (V,)
        starts = np.concatenate([[0], np.cumsum(depths)])
        points, codes = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.uint8)
        words = nodes = np.flatnonzero(depths)
        for above in range(1, int(depths.max(initial=0)) + 1):  # climb, all words at once
            places = starts[words + 1] - above
            points[places], codes[places] = parents[nodes] - len(counts), bits[nodes]
            left = depths[words] > above
            words, nodes = words[left], parents[nodes][left]
        return cls(starts, points, codes)

    def path(self, word: int) -> tuple[Int32s, NDArray[np.uint8]]:
        """Inner nodes and codes from the root to a word."""
        part = slice(self.starts[word], self.starts[word + 1])
        return self.points[part], self.codes[part]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(V,) how many inner nodes lead to each word."""
        return np.diff(self.starts)


def _join(counts: list[int]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Each node's parent and its code there, (2V - 1,): the V words, then the inner nodes as they are made."""
    heap = [_Node(count) for count in counts]
    for index, node in enumerate(heap):
        node.index = index
    size = 2 * len(counts) - 1
    parents, bits = np.full(size, -1, np.int64), np.zeros(size, np.uint8)
    heapq.heapify(heap)
    for index in range(len(counts), size):
        rarer, other = heapq.heappop(heap), heapq.heappop(heap)
        joined = _Node(rarer + other)
        joined.index = index
        parents[rarer.index] = parents[other.index] = index
        bits[other.index] = 1
        heapq.heappush(heap, joined)
    return parents, bits


def _depths(parents: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many nodes lie above each; a parent is always made after its children."""
    depths = [0] * len(parents)
    above = parents.tolist()
    for node in range(len(parents) - 2, -1, -1):
        depths[node] = depths[above[node]] + 1
    return np.array(depths, np.int64)
