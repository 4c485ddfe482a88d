"""The top of the Huffman tree, fast: every input meets all of its P nodes, two matrix products and the gradients'.

`Top` keeps for each word which way it passes each top node: few different rows, since words that leave the top at the
same place share one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import MAX_NODE_MOVE, Batch
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import STEEPEST
from pipeline.training.fast.groups import Groups, text_paths
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters
from pipeline.training.paths import top_of


@dataclass(frozen=True, eq=False)
class Top:
    """How words pass the top of the tree.

    Attributes:
        first: the first of the top's nodes, which are `first` ... V - 2.
        exits: (V,) each word's row of `passes`.
        passes: (rows, 2P) for each node 1 where a path passes it, then 1 where it takes the branch of code 0.
    """

    first: int
    exits: NDArray[np.int32]
    passes: Float32s

    @classmethod
    def of(cls, tree: HuffmanTree) -> "Top":
        """The table of a tree."""
        first, upper = top_of(tree)
        size, words = len(tree.lengths), np.flatnonzero(upper)
        last = np.zeros(size, np.int64)  # the place where a word's path leaves the top, and by which branch
        ends = tree.starts[words] + upper[words] - 1
        last[words] = 2 * tree.points[ends] + tree.codes[ends]
        _, examples, exits = np.unique(last, return_index=True, return_inverse=True)
        count = max(size - 1 - first, 0)
        passes = np.zeros((len(examples), 2 * count), np.float32)
        for row, word in enumerate(examples):
            points, codes = (values[: upper[word]] for values in tree.path(int(word)))
            passes[row, points - first] = 1.0
            passes[row, count + points[codes == 0] - first] = 1.0
        return cls(first, exits.astype(np.int32), passes)

    @property
    def nodes(self) -> slice:
        """Their rows of `contexts`."""
        return slice(self.first, self.first + self.passes.shape[1] // 2)


class TopOutput:
    """The arrays of a step. An input has several targets, in the groups that it meets.

    both = what those count that pass node m,   left = what those count that take the branch of code 0
    residual = left - both sigma(s),   loss = both log(1 + exp(s)) - left s
    """

    def __init__(self, dimensions: int, top: Top, groups: Groups) -> None:
        (L, R, _), (G, T, J), P = groups.padded_LRD.shape, groups.near_GTJ.shape, top.passes.shape[1] // 2
        self._top, self._groups = top, groups
        self.scores_LRP, self.d_nodes_LPD = floats(L, R, P), floats(L, P, dimensions)
        self.nodes_LP = np.tile(np.arange(top.first, top.first + P, dtype=np.int32), (L, 1))
        self._lanes_LP = np.full((L, P), L, np.int32)
        self.own_GTP, self.passes_GJP, self.passes_LRP = floats(G, T, 2 * P), floats(G, J, 2 * P), floats(L, R, 2 * P)
        self._ones_GJ = np.ones((G, J), np.float32)
        self.both_LRP, self.left_LRP, self.terms_LRP = (floats(L, R, P) for _ in range(3))

    def forward(self, parameters: Parameters, batch: Batch, h_LRD: Float32s, d_h_LRD: Float32s) -> Float64s:
        """Score all inputs with all nodes, write the inputs' negative gradients; returns each lane's loss, (L,)."""
        nodes_PD, self.h_LRD = parameters.contexts[self._top.nodes], h_LRD
        np.matmul(h_LRD, nodes_PD.T, out=self.scores_LRP)
        losses = self._residuals(batch)
        np.matmul(self.scores_LRP, nodes_PD, out=d_h_LRD)
        return losses

    def backward(self) -> Pull:
        """What pulls the nodes."""
        np.matmul(self.scores_LRP.swapaxes(1, 2), self.h_LRD, out=self.d_nodes_LPD)
        squares = np.vecdot(self.h_LRD, self.h_LRD)
        squares *= STEEPEST
        curvatures = np.matmul(squares[:, None], self.both_LRP)[:, 0]  # (L, P) sums over the pairs that met each node
        return Pull("contexts", self.nodes_LP, self._lanes_LP, self.d_nodes_LPD, curvatures, most=MAX_NODE_MOVE)

    def _residuals(self, batch: Batch) -> Float64s:
        """Turn scores into residuals; returns each lane's loss, (L,)."""
        self._count(batch)
        scores, terms, both, left = self.scores_LRP, self.terms_LRP, self.both_LRP, self.left_LRP
        taken = np.vecdot(_flat(left), _flat(scores))
        odds = np.exp(scores, out=scores)
        if not np.isfinite(odds.max(initial=0.0)):
            odds[both == 0] = 0.0  # a node that no target passes may score what it likes
        np.add(odds, 1.0, out=terms)
        odds /= terms  # sigma(s)
        odds *= both
        np.subtract(left, odds, out=odds)
        losses: Float64s = np.vecdot(_flat(both), _flat(np.log(terms, out=terms))).astype(np.float64) - taken
        return losses

    def _count(self, batch: Batch) -> None:
        """Write `both` and `left`."""
        words, groups = text_paths(batch).words.reshape(-1), self._groups
        flat = self.own_GTP.reshape(len(words), -1)
        self._top.passes.take(self._top.exits.take(words, mode="clip"), axis=0, out=flat, mode="clip")
        np.matmul(groups.near_GTJ.swapaxes(1, 2), self.own_GTP, out=self.passes_GJP)
        self.passes_LRP.fill(0.0)
        (L, R, _), width = self.passes_LRP.shape, flat.shape[1]
        add_rows(self.passes_LRP.reshape(L * R, width), groups.rows_GJ, self._ones_GJ, self.passes_GJP)
        P = self.both_LRP.shape[2]
        self.both_LRP[...], self.left_LRP[...] = self.passes_LRP[..., :P], self.passes_LRP[..., P:]


def _flat(values_LRP: Float32s) -> Float32s:
    return values_LRP.reshape(len(values_LRP), -1)
