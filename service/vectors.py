"""`UnitVectors`: what an engine answers from, words with vectors of length 1."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.nearest import Doubles, Quantized, unit_rows
from storage.embeddings import Counts, Embeddings, Floats


def _no_contexts() -> None:
    return None


@dataclass(frozen=True, eq=False)
class UnitVectors:
    """V words with one direction each, most frequent first.

    Attributes:
        words: the V words, each once.
        counts: (V,) int64, how often each stood in the corpus.
        unit: (V, D) float32, each row of length 1, or zero; it may be memory-mapped.
        lengths: (V,) float64 lengths of the vectors as they were trained: `unit` times `lengths` are those vectors.
        quantized: the unit matrix in int8, where many questions are to be answered from it.
        load_contexts: gets the (V, D) context vectors, or None where the model has none.
    """

    words: tuple[str, ...]
    counts: Counts
    unit: Floats
    lengths: Doubles
    quantized: Quantized | None = None
    load_contexts: Callable[[], Floats | None] = _no_contexts

    @classmethod
    def of(cls, embeddings: Embeddings, contexts: Floats | None = None) -> "UnitVectors":
        """The words of `embeddings`, with their vectors divided by their lengths, and their (V, D) context vectors."""
        words, matrix = embeddings.words, embeddings.matrix
        vectors = cls(words, embeddings.counts, unit_rows(matrix), lengths_of(matrix), load_contexts=lambda: contexts)
        vectors.__dict__["rows"] = embeddings.rows  # made already, when the words were checked
        return vectors

    @cached_property
    def rows(self) -> dict[str, int]:
        """Each word's row in the matrix."""
        return dict(zip(self.words, range(len(self.words)), strict=True))

    @cached_property
    def contexts(self) -> Floats | None:
        """(V, D) the words' context vectors, or None where the model has none."""
        return self.load_contexts()

    @cached_property
    def pointing(self) -> NDArray[np.bool_] | None:
        """(V,) bool, the words whose vectors are not zero and so point somewhere; None where all are such."""
        pointing = self.lengths > 0
        return None if pointing.all() else pointing


def lengths_of(matrix: Floats) -> Doubles:
    """(V,) float64 lengths of the rows of a float32 matrix; no square of a float32 leaves the range of float64."""
    lengths: Doubles = np.sqrt(np.einsum("vd,vd->v", matrix, matrix, dtype=np.float64))
    return lengths
