"""The lower ends of the targets' paths, fast: in blocks where several inputs meet a target, else entry by entry."""

import numpy as np
from numpy.lib.stride_tricks import as_strided

from pipeline.training.batch import MAX_NODE_MOVE, PATH_BLOCK, Batch, Paths
from pipeline.training.fast.blocks import Float32s, Float64s, floats
from pipeline.training.fast.decisions import decide
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.parameters import Parameters


class EndsInBlocks:
    """B blocks of up to T targets with Q entries, which meet the J = T + 2c inputs around them in one product.

    Of the Q x J scores of a block those count whose input has the entry's target in its window. The rows of nodes and
    inputs are a lane's and written again for each, to stay in the cache.
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, W), (_, B, Q), D = batch.targets.present.shape, paths_of(batch).nodes.shape, dimensions
        T, M, J = PATH_BLOCK, N + W - 1, PATH_BLOCK + W - 1
        self.inside = slice(W - 1, W - 1 + N)  # the inputs, 2c rows of zeros before them, some after
        self.padded_HD, self.d_padded_HD = np.zeros((M + J, D), np.float32), floats(M + J, D)
        self.present_LMR = np.zeros((L, M + T, J + T - 1), np.float32)  # has row m - T + 1 + r the target m?
        over, down, along = self.present_LMR.strides
        # input n is row n + 2c of `padded_HD`, and its target at place o is target n + o
        self._present_band = as_strided(self.present_LMR[..., W + T - 2 :], (L, N, W), (over, down, down - along))
        self._windows_LMTJ = as_strided(self.present_LMR[..., T - 1 :], (L, M, T, J), (over, down, down - along, along))
        self._lanes_L1, self._along_J = np.arange(L)[:, None], np.arange(J, dtype=np.int32)
        one = np.eye(T, dtype=np.float32)
        self._branches_XT = np.concatenate([one, 0 * one, -one])  # - sign at the place of a target; sign -1, 0, 1
        self.branches_LBQT, self.turned_LBQJ = floats(L, B, Q, T), floats(L, B, Q, J)
        self.rows_BQD, self.scores_BQJ = floats(B, Q, D), floats(B, Q, J)
        self.inputs_BJD, self.d_inputs_BJD = floats(B, J, D), floats(B, J, D)
        self._ones_BJ = np.ones((B, J), np.float32)
        self.d_rows_LBQD = np.zeros((L, B, Q, D), np.float32)

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s, d_h_LND: Float32s) -> Float64s:
        """Score the inputs with the ends of their targets, add to the inputs' gradients; returns each lane's loss."""
        losses = np.zeros(len(h_LND))
        self._turn(batch)
        for lane in range(len(h_LND)):
            self.padded_HD[self.inside] = h_LND[lane]
            losses[lane] = self._lane(parameters, batch, lane)
            d_h_LND[lane] += self.d_padded_HD[self.inside]
        return losses

    def _turn(self, batch: Batch) -> None:
        """Write - sign for each entry and input of a block that are a pair, and 0 for the others."""
        paths = paths_of(batch)
        self._present_band[...] = batch.targets.present
        near_LBTJ = self._windows_LMTJ[self._lanes_L1, paths.first]
        kinds = (paths.signs + 1.0) * PATH_BLOCK + paths.places
        self._branches_XT.take(kinds.astype(np.intp), axis=0, out=self.branches_LBQT, mode="clip")
        np.matmul(self.branches_LBQT, near_LBTJ, out=self.turned_LBQJ)

    def _lane(self, parameters: Parameters, batch: Batch, lane: int) -> float:
        paths, used = paths_of(batch), int(paths_of(batch).used[lane])
        inputs = paths.first[lane, :used, None] + self._along_J  # (B, J) rows of `padded_HD`
        here = self.padded_HD.take(inputs, axis=0, out=self.inputs_BJD[:used], mode="clip")
        rows = parameters.contexts.take(paths.nodes[lane, :used], axis=0, out=self.rows_BQD[:used], mode="clip")
        scores = np.matmul(rows, here.swapaxes(1, 2), out=self.scores_BQJ[:used])
        (loss,) = decide(scores[None], self.turned_LBQJ[lane, None, :used])
        d_here = np.matmul(scores.swapaxes(1, 2), rows, out=self.d_inputs_BJD[:used])
        np.matmul(scores, here, out=self.d_rows_LBQD[lane, :used])
        self.d_rows_LBQD[lane, used:] = 0.0
        self.d_padded_HD.fill(0.0)
        add_rows(self.d_padded_HD, inputs, self._ones_BJ[:used], d_here)
        return float(loss)

    def backward(self, batch: Batch) -> Pull:
        """What pulls the nodes."""
        paths = paths_of(batch)
        return Pull("contexts", paths.nodes, paths.occurrences, self.d_rows_LBQD, most=MAX_NODE_MOVE)


class EndsOneByOne:
    """E entries of a lane, each met by the one input whose target it belongs to: row by row.

    A node's gradient is a residual times an input; it is never written out (`Pull`).
    """

    def __init__(self, batch: Batch, dimensions: int) -> None:
        (L, N, _), (_, E, _), D = batch.targets.present.shape, paths_of(batch).nodes.shape, dimensions
        self.rows_ED, self.inputs_ED = floats(E, D), floats(E, D)
        self.residuals_LE = floats(L, E)
        self.starts = np.full(L * N + 1, L * E, np.int32)  # where the entries of each input of all lanes begin

    def forward(self, parameters: Parameters, batch: Batch, h_LND: Float32s, d_h_LND: Float32s) -> Float64s:
        """Score the inputs with the ends of their targets, add to the inputs' gradients; returns each lane's loss."""
        self.h_LND = h_LND
        lanes = zip(h_LND, d_h_LND, strict=True)
        return np.array([self._lane(parameters, batch, lane, *arrays) for lane, arrays in enumerate(lanes)])

    def _lane(self, parameters: Parameters, batch: Batch, lane: int, h_ND: Float32s, d_h_ND: Float32s) -> float:
        paths, scores = paths_of(batch), self.residuals_LE[lane]
        used = slice(int(paths.used[lane]))
        targets, nodes = paths.first[lane, used], paths.nodes[lane, used, 0]
        inputs = h_ND.take(targets, axis=0, out=self.inputs_ED[used], mode="clip")
        rows = parameters.contexts.take(nodes, axis=0, out=self.rows_ED[used], mode="clip")
        np.vecdot(rows, inputs, out=scores[used])
        scores[used.stop :] = 0.0
        turned = np.negative(paths.signs[lane, :, 0])
        turned[used] *= batch.targets.present[lane, :, 0].take(targets)
        (loss,) = decide(scores[None], turned[None])
        add_rows(d_h_ND, targets, scores[used], rows)
        counts, begin = np.bincount(targets, minlength=len(h_ND)), lane * len(scores)
        self.starts[lane * len(h_ND) : (lane + 1) * len(h_ND)] = begin + np.cumsum(counts) - counts
        return float(loss)

    def backward(self, batch: Batch) -> Pull:
        """What pulls the nodes."""
        paths = paths_of(batch)
        nodes, occurrences = paths.nodes[..., 0], paths.occurrences[..., 0]
        return Pull("contexts", nodes, occurrences, self.h_LND, 0.0, self.residuals_LE, self.starts, MAX_NODE_MOVE)


def paths_of(batch: Batch) -> Paths:
    """What was listed for the batch."""
    if not isinstance(batch.drawn, Paths):
        raise TypeError("hierarchical softmax needs a batch with paths")
    return batch.drawn
