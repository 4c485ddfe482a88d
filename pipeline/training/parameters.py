"""The two matrices that training moves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.settings import TrainSettings
from pipeline.training.pieces import Ids, Pieces
from storage.errors import Diverged

Floats = NDArray[np.floating[Any]]

_AT_ONCE = 64
"""Rows drawn together: where none of them is in use they are passed over, at no cost."""


@dataclass(frozen=True, eq=False)
class Parameters:
    """What a model has learned so far; a trainer's step changes both arrays in place.

    Attributes:
        vectors: (V, D) a word's vector as a center; with fastText (V + B, D), the rows that vectors are made of.
        contexts: (V, D) a word's vector as an output, as a context or as noise.
        pieces: which rows of `vectors` make each word with fastText; None where each word has its own alone.
    """

    vectors: Floats
    contexts: Floats
    pieces: Pieces | None = None

    @classmethod
    def start(cls, size: int, dimensions: int, seed: int, pieces: Pieces | None = None) -> "Parameters":
        """Uniform vectors in [-1/D, 1/D) and zero contexts, float32: gensim's start, number for number.

        Args:
            size: V.
            dimensions: D.
            seed: of the words' rows; those of pieces have the next one.
            pieces: of fastText.
        """
        vectors = np.empty((pieces.total if pieces else size, dimensions), np.float32)
        np.random.default_rng(seed).random(dtype=np.float32, out=vectors[:size])
        if pieces:
            _draw_rows(pieces.buckets, seed + 1, vectors[size:])
        vectors *= 2.0
        vectors -= 1.0
        vectors /= dimensions
        return cls(vectors, np.zeros((size, dimensions), dtype=np.float32), pieces)

    @classmethod
    def for_settings(cls, words: Sequence[str], settings: TrainSettings) -> "Parameters":
        """The start of a training of these words."""
        return cls.start(len(words), settings.vector_size, settings.seed, Pieces.for_settings(words, settings))

    @property
    def size(self) -> int:
        """V, the number of words."""
        return len(self.contexts)

    @property
    def arrays(self) -> Mapping[str, Floats]:
        """All arrays that a training has to know to go on, by name."""
        return {"vectors": self.vectors, "contexts": self.contexts}

    def word_vectors(self) -> Floats:
        """(V, D) the vector of each word: the result. With fastText a new array, else `vectors` itself."""
        if not self.pieces:
            return self.vectors
        shares = np.repeat(np.reciprocal(self.pieces.sizes, dtype=self.vectors.dtype), self.pieces.sizes)
        means = csr_array((shares, self.pieces.rows, self.pieces.starts), shape=(self.size, len(self.vectors)))
        return np.asarray(means @ self.vectors)

    def become(self, wanted: Floats) -> None:
        """Move each word's own row so far that the words' vectors are these, (V, D)."""
        rows = self.pieces.sizes[:, None] if self.pieces else np.float32(1.0)
        self.vectors[: self.size] += (wanted - self.word_vectors()) * rows

    def like(self, vectors: Floats, contexts: Floats) -> "Parameters":
        """Other numbers for the same rows."""
        return replace(self, vectors=vectors, contexts=contexts)

    def as_float64(self) -> "Parameters":
        """A copy in double precision, for the reference trainer."""
        return self.like(self.vectors.astype(np.float64), self.contexts.astype(np.float64))

    def require_finite(self) -> None:
        """Stop before anything spoiled is kept.

        Raises:
            Diverged: some number is not finite.
        """
        for matrix in (self.vectors, self.contexts):
            if not np.isfinite(np.einsum("vd->", matrix)):  # a sum meets every number and needs no second matrix
                raise Diverged("training diverged: a vector is no longer finite; lower --alpha")


def _draw_rows(numbers: Ids, seed: int, out: NDArray[np.float32]) -> None:
    """Rows with these numbers of the endless matrix that a generator would draw row after row.

    A draw of 64 bits makes two numbers, so a block of _AT_ONCE rows begins with a draw of its own.
    """
    bits = np.random.PCG64(seed)  # what `default_rng` takes
    random, drawn = np.random.Generator(bits), 0
    block = np.empty((_AT_ONCE, out.shape[1]), np.float32)
    order = np.argsort(numbers)
    numbers = numbers[order]
    firsts = numbers // _AT_ONCE
    cuts = np.flatnonzero(np.diff(firsts, prepend=-1, append=-1))
    for begin, end in zip(cuts[:-1].tolist(), cuts[1:].tolist(), strict=True):
        bits.advance((int(firsts[begin]) - drawn) * block.size // 2)
        random.random(dtype=np.float32, out=block)
        drawn = int(firsts[begin]) + 1
        out[order[begin:end]] = block[numbers[begin:end] % _AT_ONCE]
