"""`Objective`: which model is trained, as the pieces it is composed of: an input side and an output side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.settings import TrainSettings


@dataclass(frozen=True, eq=False)
class Objective:
    """What a trainer descends.

    Attributes:
        architecture: the input side, "skipgram" or "cbow".
        loss: the output side, "ns", "hs" or "softmax".
        mean: whether CBOW takes the mean of its contexts or their sum.
        tree: the Huffman tree over the vocabulary, for "hs" only.
    """

    architecture: str
    loss: str
    mean: bool = True
    tree: HuffmanTree | None = None

    @classmethod
    def of(cls, settings: TrainSettings, counts: NDArray[np.int64]) -> "Objective":
        """What the settings ask for, over a vocabulary with these counts, (V,)."""
        tree = HuffmanTree.of(counts) if settings.loss == "hs" else None
        return cls(settings.architecture, settings.loss, settings.cbow_mean, tree)
