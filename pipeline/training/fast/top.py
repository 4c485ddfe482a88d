"""The top of the Huffman tree, fast: every input meets all of its P nodes, two matrix products and the gradients'.

`Top` keeps for each word which way it passes each top node: few different rows, since words that leave the top at the
same place share one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import BLOCK, MAX_NODE_MOVE, Batch
from pipeline.training.fast.blocks import Float32s, Float64s, band, floats, lane_totals, overlapping
from pipeline.training.fast.decisions import decide
from pipeline.training.fast.pulls import Pull
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
    def of(cls, tree: HuffmanTree, architecture: str) -> "Top":
        """The table of a tree, for "skipgram" or "cbow"."""
        first, upper = top_of(tree, architecture)
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
    """What both kinds of top have in common."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        (L, N, _), P = batch.targets.present.shape, top.passes.shape[1] // 2
        self.top = top
        self.scores_LNP, self.d_nodes_LPD = floats(L, N, P), floats(L, P, dimensions)
        self.nodes_LP = np.tile(np.arange(top.first, top.first + P, dtype=np.int32), (L, 1))

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s, d_h_LND: Float32s) -> Float64s:
        """Score all inputs with all nodes, write the inputs' negative gradients; returns each lane's loss, (L,)."""
        nodes_PD, self.h_LND = parameters.contexts[self.top.nodes], h_LND
        np.matmul(h_LND, nodes_PD.T, out=self.scores_LNP)
        losses = self._residuals(batch)
        np.matmul(self.scores_LNP, nodes_PD, out=d_h_LND)
        return losses

    def backward(self, batch: Batch) -> Pull:
        """What pulls the nodes."""
        np.matmul(self.scores_LNP.swapaxes(1, 2), self.h_LND, out=self.d_nodes_LPD)
        squares = np.vecdot(self.h_LND, self.h_LND)
        squares *= 0.25  # sigma' is at most 1/4
        curvatures = np.matmul(squares[:, None], self._met())[:, 0]  # (L, P) sums over the pairs that met each node
        occurrences = np.full(self.nodes_LP.shape, len(batch.tokens), np.int32)
        return Pull("contexts", self.nodes_LP, occurrences, self.d_nodes_LPD, curvatures, most=MAX_NODE_MOVE)

    def _residuals(self, batch: Batch) -> Float64s:
        """Turn scores into residuals; returns each lane's loss, (L,)."""
        raise NotImplementedError

    def _met(self) -> Float32s:
        """(L, N, P) how many of each input's targets pass each node."""
        raise NotImplementedError


class SharedTop(TopOutput):
    """An input has several targets, among the J = T + 2c words around its block of T inputs.

    both = how many of them pass node m,   left = how many of them take the branch of code 0
    residual = left - both sigma(s),   loss = both log(1 + exp(s)) - left s
    """

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        super().__init__(batch, dimensions, top)
        (L, N, W), P = batch.targets.present.shape, self.scores_LNP.shape[2]
        B, J, M = N // BLOCK, BLOCK + W - 1, N + W - 1
        self.present_LBTJ = np.zeros((L, B, BLOCK, J), np.float32)  # off the band nothing is ever written
        self._present_band = band(self.present_LBTJ, W)
        self.passes_LMP, self.passes_LNP = floats(L, M, 2 * P), floats(L, N, 2 * P)
        self._passes_LBJP = overlapping(self.passes_LMP, B, BLOCK, J)
        self._passes_LBTP = self.passes_LNP.reshape(L, B, BLOCK, 2 * P)
        self.terms_LNP, self.taken_LNP = floats(L, N, P), floats(L, N, P)

    def _residuals(self, batch: Batch) -> Float64s:
        self._present_band[...] = batch.targets.present.reshape(self._present_band.shape)
        exits = self.top.exits.take(batch.targets.words)
        self.top.passes.take(exits, axis=0, out=self.passes_LMP, mode="clip")
        np.matmul(self.present_LBTJ, self._passes_LBJP, out=self._passes_LBTP)
        scores, terms = self.scores_LNP, self.terms_LNP
        both, left = self.passes_LNP[..., : scores.shape[2]], self.passes_LNP[..., scores.shape[2] :]
        taken = np.multiply(left, scores, out=self.taken_LNP)
        odds = np.exp(scores, out=scores)
        if not np.isfinite(odds.max(initial=0.0)):
            odds[both == 0] = 0.0  # a node that no target passes may score what it likes
        np.add(odds, 1.0, out=terms)
        odds /= terms  # sigma(s)
        odds *= both
        np.subtract(left, odds, out=odds)
        losses = np.log(terms, out=terms)
        losses *= both
        losses -= taken
        return lane_totals(losses)

    def _met(self) -> Float32s:
        return self.passes_LNP[..., : self.scores_LNP.shape[2]]


class OwnTop(TopOutput):
    """An input has one target, its own, which passes a node or does not."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        super().__init__(batch, dimensions, top)
        both, left = np.split(top.passes, 2, axis=1)
        self._turned = both - 2.0 * left  # (rows, P)
        self.turned_LNP = floats(*self.scores_LNP.shape)

    def _residuals(self, batch: Batch) -> Float64s:
        exits = self.top.exits.take(batch.targets.words)
        self._turned.take(exits, axis=0, out=self.turned_LNP, mode="clip")
        self.turned_LNP *= batch.targets.present
        return decide(self.scores_LNP, self.turned_LNP)

    def _met(self) -> Float32s:
        return np.abs(self.turned_LNP)
