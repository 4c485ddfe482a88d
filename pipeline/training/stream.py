"""The text as it is cut: kept tokens in their order, and stretches of them that can be made into steps."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.training.drawn import Ids

NO_SENTENCE = -1


@dataclass(frozen=True, eq=False)
class Stream:
    """Kept tokens in the order of the text, each with its drawn window."""

    ids: Ids
    sentence: NDArray[np.int64]
    window: NDArray[np.int64]
    place: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> "Stream":
        return Stream(self.ids[part], self.sentence[part], self.window[part], self.place[part])

    def then(self, other: "Stream") -> "Stream":
        """Both, one after the other."""
        return Stream(*(np.concatenate(pair) for pair in zip(self.arrays, other.arrays, strict=True)))

    @property
    def arrays(self) -> tuple[NDArray[np.integer], ...]:
        """All four."""
        return self.ids, self.sentence, self.window, self.place

    @classmethod
    def padding(cls, length: int, place: int) -> "Stream":
        """Tokens that belong to no sentence and have no window, so that they are in no pair."""
        return cls(
            np.zeros(length, np.int32),
            np.full(length, NO_SENTENCE, np.int64),
            np.zeros(length, np.int64),
            np.full(length, place, np.int64),
        )


@dataclass(frozen=True, eq=False)
class Part:
    """A stretch of the subsampled text, cut where steps begin, with C tokens before and after.

    Attributes:
        stream: its tokens.
        key: epoch, chunk and place in the chunk: what its noise is drawn by.
    """

    stream: Stream
    key: tuple[int, int, int]
