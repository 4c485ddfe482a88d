"""The paths of hierarchical softmax as arrays of a step: which of each lies in the tree's top, and what is below."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import PATH_BLOCK, Ids, Paths

Int64s = NDArray[np.int64]

TOP = {"skipgram": 64, "cbow": 32}
"""P, how many nodes every input meets: more are wasted on most inputs, fewer leave longer lists."""

WIDTH = {"skipgram": 32, "cbow": 1}
"""Q, entries of a block: more of them meet inputs that have nothing to do with them, fewer make small products. In CBOW
no two inputs meet the same target, and the blocks are a list of entries."""

ROOM = 64
"""Lists are padded to a multiple of so many entries, so that steps are of few shapes."""


def top_of(tree: HuffmanTree, architecture: str) -> tuple[int, NDArray[np.int64]]:
    """The first node of the top, and for each word, (V,), how many nodes of its path lie in it: the first so many."""
    size = len(tree.lengths)
    first = max(size - 1 - TOP[architecture], 0)
    inside = np.concatenate([[0], np.cumsum(tree.points >= first)])
    return first, inside[tree.starts[1:]] - inside[tree.starts[:-1]]


class PathMaker:
    """Makes the `Paths` of steps from the words of their targets.

    Args:
        tree: over the vocabulary.
        architecture: "skipgram" or "cbow".
    """

    def __init__(self, tree: HuffmanTree, architecture: str) -> None:
        _, upper = top_of(tree, architecture)
        self._starts = tree.starts[:-1] + upper  # (V,) where each word's lower end begins
        self._lengths = tree.lengths - upper
        self._width = WIDTH[architecture]
        self._nodes, self._signs = tree.points, np.float32(1.0) - 2 * tree.codes.astype(np.float32)
        self._seen = np.zeros(len(upper), np.int64)  # (V,) scratch: zero between calls

    def paths(self, words: Ids) -> Paths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        steps, lanes, _ = words.shape
        lengths = self._lengths.take(words).reshape(steps * lanes, -1)  # (R, M)
        entries, targets = self._listed(words, lengths)
        at = cuts(lengths, targets, self._width)  # (R, B + 1)
        sizes, first = np.diff(at, axis=1), targets.take(at[:, :-1], mode="clip")  # (R, B) both
        filled = np.arange(self._width) < sizes[:, :, None]  # (R, B, Q)

        def padded(values: NDArray[Any], none: int) -> NDArray[Any]:
            slots = np.full(filled.shape, none, values.dtype)
            slots[filled] = values
            return slots.reshape(steps, lanes, *filled.shape[1:])

        nodes = padded(self._nodes.take(entries), len(self._lengths) - 1)
        return Paths(
            nodes,
            padded((targets - np.repeat(first, sizes.ravel())).astype(np.int32), 0),
            padded(self._signs.take(entries), 0),
            first.astype(np.int32).reshape(steps, lanes, -1),
            np.count_nonzero(sizes, axis=1).reshape(steps, lanes),
            np.stack([self._occurrences(step) for step in nodes]),
        )

    def _listed(self, words: Ids, lengths: Int64s) -> tuple[Int64s, Int64s]:
        """The tree's entry and the target, by its place in its row, of every entry of all rows, (E,) both."""
        counts = lengths.ravel()
        before = np.cumsum(counts) - counts  # entries of the targets before each
        entries = np.arange(int(counts.sum())) + np.repeat(self._starts.take(words.ravel()) - before, counts)
        return entries, np.repeat(np.tile(np.arange(lengths.shape[1]), len(lengths)), counts)

    def _occurrences(self, nodes: Ids) -> Ids:
        places = nodes.ravel().astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, 1)
        found = self._seen.take(nodes).astype(np.int32)
        self._seen[places] = 0
        return found


def cuts(lengths: Int64s, targets: Int64s, width: int) -> Int64s:
    """Where rows of entries are cut into blocks of at most `width` entries of at most PATH_BLOCK targets.

    Args:
        lengths: (R, M) entries of each target.
        targets: (E,) the target of each entry of all rows, by its place in its row.
        width: Q.

    Returns:
        (R, B + 1) numbers of entries, from a row's first to the one after its last; a row's last blocks may be empty.
    """
    ends = np.cumsum(lengths).reshape(lengths.shape)
    first, last = ends[:, :1] - lengths[:, :1], ends[:, -1:]
    if width == 1:
        longest = int((last - first).max())
        every: Int64s = np.minimum(first + np.arange(longest + -longest % ROOM + 1), last)
        return every
    at = [first]
    while (at[-1] < last).any():
        target = targets.take(at[-1], mode="clip")  # another row's where this one is at its end
        reach = np.minimum(target + PATH_BLOCK, lengths.shape[1]) - 1
        until = np.minimum(at[-1] + width, np.take_along_axis(ends, reach, axis=1))
        at.append(np.where(at[-1] < last, until, last))
    at += [last] * (-(len(at) - 1) % (ROOM // width))
    begins: Int64s = np.concatenate(at, axis=1)
    return begins
