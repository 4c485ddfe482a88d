"""The paths of hierarchical softmax as arrays of a step: which of each lies in the tree's top, and what is below."""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import Ids, Paths

Int64s = NDArray[np.int64]

TOP = 16
"""P, how many nodes every input meets: more are wasted on most inputs, fewer leave longer ends."""

BLOCK = 6
"""T, the targets of a group where windows and not runs say who is whose: the most that are multiplied at once."""

STACKED = 64
"""About so many targets' ends are multiplied at once, in groups that are each given as many places as the longest."""

ROOM = 1024
"""Lists are padded to a multiple of so many places, so that steps are of few shapes."""


def top_of(tree: HuffmanTree) -> tuple[int, NDArray[np.int64]]:
    """The first node of the top, and for each word, (V,), how many nodes of its path lie in it: the first so many."""
    size = len(tree.lengths)
    first = max(size - 1 - TOP, 0)
    inside = np.concatenate([[0], np.cumsum(tree.points >= first)])
    return first, inside[tree.starts[1:]] - inside[tree.starts[:-1]]


class PathMaker:
    """Makes the `Paths` of steps from the words of their targets.

    Args:
        tree: over the vocabulary.
        architecture: "skipgram" or "cbow".
        window: C.
        run: tokens of a run (`StepShape`), 0 where windows are drawn.
    """

    def __init__(self, tree: HuffmanTree, architecture: str, window: int, run: int = 0) -> None:
        _, upper = top_of(tree)
        self._starts = tree.starts[:-1] + upper  # (V,) where each word's lower end begins
        self._lengths = tree.lengths - upper
        self._entries = np.append(2 * tree.points + tree.codes, 2 * (len(upper) - 1)).astype(np.int32)  # padding last
        self._size, self._reach = (1, 0) if architecture == "cbow" else (run, 1) if run else (BLOCK, window)
        self._seen = np.zeros(len(upper), np.int32)  # (V,) scratch: zero between calls

    def paths(self, words: Ids) -> Paths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        grouped = self._grouped(words)  # (S, L G, T)
        lengths = np.where(grouped < 0, 0, self._lengths.take(grouped, mode="clip"))
        sums = lengths.sum(axis=2)
        order = np.argsort(sums, axis=1, kind="stable")
        cuts, widths = self._stacks(np.take_along_axis(sums, order, axis=1))
        of_groups = np.stack([np.repeat(wide, np.diff(cut)) for wide, cut in zip(widths, cuts, strict=True)])
        nodes, rows = self._listed(*self._in_segments(grouped, lengths, order, of_groups))
        return Paths(
            grouped.reshape(*words.shape[:2], -1, self._size),
            order.astype(np.int32),
            cuts,
            widths,
            nodes,
            rows,
            np.stack([self._occurrences(step) for step in nodes]),
            self._reach,
        )

    def _stacks(self, lengths: Int64s) -> tuple[Int64s, Int64s]:
        """Where the stacks of each step's groups end, (S, K + 1), and their widths, (S, K), from (S, L G) lengths."""
        steps, groups = lengths.shape
        stack = max(STACKED // self._size, 1)
        ends = np.minimum(np.arange(0, groups + stack, stack), groups)
        return np.tile(ends, (steps, 1)), lengths[:, ends[1:] - 1]

    def _grouped(self, words: Ids) -> Ids:
        """(S, L G, T) the targets in groups; where a lane does not fill its last one, it ends with -1."""
        steps, lanes, count = words.shape
        filled = -(-count // self._size) * self._size
        padded = np.full((steps, lanes, filled), -1, np.int32)
        padded[..., :count] = words
        return padded.reshape(steps, -1, self._size)

    def _in_segments(self, words: Ids, lengths: Int64s, order: Int64s, of_groups: Int64s) -> tuple[Ids, Ids, Ids]:
        """Each step's places in segments: the T ends of each group, then what it has to spare, then what the step has.

        Args:
            words: (S, L G, T) the targets, in the order of the text.
            lengths: (S, L G, T) of their ends.
            order: (S, L G) of the groups.
            of_groups: (S, L G) places of each, in that order.

        Returns:
            (S, segments) each: where the end begins among the tree's entries, its length, and which of the step's
            M = L G T targets it is that of; for what is spare, behind all entries, and M.
        """
        starts, sizes = (
            np.take_along_axis(values, order[..., None], axis=1)
            for values in (self._starts.take(words, mode="clip"), lengths)
        )
        places, (count, size), behind = of_groups.sum(axis=1), words[0].shape, len(self._entries)
        total = -(-int(places.max()) // ROOM) * ROOM
        return (
            _segments(starts, behind, behind),
            _segments(sizes, of_groups - sizes.sum(axis=2), total - places),
            _segments(order[..., None] * size + np.arange(size), count * size, count * size),
        )

    def _listed(self, starts: Ids, lengths: Ids, targets: Ids) -> tuple[Ids, Ids]:
        """(S, E) both: the node of each place, and twice its target plus its code; what no end fills is padding."""
        steps, counts = len(lengths), lengths.ravel()
        until = np.cumsum(counts, dtype=np.int32)
        entries = np.arange(until[-1], dtype=np.int32)
        entries += np.repeat(starts.ravel() - (until - counts), counts)
        found = self._entries.take(entries, mode="clip")
        rows = np.repeat(2 * targets.ravel(), counts)
        rows += found & 1
        return (found >> 1).reshape(steps, -1), rows.reshape(steps, -1)

    def _occurrences(self, nodes: Ids) -> Ids:
        places = nodes.astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, np.int32(1))
        found: Ids = self._seen.take(places)
        self._seen[places] = 0
        return found


def _segments(ends: Int64s, of_group: Int64s | int, of_step: Int64s | int) -> Ids:
    """(S, L G (T + 1) + 1) from what belongs to the ends, (S, L G, T), to each group's padding and to the step's."""
    steps, groups, size = ends.shape
    whole = np.empty((steps, groups * (size + 1) + 1), np.int32)
    of_groups = whole[:, :-1].reshape(steps, groups, size + 1, copy=False)
    of_groups[..., :size], of_groups[..., size], whole[:, -1] = ends, of_group, of_step
    return whole
