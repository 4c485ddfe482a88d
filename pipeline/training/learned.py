"""`Learned`: what all kinds of parameters have in common, so that a training can be looked at and kept."""

from collections.abc import Mapping
from typing import Protocol

from pipeline.training.batch import Floats


class Learned(Protocol):
    """What a training moves."""

    @property
    def arrays(self) -> Mapping[str, Floats]:
        """All arrays that it has to know to go on, by name."""

    def word_vectors(self) -> Floats:
        """(V, D) the vector of each word, as it is now."""

    def require_finite(self) -> None:
        """Stop before anything spoiled is kept.

        Raises:
            Diverged: some number is not finite.
        """
