"""`Objective`: which model is trained, as the pieces it is composed of: an input side and an output side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.models.huffman import HuffmanTree
from pipeline.settings import TrainSettings
from pipeline.training.step_shape import StepShape
from storage.errors import SettingError

SOFTMAX_BYTES = 10**9
"""The most that the scores and gradients of a step of full softmax may take: about half a million words."""


@dataclass(frozen=True, eq=False)
class Objective:
    """What a trainer descends; whether a word has one row or fastText's many is known by the parameters alone.

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
        """What the settings ask for, over a vocabulary with these counts, (V,).

        Raises:
            SettingError: full softmax would need more than SOFTMAX_BYTES.
        """
        if settings.loss == "softmax":
            _require_memory(len(counts), settings)
        tree = HuffmanTree.of(counts) if settings.loss == "hs" else None
        return cls(settings.architecture, settings.loss, settings.cbow_mean, tree)


def _require_memory(size: int, settings: TrainSettings) -> None:
    """A step scores each of its inputs with all V words, and moves all of their rows."""
    shape = StepShape.for_settings(settings)
    needed = 4 * size * (2 * shape.step + shape.lanes * settings.vector_size)
    if needed > SOFTMAX_BYTES:
        raise SettingError(
            f"full softmax over {size:,} words needs {needed / 1e9:.1f} GB for a step, more than"
            f" {SOFTMAX_BYTES / 1e9:g} GB; train with --loss hs or ns, or keep fewer words by --min-count or"
            " --max-vocab-size"
        )
