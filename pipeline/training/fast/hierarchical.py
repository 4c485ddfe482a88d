"""The output side of hierarchical softmax, fast (`models.hierarchical_softmax`): the tree's top, then paths' ends.

The last P nodes of the Huffman tree, those of the largest counts, hold the upper end of nearly every path, and whatever
lies above one of them is one of them. So for the top every input meets all P nodes, two matrix products, where

    both = how many of the input's targets pass node m,   left = how many of them take the branch of code 0
    residual = left - both sigma(s),   loss = both log(1 + exp(s)) - left s

`Top` keeps for each word which way it passes each top node: few different rows, since words that leave the top at the
same place share one. The lower ends (`batch.Paths`) are met by the few inputs around their target only: a block of T
targets has Q entries, which meet the J = T + 2c inputs around them in one product, of which the band counts. Here the
sign s_m of the branch is folded into that band: y = - sign score, residual = sign sigma(y), loss = log(1 + exp(y)).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.training.batch import BLOCK, PATH_BLOCK, Batch, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, band, floats, lane_totals, loss_and_sigmoid, overlapping
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters
from pipeline.training.paths import top_of

LOG2 = float(np.log(np.float32(2.0)))


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


class HierarchicalOutput:
    """The arrays of a step; those of the ends are one lane's and written again for each, to stay in the cache."""

    def __init__(self, batch: Batch, dimensions: int, top: Top) -> None:
        (L, N, W), D = batch.targets.present.shape, dimensions
        P, M, B, J = top.passes.shape[1] // 2, N + W - 1, N // BLOCK, BLOCK + W - 1
        self.top = top
        self.present_LBTJ = np.zeros((L, B, BLOCK, J), np.float32)  # off the band nothing is ever written
        self._present_band = band(self.present_LBTJ, W)
        self.passes_LMP, self.passes_LNP = floats(L, M, 2 * P), floats(L, N, 2 * P)
        self._passes_LBJP = overlapping(self.passes_LMP, B, BLOCK, J)
        self._passes_LBTP = self.passes_LNP.reshape(L, B, BLOCK, 2 * P)
        self.scores_LNP, self.losses_LNP, self.taken_LNP = (floats(L, N, P) for _ in range(3))
        self.d_h_LND, self.d_top_LPD = floats(L, N, D), floats(L, P, D)
        self.top_nodes_LP = np.tile(np.arange(top.first, top.first + P, dtype=np.int32), (L, 1))
        self.top_occurrences_LP = np.zeros((L, P), np.int32)
        self.d_ends_LBQD = floats(*_paths(batch).nodes.shape, D)
        self._ends = Ends(batch, dimensions)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s) -> Float64s:
        """Score every input with the nodes of its targets' paths; returns each lane's loss, (L,)."""
        self.h_LND, self.top_PD = h_LND, parameters.contexts[self.top.first : len(parameters.contexts) - 1]
        losses = self._top(batch)
        np.matmul(self.scores_LNP, self.top_PD, out=self.d_h_LND)
        for lane in range(len(h_LND)):
            arrays = Lane(lane, h_LND[lane], self.d_h_LND[lane], self.d_ends_LBQD[lane])
            losses[lane] += self._ends.score(parameters, batch, arrays)
        return losses

    def _top(self, batch: Batch) -> Float64s:
        self._present_band[...] = batch.targets.present.reshape(self._present_band.shape)
        exits = self.top.exits.take(batch.targets.words)
        self.top.passes.take(exits, axis=0, out=self.passes_LMP, mode="clip")
        np.matmul(self.present_LBTJ, self._passes_LBJP, out=self._passes_LBTP)
        scores = np.matmul(self.h_LND, self.top_PD.T, out=self.scores_LNP)
        both, left = self.passes_LNP[..., : scores.shape[2]], self.passes_LNP[..., scores.shape[2] :]
        np.multiply(left, scores, out=self.taken_LNP)
        loss_and_sigmoid(scores, self.losses_LNP)
        self.losses_LNP *= both
        self.losses_LNP -= self.taken_LNP
        scores *= both
        np.subtract(left, scores, out=scores)
        losses = lane_totals(self.losses_LNP)
        if not np.isfinite(losses).all():  # it may be for a node only that no target passes: infinity times 0
            self.losses_LNP[both == 0] = 0.0
            losses = lane_totals(self.losses_LNP)
        return losses

    def backward(self, batch: Batch) -> tuple[Float32s, list[Pull]]:
        """(L, N, D) the negative gradient of the inputs, and what pulls the nodes."""
        paths = _paths(batch)
        np.matmul(self.scores_LNP.transpose(0, 2, 1), self.h_LND, out=self.d_top_LPD)
        self.top_occurrences_LP.fill(batch.all_lanes)
        return self.d_h_LND, [
            Pull("contexts", self.top_nodes_LP, self.top_occurrences_LP, self.d_top_LPD, self._curvatures()),
            Pull("contexts", paths.nodes, paths.occurrences, self.d_ends_LBQD),
        ]

    def _curvatures(self) -> Float32s:
        """(L, P) the sum of h . h / 4 over the pairs that met each top node: sigma' is at most 1/4."""
        squares = np.einsum("lnd,lnd->ln", self.h_LND, self.h_LND)
        squares *= 0.25
        both = self.passes_LNP[..., : self.scores_LNP.shape[2]]
        curvatures: Float32s = np.matmul(squares[:, None], both)[:, 0]
        return curvatures


