"""The lower ends of the targets' paths in skip-gram, fast: a group's targets share its inputs (`groups`)."""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, Float64s
from pipeline.training.fast.decisions import decide_weighed
from pipeline.training.fast.groups import Groups, text_paths
from pipeline.training.fast.path_products import PathProducts
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.order import share_of
from pipeline.training.parameters import Parameters


class Ends(PathProducts):
    """The arrays of a step; the inputs of a target also attract each other (`order`)."""

    def __init__(self, batch: Batch, dimensions: int, groups: Groups) -> None:
        G, T, J = groups.near_GTJ.shape
        super().__init__(len(text_paths(batch).nodes), (G, J), dimensions)
        if batch.targets.weights is not None:
            self.decide = decide_weighed
        self._groups, self._ones_GJ = groups, np.ones((G, J), np.float32)
        self._branches = np.zeros((2 * G * T + 1, J), np.float32)  # - sign w: of code 0, then 1, for each target
        self._others_JJ = 1.0 - np.eye(J, dtype=np.float32)

    def forward(self, parameters: Parameters, batch: Batch, h_LRD: Float32s) -> Float64s:
        """Score the inputs with the ends of their targets; returns losses, (1,)."""
        (G, T, J), paths = self._groups.near_GTJ.shape, text_paths(batch)
        branches = self._branches[:-1].reshape(G, T, 2, J)
        np.negative(self._groups.near_GTJ, out=branches[:, :, 0])
        branches[:, :, 1] = self._groups.near_GTJ
        self._branches.take(paths.rows, axis=0, out=self.turned_EJ, mode="clip")
        self._inputs_GJ = self._groups.rows_GJ.take(paths.order, axis=0)
        return self.score(parameters, paths, h_LRD, self._inputs_GJ)

    def backward(self, batch: Batch, d_h_LRD: Float32s, rate: float) -> Pull:
        """Add to the inputs' negative gradients; returns what pulls the nodes."""
        pull = self.multiply(text_paths(batch))
        if share := share_of(batch, rate):
            self._attract(share)
        add_rows(d_h_LRD.reshape(-1, d_h_LRD.shape[2]), self._inputs_GJ, self._ones_GJ, self.d_here_GJD)
        return pull

    def _attract(self, share: float) -> None:
        """Let the inputs of a target attract each other."""
        residuals = (stack.scores_GQJ for stack in self.stacks)
        # one of the factors is a copy: of a matrix and itself NumPy makes a symmetric product, slower when small
        products = [each.swapaxes(1, 2) @ (each * np.float32(share)) for each in residuals]
        attraction_GJJ = np.concatenate(products)
        attraction_GJJ *= self._others_JJ
        self.d_here_GJD += attraction_GJJ @ self.here_GJD
