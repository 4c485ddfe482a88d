"""The input side of skip-gram, fast: each center's own vector (`models.skip_gram`)."""

from pipeline.training.batch import Batch
from pipeline.training.fast.blocks import Float32s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.parameters import Parameters


class SkipGramInput:
    """The arrays of a step; L lanes of N centers, D dimensions."""

    def __init__(self, batch: Batch, dimensions: int) -> None:
        self.h_LND = floats(*batch.centers.shape, dimensions)

    def forward(self, parameters: Parameters, batch: Batch) -> Float32s:
        """(L, N, D) input vectors: copies of the centers' rows."""
        parameters.vectors.take(batch.centers, axis=0, out=self.h_LND, mode="clip")
        return self.h_LND

    def backward(self, batch: Batch, d_h: Float32s) -> list[Pull]:
        """Each center's row is pulled as its input vector is."""
        return [Pull("vectors", batch.centers, batch.center_occurrences, d_h)]
