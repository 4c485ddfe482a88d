"""`Factors`: the long vectors that GloVe moves, and the sums of squares that AdaGrad keeps of each number."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pipeline.training.batch import Floats
from storage.errors import Diverged


@dataclass(frozen=True, eq=False)
class Factors:
    """What a model has learned so far; steps change all four arrays in place.

    Attributes:
        words: (V, D + 2) a word's vector, its bias, and 1.
        contexts: (V, D + 2) its vector as a context, 1, and its bias as a context.
        word_squares: (V, D + 2) sums of squared steps, from 1 on; infinite beside the ones, which so never move.
        context_squares: (V, D + 2) the same for `contexts`.
    """

    words: Floats
    contexts: Floats
    word_squares: Floats
    context_squares: Floats

    @classmethod
    def start(cls, size: int, dimensions: int, seed: int) -> "Factors":
        """Uniform numbers in [-1/2, 1/2) / (D + 1), vectors and biases, as the program has them; float32."""
        drawn = np.random.default_rng(seed).random((2, size, dimensions + 2), dtype=np.float32)
        drawn -= 0.5
        drawn /= dimensions + 1
        squares = np.ones_like(drawn)
        for side, ones in enumerate((dimensions + 1, dimensions)):
            drawn[side, :, ones], squares[side, :, ones] = 1.0, np.inf
        return cls(*drawn, *squares)

    @classmethod
    def zeros(cls, size: int) -> "Factors":
        """Vectors of no dimension and biases of zero, whose scores are all zero."""
        both = np.zeros((2, size, 2), np.float32)
        return cls(*both, *both)

    def as_float64(self) -> "Factors":
        """A copy in double precision, for the reference trainer."""
        return Factors(*(array.astype(np.float64) for array in self.arrays.values()))

    @property
    def arrays(self) -> Mapping[str, Floats]:
        """All arrays that a training has to know to go on, by name."""
        return vars(self)

    def word_vectors(self) -> Floats:
        """(V, D) the sum of each word's vectors, as it is now."""
        return self.combined("sum")[0]

    @property
    def vectors(self) -> Floats:
        """(V, D) the words' vectors; a view."""
        return self.words[:, :-2]

    @property
    def context_vectors(self) -> Floats:
        """(V, D) the contexts' vectors; a view."""
        return self.contexts[:, :-2]

    @property
    def biases(self) -> Floats:
        """(V, 2) each word's bias, and its bias as a context."""
        return np.stack([self.words[:, -2], self.contexts[:, -1]], axis=1)

    def combined(self, how: str) -> tuple[Floats, Floats]:
        """The model's vectors and context vectors, (V, D), or (V, 2D) for a concatenation.

        Args:
            how: "sum" of both vectors of a word, which the paper takes (section 4.2), or the "word" vector alone,
                each with the contexts' vectors; or their "concatenation", with the same the other way round, so that
                the inner product of one word's with another's is the sum of both their scores without biases.
        """
        w, c = self.vectors, self.context_vectors
        if how == "concatenation":
            return np.hstack([w, c]), np.hstack([c, w])
        return (w + c if how == "sum" else w.copy()), c.copy()

    def require_finite(self) -> None:
        """Stop before anything spoiled is kept.

        Raises:
            Diverged: some number is not finite.
        """
        for matrix in (self.words, self.contexts):
            if not np.isfinite(np.einsum("vd->", matrix)):
                raise Diverged("training diverged: a vector is no longer finite; lower --alpha")


def separated(vectors: Floats, contexts: Floats, how: str) -> tuple[Floats, Floats]:
    """The words' and the contexts' vectors, (V, D), out of what `Factors.combined` made; of a sum, but for rounding."""
    if how == "concatenation":
        half = vectors.shape[1] // 2
        return vectors[:, :half], vectors[:, half:]
    return (vectors - contexts if how == "sum" else vectors), contexts
