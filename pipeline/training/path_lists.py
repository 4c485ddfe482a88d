"""Ends of paths listed for steps: those of a group one after the other, and groups of about equal length in stacks."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.training.drawn import Ids

Int64s = NDArray[np.int64]

ROOM = 256
"""Lists are padded to a multiple of so many places, so that steps are of few shapes."""


class Lists(NamedTuple):
    """Of S steps with G groups each; a step has E places.

    Attributes:
        order: (S, G) the groups, those of short ends first.
        cuts: (S, stacks + 1) where in this order each stack begins, and the last one ends.
        widths: (S, stacks) places of each group of a stack: as many as the longest of it needs.
        entries: (S, E) which of the tree's entries is at each place; anywhere behind them for padding.
        owners: (S, E) which of the step's ends it belongs to; behind them all for padding.
    """

    order: Ids
    cuts: Int64s
    widths: Int64s
    entries: Ids
    owners: Ids


def listed(starts: Int64s, lengths: Int64s, behind: int, stack: int) -> Lists:
    """List the ends of S steps in G groups of T.

    Args:
        starts: (S, G, T) where each end begins among the tree's entries.
        lengths: (S, G, T) how many it has.
        behind: how many entries the tree has.
        stack: groups of a stack on average.
    """
    (steps, groups, size), sums = lengths.shape, lengths.sum(axis=2)
    order = np.argsort(sums, axis=1, kind="stable")
    cuts = _cuts(groups, -(-groups // stack))
    widths = np.take_along_axis(sums, order[:, cuts[1:] - 1], axis=1)
    spare = np.repeat(widths, np.diff(cuts), axis=1) - np.take_along_axis(sums, order, axis=1)
    used = (widths * np.diff(cuts)).sum(axis=1)
    total = -(-int(used.max()) // ROOM) * ROOM
    starts, lengths = (np.take_along_axis(values, order[..., None], axis=1) for values in (starts, lengths))
    owners = order[..., None] * size + np.arange(size)
    counts = _segments(lengths, spare, total - used).ravel()
    until = np.cumsum(counts, dtype=np.int32)
    entries = np.arange(until[-1], dtype=np.int32)
    entries += np.repeat(_segments(starts, behind, behind).ravel() - (until - counts), counts)
    of_places = np.repeat(_segments(owners, groups * size, groups * size).ravel(), counts)
    return Lists(
        order.astype(np.int32),
        np.tile(cuts, (steps, 1)),
        widths,
        entries.reshape(steps, -1),
        of_places.reshape(steps, -1),
    )


def _cuts(groups: int, stacks: int) -> Int64s:
    """(stacks + 1,) of about so many stacks: the last are the smallest, since their groups' lengths differ the most."""
    shares = np.sin(np.pi / 2 * np.arange(stacks + 1) / stacks)
    cuts: Int64s = np.unique(np.rint(groups * shares).astype(np.int64))
    return cuts


def _segments(ends: Int64s, of_group: Int64s | int, of_step: Int64s | int) -> Ids:
    """(S, G (T + 1) + 1) what belongs to the ends, (S, G, T), then to each group's padding, and last to the step's."""
    steps, groups, size = ends.shape
    whole = np.empty((steps, groups * (size + 1) + 1), np.int32)
    of_groups = whole[:, :-1].reshape(steps, groups, size + 1, copy=False)
    of_groups[..., :size], of_groups[..., size], whole[:, -1] = ends, of_group, of_step
    return whole


class NodeCounter:
    """How often the nodes of a step stand in it, of V at most."""

    def __init__(self, size: int) -> None:
        self._seen = np.zeros(size, np.int32)  # (V,) scratch: zero between calls

    def occurrences(self, nodes: Ids) -> Ids:
        """(S, E) of each step's nodes, (S, E)."""
        return np.stack([self._of_step(step) for step in nodes])

    def _of_step(self, nodes: Ids) -> Ids:
        places = nodes.astype(np.intp)  # with indices and values of its own types `add.at` is 40 times faster
        np.add.at(self._seen, places, np.int32(1))
        found: Ids = self._seen.take(places)
        self._seen[places] = 0
        return found
