"""`UnitVectors`: what an engine answers from, words with vectors of length 1."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.folding import Folded
from service.nearest import Doubles, Quantized, Rows, quantized, unit_rows
from storage.embeddings import Counts, Embeddings, Floats
from storage.subwords import Subwords
from storage.texts import Places


def _none() -> None:
    return None


@dataclass(frozen=True, eq=False)
class UnitVectors:
    """V words with one direction each, most frequent first.

    Attributes:
        words: the V words, each once; they may be memory-mapped too.
        counts: (V,) int64, how often each stood in the corpus.
        unit: (V, D) float32, each row of length 1, or zero; it may be memory-mapped.
        lengths: (V,) float64 lengths of the vectors as they were trained: `unit` times `lengths` are those vectors.
        quantized: the unit matrix in int8, where many questions are to be answered from it.
        folded: the words without capitals and accents, where that is known already.
        order: (V,) rows in the order of their words, where that is known already.
        load_contexts: gets the (V, D) context vectors, or None where the model has none.
        load_subwords: gets the rows of words' pieces; None where the model has none.
    """

    words: Sequence[str]
    counts: Counts
    unit: Floats
    lengths: Doubles
    quantized: Quantized | None = None
    folded: Folded | None = None
    order: Rows | None = None
    load_contexts: Callable[[], Floats | None] = _none
    load_subwords: Callable[[], Subwords] | None = None

    @classmethod
    def of(
        cls,
        embeddings: Embeddings,
        load_contexts: Callable[[], Floats | None] = _none,
        load_subwords: Callable[[], Subwords] | None = None,
        *,
        in_int8: bool = False,
    ) -> "UnitVectors":
        """The words of `embeddings`, with their vectors divided by their lengths, and on wish in int8 too."""
        matrix, unit = embeddings.matrix, unit_rows(embeddings.matrix)
        int8 = quantized(unit) if in_int8 else None
        counts, lengths = embeddings.counts, lengths_of(matrix)
        vectors = cls(embeddings.words, counts, unit, lengths, int8, None, None, load_contexts, load_subwords)
        vectors.__dict__["rows"] = embeddings.rows  # made already, when the words were checked
        return vectors

    @cached_property
    def rows(self) -> Mapping[str, int]:
        """Each word's row in the matrix."""
        if self.order is not None:
            return Places(self.words, self.order)
        return dict(zip(self.words, range(len(self.words)), strict=True))

    @cached_property
    def contexts(self) -> Floats | None:
        """(V, D) the words' context vectors, or None where the model has none."""
        return self.load_contexts()

    @cached_property
    def subwords(self) -> Subwords | None:
        """The rows of words' pieces, or None where the model has none."""
        return self.load_subwords() if self.load_subwords else None

    @cached_property
    def pointing(self) -> NDArray[np.bool_] | None:
        """(V,) bool, the words whose vectors are not zero and so point somewhere; None where all are such."""
        pointing = self.lengths > 0
        return None if pointing.all() else pointing


def lengths_of(matrix: Floats) -> Doubles:
    """(V,) float64 lengths of the rows of a float32 matrix; no square of a float32 leaves the range of float64."""
    lengths: Doubles = np.sqrt(np.einsum("vd,vd->v", matrix, matrix, dtype=np.float64))
    return lengths
