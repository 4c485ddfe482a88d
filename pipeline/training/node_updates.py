"""What the reference trainer does to the nodes of the Huffman tree on a target's path."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from pipeline.models.huffman import HuffmanTree
from pipeline.models.negative_sampling import Float64s
from pipeline.training.batch import MAX_NODE_MOVE, Batch
from pipeline.training.drawn import LeafPaths
from pipeline.training.paths import first_of_top
from pipeline.training.updates import Update

Place = tuple[int, int]
"""Lane, and place among its centers."""


class NodeUpdates(NamedTuple):
    """Of the nodes on the paths of a batch's targets.

    In CBOW an occurrence is a node of a group of targets, wherever in the tree it is. In skip-gram a node of the tree's
    top has one for each lane, another node one for each target.
    """

    tree: HuffmanTree
    batch: Batch

    def of(self, at: Place, target: int, h: Float64s, d_nodes: Float64s, weight: float) -> Iterator[Update]:
        """Of the path of a target, which stands at this place of its lane.

        Args:
            at: of the center.
            target: where it stands among the lane's targets.
            h: (D,) the input vector that met the nodes.
            d_nodes: (nodes, D) their gradients.
            weight: how much the pair counts.
        """
        points, _ = self.tree.path(int(self.batch.targets.words[at[0], target]))
        for node, gradient in zip(points.tolist(), d_nodes, strict=True):
            occurrence, count, bounds = self._occurrence(
                at, target, node, weight * float(h @ h) / 4
            )  # sigma' is at most 1/4
            yield Update("contexts", node, occurrence, count, gradient, *bounds)

    def _occurrence(
        self, at: Place, target: int, node: int, curvature: float
    ) -> tuple[tuple[object, ...], int, tuple[float, float, int]]:
        """Which, how many there are, and the bounds of `Update`."""
        paths = self.batch.drawn
        if isinstance(paths, LeafPaths):
            entry = _entries(paths)[int(np.ravel_multi_index(at, self.batch.centers.shape))][node]
            return ("leaves", entry), int(paths.occurrences[entry]), (curvature, MAX_NODE_MOVE, paths.inputs.shape[1])
        if node >= first_of_top(self.tree):
            return ("top", at[0]), len(self.batch.tokens), (curvature, MAX_NODE_MOVE, 0)
        return ("end", at[0], target), _times_met(self.tree, self.batch)[node], (0.0, MAX_NODE_MOVE, 0)


@lru_cache(maxsize=1)
def _entries(paths: LeafPaths) -> dict[int, dict[int, int]]:
    """For each place that has a target, where its path's nodes are listed."""
    found, ends = defaultdict[int, dict[int, int]](dict), [0, *np.cumsum(paths.places).tolist()]
    for inputs, (first, last) in zip(paths.inputs.tolist(), pairwise(ends), strict=True):
        for entry, target in zip(*np.nonzero(paths.turned[first:last]), strict=True):
            found[inputs[target]][int(paths.nodes[first + entry])] = int(first + entry)
    return found


@lru_cache(maxsize=1)
def _times_met(tree: HuffmanTree, batch: Batch) -> Counter[int]:
    """How often each node stands on the paths of the step's targets."""
    return Counter(node for word in batch.targets.words.flat for node in tree.path(word)[0].tolist())
