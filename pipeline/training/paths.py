"""The paths of hierarchical softmax as arrays of a step: which of each lies in the tree's top, and what is below."""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import PATH_BLOCK, Ids, Paths

Int64s = NDArray[np.int64]

TOP = 64
"""P, how many nodes every input meets: more are wasted on most inputs, fewer leave longer lists."""

PATH_ENTRIES = 48
"""Q, entries of a block of targets: more waste products off the band, fewer make small ones."""


def top_of(tree: HuffmanTree) -> tuple[int, NDArray[np.int64]]:
    """The first node of the top, and for each word, (V,), how many nodes of its path lie in it: the first so many."""
    size = len(tree.lengths)
    first = max(size - 1 - TOP, 0)
    inside = np.concatenate([[0], np.cumsum(tree.points >= first)])
    return first, inside[tree.starts[1:]] - inside[tree.starts[:-1]]


def widest(tree: HuffmanTree) -> int:
    """Q: usually PATH_ENTRIES, more where a single path has more below the top."""
    _, upper = top_of(tree)
    return max(PATH_ENTRIES, int((tree.lengths - upper).max()))


class PathMaker:
    """Makes the `Paths` of steps from the words of their targets."""

    def __init__(self, tree: HuffmanTree) -> None:
        _, upper = top_of(tree)
        self._starts = tree.starts[:-1] + upper  # (V,) where each word's lower end begins
        self._lengths = tree.lengths - upper
        self._width = widest(tree)  # Q
        padding = len(tree.points)  # an entry after all others
        self._nodes = np.append(tree.points, np.int32(len(upper) - 1))
        self._signs = np.append(np.float32(1.0) - 2 * tree.codes.astype(np.float32), np.float32(0.0))
        self._padding = padding
        self._seen = np.zeros(len(upper), np.int64)  # (V,) scratch: zero between calls

    def paths(self, words: Ids) -> Paths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        steps, lanes, _ = words.shape
        lengths = self._lengths.take(words).reshape(steps * lanes, -1)  # (R, M)
        first, counts = packed(lengths, self._width)  # (R, B) both
        shape = (steps, lanes, first.shape[1], self._width)
        entries, places = self._entries(words.ravel(), lengths.ravel(), first, counts)
        nodes, signs = self._nodes.take(entries).reshape(shape), self._signs.take(entries).reshape(shape)
        used = np.count_nonzero(counts, axis=1).reshape(steps, lanes)
        occurrences = np.stack([self._occurrences(step) for step in nodes])
        return Paths(nodes, places.reshape(shape), signs, first.reshape(shape[:3]), used, occurrences)

    def _entries(self, words: Ids, lengths: Int64s, first: Int64s, counts: Int64s) -> tuple[Int64s, Ids]:
        """(R B Q) the tree's entry in each slot, and whose it is among the block's targets; then padding."""
        slots_in_all = first.size * self._width
        block = np.repeat(np.arange(first.size), counts.ravel())  # (R M,) of each target
        place = np.arange(len(words)) % (len(words) // len(first)) - first.ravel().take(block)
        in_block = np.bincount(block, lengths, first.size).astype(np.int64)
        order = np.arange(int(in_block.sum()))
        slots = order + np.repeat(np.arange(first.size) * self._width - (np.cumsum(in_block) - in_block), in_block)
        entries, places = np.full(slots_in_all, self._padding), np.zeros(slots_in_all, np.int32)
        entries[slots] = order + np.repeat(self._starts.take(words) - (np.cumsum(lengths) - lengths), lengths)
        places[slots] = np.repeat(place.astype(np.int32), lengths)
        return entries, places

    def _occurrences(self, nodes: Ids) -> Ids:
        places = nodes.ravel().astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, 1)
        found = self._seen.take(nodes).astype(np.int32)
        self._seen[places] = 0
        return found


def packed(lengths: Int64s, width: int) -> tuple[Int64s, Int64s]:
    """Rows of consecutive targets in blocks of at most PATH_BLOCK targets and `width` entries.

    Args:
        lengths: (R, M) entries of each target, none above `width`.
        width: of a block.

    Returns:
        The first target of each block, (R, B), and how many targets it holds, (R, B); a row's last blocks may be empty.
    """
    rows, size = lengths.shape
    ends = np.zeros((rows, size + 1), np.int64)
    np.cumsum(lengths, axis=1, out=ends[:, 1:])
    at, firsts, counts = np.zeros((rows, 1), np.int64), [], []
    ahead = np.arange(1, PATH_BLOCK + 1)
    while at.min() < size:
        reach = np.minimum(at + ahead, size)  # (R, T)
        room = np.take_along_axis(ends, at, axis=1) + width
        fits = (np.take_along_axis(ends, reach, axis=1) <= room) & (at + ahead <= size)
        count = np.count_nonzero(fits, axis=1, keepdims=True)  # ends only grow, so the first so many fit
        firsts.append(at)
        counts.append(count)
        at = at + count
    return np.concatenate(firsts, axis=1), np.concatenate(counts, axis=1)
