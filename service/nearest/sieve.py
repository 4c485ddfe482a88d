"""What is known of one question while rows are scanned for it: what its answers reach, and which rows still can.

V words, D dimensions, c rows, k answers.
"""

import numpy as np
from numpy.typing import NDArray

from service.nearest.scan import float_error
from service.nearest.units import Doubles, Rows
from service.nearest.wanted import Wanted
from storage.embeddings import Floats

_PROMISING = 16  # rows that are computed as soon as they come, beside one for each answer and each banned row


class Sieve:
    """Holds the rows that can be among the k best: the more it has seen, the fewer.

    Attributes:
        wanted: the question.
        reached: a cosine that every answer reaches.
        rows: (c,) the rows that are held, in order, usable or not; None until a scan has told them.
    """

    def __init__(self, unit: Floats, wanted: Wanted) -> None:
        self.wanted = wanted
        self.reached = wanted.least
        self.rows: Rows | None = None
        self._most: Doubles = np.zeros(0)  # (c,) what their cosines are at most
        self._unit = unit
        self._vector = wanted.vector.astype(np.float32)

    def learn(self, rows: Rows, rough: NDArray[np.generic]) -> None:
        """Compute the most promising of c rows, in float32: every answer reaches the k-th best of them."""
        if self.wanted.allowed is not None:
            kept = self.wanted.allowed[rows]
            rows, rough = rows[kept], rough[kept]
        k, some = self.wanted.k, self.wanted.k + len(self.wanted.banned) + _PROMISING
        if len(rows) > some:
            rows = np.sort(rows[np.argpartition(rough, -some)[-some:]])
        rows = rows[usable(rows, self.wanted)]
        if len(rows) >= k:
            scores = self._unit[rows] @ self._vector
            scores.partition(len(scores) - k)
            self.reached = max(self.reached, float(scores[-k]) - float_error(len(self._vector)))

    def hold(self, rows: Rows, most: Doubles) -> None:
        """Hold c more rows, in order, whose cosines are at most `most`; let go those that cannot be answers."""
        if self.rows is not None:
            rows, most = np.concatenate((self.rows, rows)), np.concatenate((self._most, most))
        self.learn(rows, most)
        kept = most >= self.reached
        self.rows, self._most = rows[kept], most[kept]

    @property
    def held(self) -> int:
        """How many rows are held."""
        return len(self._most)

    def give_up(self) -> None:
        """Let go all rows, but not what was learned from them."""
        self.rows, self._most = None, np.zeros(0)


def usable(rows: Rows, wanted: Wanted) -> NDArray[np.bool_]:
    """Which of c ascending rows are allowed and not banned."""
    kept = np.ones(len(rows), np.bool_) if wanted.allowed is None else wanted.allowed[rows]
    if len(wanted.banned) and len(rows):
        banned = np.asarray(wanted.banned, np.intp)
        places = np.searchsorted(rows, banned).clip(max=len(rows) - 1)
        kept[places[rows[places] == banned]] = False
    return kept
