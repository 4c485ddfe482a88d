"""The paths of skip-gram's targets as arrays of a step: how much of each lies in the Huffman tree's top, the rest."""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.drawn import Ids, TextPaths
from pipeline.training.path_lists import NodeCounter, listed
from pipeline.training.runs import BESIDE

TOP = 16
"""P, how many nodes every input meets: more are wasted on most inputs, fewer leave longer ends."""

BLOCK = 6
"""T, the targets of a group where windows and not runs say who is whose: the most that are multiplied at once."""

STACKED = 64
"""About so many targets' ends are multiplied at once, in groups that are each given as many places as the longest."""

ORDER_EVERY = 4
"""One of so many steps counts the order of the pairs (`order`), and as many times."""


def first_of_top(tree: HuffmanTree) -> int:
    """The first node of the top; the others are those behind it."""
    return max(len(tree.starts) - 2 - TOP, 0)


def top_of(tree: HuffmanTree) -> tuple[int, NDArray[np.int64]]:
    """The first node of the top, and for each word, (V,), how many nodes of its path lie in it: the first so many."""
    first = first_of_top(tree)
    inside = np.concatenate([[0], np.cumsum(tree.points >= first)])
    return first, inside[tree.starts[1:]] - inside[tree.starts[:-1]]


def branches_of(tree: HuffmanTree) -> Ids:
    """Each entry of the tree as twice its node plus its code; behind them padding, of a node that no path holds."""
    branches = np.empty(len(tree.points) + 1, np.int32)
    np.multiply(tree.points, 2, out=branches[:-1])
    branches[:-1] += tree.codes
    branches[-1] = 2 * (len(tree.lengths) - 1)
    return branches


class TextPathMaker:
    """Makes the paths of steps of skip-gram from the words of their targets.

    Args:
        tree: over the vocabulary.
        window: C.
        run: tokens of a run (`StepShape`), 0 where windows are drawn.
    """

    def __init__(self, tree: HuffmanTree, window: int, run: int = 0) -> None:
        _, upper = top_of(tree)
        self._starts = tree.starts[:-1] + upper  # (V,) where each word's lower end begins
        self._lengths = tree.lengths - upper
        self._branches = branches_of(tree)
        self._size, self._met = (run, run + BESIDE) if run else (BLOCK, BLOCK + 2 * window)
        self._counter = NodeCounter(len(upper))

    def paths(self, words: Ids, random: np.random.Generator) -> TextPaths:
        """The lower ends of the target words of S steps, (S, L, M), with S before the shape of every array."""
        grouped = self._grouped(words)  # (S, L G, T)
        lengths = np.where(grouped < 0, 0, self._lengths.take(grouped, mode="clip"))
        starts, stack = self._starts.take(grouped, mode="clip"), max(STACKED // self._size, 1)
        lists = listed(starts, lengths, len(self._branches) - 1, stack)
        nodes, rows = self._branches.take(lists.entries, mode="clip"), lists.owners
        rows *= 2
        rows += nodes & 1
        nodes >>= 1
        return TextPaths(
            lists.cuts,
            lists.widths,
            nodes,
            self._counter.occurrences(nodes),
            grouped.reshape(*words.shape[:2], -1, self._size),
            lists.order,
            rows,
            self._met,
            _order_weights(len(words), random),
        )

    def _grouped(self, words: Ids) -> Ids:
        """(S, L G, T) the targets in groups; where a lane does not fill its last one, it ends with -1."""
        steps, lanes, count = words.shape
        filled = -(-count // self._size) * self._size
        padded = np.full((steps, lanes, filled), -1, np.int32)
        padded[..., :count] = words
        return padded.reshape(steps, -1, self._size)


def _order_weights(steps: int, random: np.random.Generator) -> NDArray[np.float64]:
    """(S,) `TextPaths.order_weight`: ORDER_EVERY in one of so many steps, whichever comes first, else 0."""
    weights = np.zeros(steps)
    weights[random.integers(ORDER_EVERY) :: ORDER_EVERY] = ORDER_EVERY
    return weights
