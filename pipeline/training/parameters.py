"""The two matrices that training moves."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.errors import Diverged


@dataclass(frozen=True, eq=False)
class Parameters:
    """What a model has learned so far; a trainer's step changes both arrays in place.

    Attributes:
        vectors: (V, D) a word's vector as a center: the result.
        contexts: (V, D) a word's vector as an output, as a context or as noise.
    """

    vectors: NDArray[np.floating[Any]]
    contexts: NDArray[np.floating[Any]]

    @classmethod
    def start(cls, size: int, dimensions: int, seed: int) -> "Parameters":
        """Uniform vectors in [-1/D, 1/D) and zero contexts, float32: gensim's start, number for number."""
        vectors = np.random.default_rng(seed).random((size, dimensions), dtype=np.float32)
        vectors *= 2.0
        vectors -= 1.0
        vectors /= dimensions
        return cls(vectors, np.zeros((size, dimensions), dtype=np.float32))

    def as_float64(self) -> "Parameters":
        """A copy in double precision, for the reference trainer."""
        return Parameters(self.vectors.astype(np.float64), self.contexts.astype(np.float64))

    def require_finite(self) -> None:
        """Stop before anything spoiled is kept.

        Raises:
            Diverged: some number is not finite.
        """
        for matrix in (self.vectors, self.contexts):
            if not np.isfinite(np.einsum("vd->", matrix)):  # a sum meets every number and needs no second matrix
                raise Diverged("training diverged: a vector is no longer finite; lower --alpha")
