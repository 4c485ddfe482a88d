"""When a training has run away: its loss is far above that of knowing nothing.

Rows cannot leap (`batch.row_rates`), so a learning rate far too high shows in the loss long before a number overflows.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.training.objective import Objective
from pipeline.training.sampling import keep_probability
from storage.errors import Diverged

TIMES = 3.0
"""A mean loss this many times that of knowing nothing ends the training; at 400 times the usual rate it is 1.3."""


@dataclass(frozen=True)
class Bounds:
    """What a mean loss per pair is measured by.

    Attributes:
        ignorance: that of all scores being zero, in nats.
        most: what ends the training.
        alpha: the learning rate to lower.
    """

    ignorance: float
    most: float
    alpha: float

    @classmethod
    def of(cls, objective: Objective, settings: TrainSettings, counts: NDArray[np.int64]) -> "Bounds":
        """For an objective over a vocabulary with these counts, (V,).

        Where all scores are zero, each decision of negative sampling and of the Huffman tree costs log 2, and full
        softmax gives each of V words 1 / V. A stretch of text may hold only words of the longest path, whose loss is
        then no sign of anything.
        """
        if objective.tree:
            kept = counts * keep_probability(counts, settings.sample)
            mean = float(kept @ objective.tree.lengths / kept.sum()) * math.log(2)
            longest = max(int(objective.tree.lengths.max()), 1)  # the path to the only word there is has no node
            return cls(mean, max(TIMES * mean, 2 * longest * math.log(2)), settings.alpha)
        nothing = math.log(len(counts)) if objective.loss == "softmax" else (1 + settings.negative) * math.log(2)
        return cls(nothing, TIMES * max(nothing, math.log(2)), settings.alpha)  # log 1 is 0, and so is its loss

    def check(self, loss: float, epoch: int, rate: float) -> None:
        """Refuse a mean loss that only a broken training has.

        Args:
            loss: mean of a pair, in nats.
            epoch: from 0.
            rate: the learning rate at this moment.

        Raises:
            Diverged: it is not finite, or far above that of knowing nothing.
        """
        if not loss < self.most:
            raise Diverged(
                f"training diverges: at learning rate {rate:.4g} in epoch {epoch + 1} the mean loss is {loss:.4g}, "
                f"where vectors that know nothing have {self.ignorance:.4g}; lower --alpha (now {self.alpha})"
            )