class Lane(NamedTuple):
    """Which lane, its inputs, and where its gradients go."""

    number: int
    h_ND: Float32s
    d_h_ND: Float32s
    d_ends_BQD: Float32s


class Ends:
    """The lower ends of a lane's paths: B blocks of up to T targets with Q entries, which meet J = T + 2c inputs."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (_, N, W), (_, B, Q), D = batch.targets.present.shape, _paths(batch).nodes.shape, dimensions
        T, M, self.margin = PATH_BLOCK, N + W - 1, W - 1
        J = T + W - 1
        self.padded_HD = np.zeros((M + J, D), np.float32)  # the inputs, 2c rows of zeros before them, some after
        self.present_HW = np.zeros((M + J, W), np.float32)
        self.inputs_BJD, self.d_inputs_BJD, self.d_padded_HD = floats(B, J, D), floats(B, J, D), floats(M + J, D)
        self.near_BJT = np.zeros((B, J, T), np.float32)  # off the band nothing is ever written
        over, down, along = self.near_BJT.strides
        self._near_band = as_strided(self.near_BJT, (B, T, W), (over, down + along, down))
        # target m meets the input i places further in `padded_HD`, i = 0 ... 2c, at that input's place o = 2c - i
        down, along = self.present_HW.strides
        self._turned = as_strided(self.present_HW[:, W - 1 :], (M + T, W), (down, down - along))
        self.places_BTQ, self.signs_BJQ = floats(B, T, Q), floats(B, J, Q)
        self._corners_BQ = (np.arange(B) * (T * Q))[:, None] + np.arange(Q)  # of `places_BTQ`
        self._ones_BJ, self._along_J, self._along_T = np.ones((B, J), np.float32), np.arange(J), np.arange(T)
        self.rows_BQD, self.scores_BJQ, self.losses_BJQ = floats(B, Q, D), floats(B, J, Q), floats(B, J, Q)

    def score(self, parameters: Parameters, batch: Batch, arrays: Lane) -> float:
        """Score a lane's inputs with its targets' ends, add to `d_h_ND`, write `d_ends_BQD`; returns the loss."""
        lane, h_ND, d_h_ND, d_ends_BQD = arrays
        paths, inside = _paths(batch), slice(self.margin, self.margin + len(h_ND))
        used = int(paths.used[lane])
        first, rows, here = paths.first[lane, :used, None], self.rows_BQD[:used], self.inputs_BJD[:used]
        self.padded_HD[inside] = h_ND
        self.present_HW[inside] = batch.targets.present[lane]
        inputs = (first + self._along_J).astype(np.int32)  # (B, J) rows of `padded_HD`
        self.padded_HD.take(inputs, axis=0, out=here, mode="clip")
        parameters.contexts.take(paths.nodes[lane, :used], axis=0, out=rows, mode="clip")
        self._near_band[:used] = self._turned.take(first + self._along_T, axis=0)
        signs = np.matmul(self.near_BJT[:used], self._places(paths, lane, used), out=self.signs_BJQ[:used])
        scores = np.matmul(here, rows.transpose(0, 2, 1), out=self.scores_BJQ[:used])
        loss = self._residuals(scores, signs)
        d_here = np.matmul(scores, rows, out=self.d_inputs_BJD[:used])
        np.matmul(scores.transpose(0, 2, 1), here, out=d_ends_BQD[:used])
        d_ends_BQD[used:] = 0.0
        self.d_padded_HD.fill(0.0)
        add_rows(self.d_padded_HD, inputs, self._ones_BJ[:used], d_here)
        d_h_ND += self.d_padded_HD[inside]
        return loss

    def _places(self, paths: Paths, lane: int, used: int) -> Float32s:
        """(B, T, Q) the sign of each entry, in the row of the target it belongs to."""
        places, width = self.places_BTQ[:used], self.places_BTQ.shape[2]
        places.fill(0.0)
        places.reshape(-1)[self._corners_BQ[:used] + width * paths.places[lane, :used]] = paths.signs[lane, :used]
        return places

    def _residuals(self, scores: Float32s, signs: Float32s) -> float:
        """Turn the scores of a lane into residuals; returns the loss."""
        losses = self.losses_BJQ[: len(scores)]
        scores *= signs
        np.negative(scores, out=scores)
        loss_and_sigmoid(scores, losses)
        scores *= signs
        flat = signs.reshape(-1)
        idle = len(flat) - float(flat @ flat)  # entries that are no pair have sign 0 and lost log 2 each
        return float(lane_totals(losses.reshape(1, -1, losses.shape[2]))[0]) - idle * LOG2


def _paths(batch: Batch) -> Paths:
    if not isinstance(batch.drawn, Paths):
        raise TypeError("hierarchical softmax needs a batch with paths")
    return batch.drawn
