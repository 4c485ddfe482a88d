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


class _Segments(NamedTuple):
    """A step's places in segments: each end of a target, what its group is longer than its ends, the step's own rest.

    Attributes:
        starts: (S, segments) where the end begins among the tree's entries; behind them all for padding.
        lengths: (S, segments) places.
        targets: (S, segments) which of a step's M targets; M for padding.
    """

    starts: Ids
    lengths: Ids
    targets: Ids


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
        self._entries = np.append(2 * tree.points + tree.codes, 2 * (len(upper) - 1)).astype(np.int32)  # padding last
        self._size, self._reach = (1, 0) if architecture == "cbow" else (run, 1) if run else (BLOCK, window)
        self._seen = np.zeros(len(upper), np.int32)  # (V,) scratch: zero between calls

    def paths(self, words: Ids) -> Paths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        grouped = self._grouped(words)  # (S, L G, T)
        lengths = np.where(grouped < 0, 0, self._lengths.take(grouped, mode="clip"))
        sums = lengths.sum(axis=2)
        order = np.argsort(sums, axis=1, kind="stable")
        stack = max(STACKED // self._size, 1)
        longest = np.take_along_axis(sums, order, axis=1)[:, _last_of_stacks(sums.shape[1], stack)]  # (S, K)
        widths = np.repeat(longest, stack, axis=1)[:, : sums.shape[1]]  # (S, L G)
        nodes, rows = self._listed(self._segments(grouped, lengths, order, widths))
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

    def _segments(self, words: Ids, lengths: Ids, order: Int64s, widths: Int64s) -> _Segments:
        """The places with the groups in that order, (S, L G), each with so many places, (S, L G)."""
        steps, groups, size = words.shape
        count, filled = groups * size, widths.sum(axis=1)
        total = int(filled.max())
        total += -total % ROOM
        shape, ends = (steps, groups, size + 1), (slice(None), slice(None), slice(size))
        starts, sizes, targets = (np.full((steps, groups * (size + 1) + 1), fill, np.int32) for fill in (
            len(self._entries) - 1, 0, count))
        for whole, values in ((starts, self._starts.take(words, mode="clip")), (sizes, lengths)):
            whole[:, :-1].reshape(shape)[ends] = np.take_along_axis(values, order[..., None], axis=1)
        targets[:, :-1].reshape(shape)[ends] = order[..., None] * size + np.arange(size)
        sizes[:, :-1].reshape(shape)[..., size] = widths - np.take_along_axis(lengths.sum(axis=2), order, axis=1)
        sizes[:, -1] = total - filled
        return _Segments(starts, sizes, targets)

    def _listed(self, segments: _Segments) -> tuple[Ids, Ids]:
        """(S, E) both: the node of each place, and twice its target plus its code; what no end fills is padding."""
        steps, lengths = len(segments.lengths), segments.lengths.ravel()
        ends = np.cumsum(lengths, dtype=np.int32)
        entries = np.arange(ends[-1], dtype=np.int32)
        entries += np.repeat(segments.starts.ravel() - (ends - lengths), lengths)
        found = self._entries.take(entries, mode="clip")
        rows = np.repeat(2 * segments.targets.ravel(), lengths)
        rows += found & 1
        return (found >> 1).reshape(steps, -1), rows.reshape(steps, -1)

    def _occurrences(self, nodes: Ids) -> Ids:
        places = nodes.astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, np.int32(1))
        found: Ids = self._seen.take(places)
        self._seen[places] = 0
        return found


def _last_of_stacks(groups: int, stack: int) -> Int64s:
    """(K,) the last group of each stack."""
    last: Int64s = np.minimum(np.arange(stack, groups + stack, stack), groups) - 1
    return last
