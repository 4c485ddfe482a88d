"""`Space`: one model's words, directions and index, from which every question is answered."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from service.answers import Neighbor
from service.engine.filters import Filters, both
from service.engine.lookup import LookedUp, Lookup
from service.engine.patterns import Mask
from service.folding import FoldedWords
from service.nearest import Doubles, Found, Ranker, Wanted, unit_vector
from service.questions import Ranking
from service.vectors import UnitVectors, lengths_of
from storage.errors import UnusableQuestion

_NO_DIRECTION = 1e-6  # a sum of float32 vectors that is shorter than this part of them is rounding, not a direction


@dataclass(frozen=True, eq=False)
class Selection:
    """Which words a ranking may answer with, and how many.

    Attributes:
        allowed: (V,) bool; None for all.
        denied: rows that are left out.
        topn: how many.
        least: the smallest score that counts.
    """

    allowed: Mask | None
    denied: tuple[int, ...]
    topn: int
    least: float

    def wanted(self, vector: Doubles, left_out: Sequence[int] = (), more: int = 0) -> Wanted:
        """The nearest of these words to a (D,) unit vector, without the rows `left_out`."""
        return Wanted(vector, self.topn + more, (*self.denied, *left_out), self.allowed, self.least)


class Space:
    """One model as the questions see it; only ever read after it is made, so threads can share it.

    Attributes:
        vectors: its words and their directions.
        index: what ranks them.
    """

    def __init__(self, vectors: UnitVectors, index: Ranker) -> None:
        self.vectors = vectors
        self.index = index
        self.folded = FoldedWords(vectors.words, vectors.folded)
        self.lookup = Lookup(vectors.rows, self.folded)
        self._filters = Filters(vectors.counts, self.folded)

    def ranked_by(self, index: Ranker) -> "Space":
        """The same model, ranked by another index."""
        other = copy(self)
        other.index = index
        return other

    def prepare(self) -> None:
        """Make now what few questions need, so that processes forked later share it."""
        self.lookup.prepare()
        _ = self.pointing

    @property
    def pointing(self) -> Mask | None:
        """(V,) bool, the words whose vector is not zero, which alone can be answers; None where all are such."""
        return self.vectors.pointing

    @cached_property
    def context_lengths(self) -> Doubles:
        """(V,) lengths of the output vectors."""
        return np.zeros(0) if self.vectors.contexts is None else lengths_of(self.vectors.contexts)

    def selection(self, question: Ranking, words: LookedUp) -> Selection:
        """Which words may answer a question.

        Raises:
            UnusableQuestion: its pattern cannot be used.
        """
        allowed = both(self._filters.mask(question, words), self.pointing)
        return Selection(allowed, words.deny, question.topn, question.min_score)

    def unit(self, rows: Sequence[int]) -> Doubles:
        """(n, D) unit vectors of n rows; zero for zero vectors."""
        return self.index.unit[list(rows)].astype(np.float64)

    def trained(self, rows: Sequence[int]) -> Doubles:
        """(n, D) the vectors of n rows as they were trained."""
        return self.unit(rows) * self.vectors.lengths[list(rows), np.newaxis]

    def direction_of(self, row: int) -> Doubles:
        """(D,) the unit vector of a word.

        Raises:
            UnusableQuestion: the word has the zero vector.
        """
        return direction(self.unit([row])[0], f"the vector of {self.word(row)!r}")

    def cosine(self, a: int, b: int) -> float:
        """The cosine of two rows; 0 where one has the zero vector."""
        (score,) = self.index.cosines(np.array([b]), unit_vector(self.unit([a])[0]))
        return float(score)

    def word(self, row: int) -> str:
        """The word of a row."""
        return self.vectors.words[row]

    def named(self, rows: Sequence[int]) -> tuple[str, ...]:
        """The words of rows."""
        return tuple(self.vectors.words[row] for row in rows)

    def neighbors(self, found: Found) -> tuple[Neighbor, ...]:
        """What was found, as words."""
        words, counts = self.vectors.words, self.vectors.counts[found.rows].tolist()
        ranked = zip(found.rows.tolist(), found.scores.tolist(), counts, strict=True)
        return tuple(Neighbor(words[row], score, count, row + 1) for row, score, count in ranked)


def direction(vector: Doubles, what: str, scale: float = 1.0) -> Doubles:
    """(D,) the vector with length 1.

    Args:
        vector: (D,) a sum of vectors.
        what: what it is, for the error.
        scale: how long the longest vector of the sum is.

    Raises:
        UnusableQuestion: it is zero, or so near to it that only rounding is left.
    """
    length = float(np.linalg.norm(vector))
    if length <= _NO_DIRECTION * scale:
        raise UnusableQuestion(f"{what} is zero and points nowhere: no word is nearest to it; ask with other words")
    return unit_vector(vector)
