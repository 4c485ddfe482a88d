"""`Steps`: the batches of many steps in a few arrays, as they are made."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.training.batch import Batch, Bools, Targets, of_targets
from pipeline.training.drawn import Drawn, Ids, of_step


@dataclass(frozen=True, eq=False)
class Steps:
    """The batches of many steps, stacked: every array has S before the shape that it has in a `Batch`.

    Attributes:
        architecture: "skipgram" or "cbow": what the targets are.
        tokens: (S, L, N + 2C), and so on: see `Batch`.
        weights: of every step's targets.
        positive: (S, L, 2C + 1, N): with the centers last, since work on many of them at once is fast.
    """

    architecture: str
    tokens: Ids
    positive: Bools
    occurrences: Ids
    drawn: Drawn | None
    progress: NDArray[np.float64]
    weights: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    def __iter__(self) -> Iterator[Batch]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, step: int) -> Batch:
        tokens, positive, occurrences = self.tokens[step], self.positive[step], self.occurrences[step]
        window = positive.shape[1] // 2
        present = positive if self.architecture == "skipgram" else positive.any(axis=1, keepdims=True)
        words, counts = (of_targets(self.architecture, values, window) for values in (tokens, occurrences))
        return Batch(
            tokens,
            positive.swapaxes(1, 2),
            occurrences,
            Targets(words, present.swapaxes(1, 2), counts, self.weights),
            of_step(self.drawn, step) if self.drawn else None,
            float(self.progress[step]),
        )
