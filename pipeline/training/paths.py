"""The paths of hierarchical softmax as arrays of a step: which of each lies in the tree's top, and what is below."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import Ids, Paths

Int64s = NDArray[np.int64]

TOP = {"skipgram": 32, "cbow": 32}
"""P, how many nodes every input meets: more are wasted on most inputs, fewer leave longer ends."""

BLOCK = 6
"""T, the targets of a group where windows and not runs say who is whose: the most that are multiplied at once."""

STACKED = 128
"""About so many targets' ends are multiplied at once, each as long as the longest of them."""

ROOM = 1024
"""Lists are padded to a multiple of so many places, so that steps are of few shapes."""


def top_of(tree: HuffmanTree, architecture: str) -> tuple[int, NDArray[np.int64]]:
    """The first node of the top, and for each word, (V,), how many nodes of its path lie in it: the first so many."""
    size = len(tree.lengths)
    first = max(size - 1 - TOP[architecture], 0)
    inside = np.concatenate([[0], np.cumsum(tree.points >= first)])
    return first, inside[tree.starts[1:]] - inside[tree.starts[:-1]]


class _Ends(NamedTuple):
    """The lower ends of S steps' targets, each step's groups in the order of their lengths.

    Attributes:
        targets: (S, M) which of a step's M targets, the groups one after the other.
        starts: (S, M) where the end of each begins among the tree's entries.
        lengths: (S, M) how many entries it has.
        places: (S, M) where it begins among the step's places.
        total: places of the longest step.
    """

    targets: Int64s
    starts: Int64s
    lengths: Int64s
    places: Int64s
    total: int


class PathMaker:
    """Makes the `Paths` of steps from the words of their targets.

    Args:
        tree: over the vocabulary.
        architecture: "skipgram" or "cbow".
        window: C.
        run: tokens of a run (`StepShape`), 0 where windows are drawn.
    """

    def __init__(self, tree: HuffmanTree, architecture: str, window: int, run: int = 0) -> None:
        _, upper = top_of(tree, architecture)
        self._starts = tree.starts[:-1] + upper  # (V,) where each word's lower end begins
        self._lengths = tree.lengths - upper
        self._nodes, self._codes = tree.points, tree.codes
        self._size, self._reach = (1, 0) if architecture == "cbow" else (run, 1) if run else (BLOCK, window)
        self._seen = np.zeros(len(upper), np.int64)  # (V,) scratch: zero between calls

    def paths(self, words: Ids) -> Paths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        grouped = self._grouped(words)  # (S, L G, T)
        lengths = np.where(grouped < 0, 0, self._lengths.take(grouped, mode="clip"))
        sums = lengths.sum(axis=2)
        order = np.argsort(sums, axis=1, kind="stable")
        stack = max(STACKED // self._size, 1)
        longest = np.take_along_axis(sums, order, axis=1)[:, _last_of_stacks(sums.shape[1], stack)]  # (S, K)
        ends = self._sorted(grouped, lengths, order, np.repeat(longest, stack, axis=1)[:, : sums.shape[1]])
        nodes, rows = self._listed(ends)
        return Paths(
            grouped.reshape(*words.shape[:2], -1, self._size),
            order.astype(np.int32),
            longest,
            stack,
            nodes,
            rows,
            np.stack([self._occurrences(step) for step in nodes]),
            self._reach,
        )

    def _grouped(self, words: Ids) -> Ids:
        """(S, L G, T) the targets in groups; where a lane does not fill its last one, it ends with -1."""
        steps, lanes, count = words.shape
        filled = -(-count // self._size) * self._size
        padded = np.full((steps, lanes, filled), -1, np.int32)
        padded[..., :count] = words
        return padded.reshape(steps, -1, self._size)

    def _sorted(self, words: Ids, lengths: Int64s, order: Int64s, widths: Int64s) -> _Ends:
        """The ends with the groups in that order, (S, L G), each with so many places, (S, L G)."""
        steps, groups, size = words.shape
        targets = (order[..., None] * size + np.arange(size)).reshape(steps, -1)
        starts, sizes = (
            np.take_along_axis(values.reshape(steps, -1), targets, axis=1)
            for values in (self._starts.take(words, mode="clip"), lengths)
        )
        in_groups = sizes.reshape(steps, groups, size)
        within = np.cumsum(in_groups, axis=2) - in_groups
        until = np.cumsum(widths, axis=1)
        places = (until - widths)[..., None] + within
        return _Ends(targets, starts, sizes, places.reshape(steps, -1), int(until[:, -1].max()))

    def _listed(self, ends: _Ends) -> tuple[Ids, Ids]:
        """(S, E) both: the node of each place, and twice its target plus its code; what no end fills is padding."""
        steps, targets = ends.targets.shape
        total = ends.total + -ends.total % ROOM
        counts = ends.lengths.ravel()
        before = np.cumsum(counts) - counts  # entries of the ends before each
        numbers = np.arange(int(counts.sum()))
        entries = numbers + np.repeat(ends.starts.ravel() - before, counts)
        places = (ends.places + total * np.arange(steps)[:, None]).ravel()
        at = numbers + np.repeat(places - before, counts)
        nodes = np.full(steps * total, len(self._lengths) - 1, np.int32)
        nodes[at] = self._nodes.take(entries)
        rows = np.full(steps * total, 2 * targets, np.int32)
        rows[at] = np.repeat(2 * ends.targets.ravel(), counts) + self._codes.take(entries)
        return nodes.reshape(steps, total), rows.reshape(steps, total)

    def _occurrences(self, nodes: Ids) -> Ids:
        places = nodes.astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, 1)
        found = self._seen.take(places).astype(np.int32)
        self._seen[places] = 0
        return found


def _last_of_stacks(groups: int, stack: int) -> Int64s:
    """(K,) the last group of each stack."""
    last: Int64s = np.minimum(np.arange(stack, groups + stack, stack), groups) - 1
    return last
