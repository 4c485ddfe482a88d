"""The input side of skip-gram, fast: each center's own vector (`models.skip_gram`, `models.fasttext`)."""

import numpy as np

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.rows import Rows
from pipeline.training.parameters import Parameters


class SkipGramInput:
    """The arrays of a step; L lanes of N centers, D dimensions.

    Args:
        batch: whose sizes they take.
        dimensions: D.
        rows: of the words.
    """

    def __init__(self, batch: Batch, dimensions: int, rows: Rows) -> None:
        self.h_LND, self._rows = floats(*batch.centers.shape, dimensions), rows

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors: the means of the centers' rows."""
        self._rows.sums(parameters, batch.centers, self.h_LND)
        if isinstance(sizes := self._rows.sizes(), np.ndarray):
            self.h_LND /= sizes[..., None]
        return self.h_LND

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each row of a center is pulled as its input vector is."""
        return [self._rows.pull(batch.centers, batch.center_occurrences, d_h)]
