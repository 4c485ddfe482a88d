"""`Space`: one model's words, directions and index, from which every question is answered."""

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from service.answers import Composed, Neighbor
from service.engine.composing import Composing
from service.engine.filters import Filters, both
from service.engine.lookup import LookedUp, Lookup
from service.engine.patterns import Mask
from service.folding import FoldedWords
from service.nearest import Doubles, Found, Ranker, Wanted, unit_vector
from service.nearest.units import cosines
from service.questions import Ranking
from service.vectors import UnitVectors, lengths_of
from storage.embeddings import Floats
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
        vocabulary: V, the number of words that are ranked; rows from V on are of words made from pieces.
    """

    allowed: Mask | None
    denied: tuple[int, ...]
    topn: int
    least: float
    vocabulary: int

    def wanted(self, vector: Doubles, left_out: Sequence[int] = (), more: int = 0) -> Wanted:
        """The nearest of these words to a (D,) unit vector, without the rows `left_out`."""
        banned = (*self.denied, *(row for row in left_out if row < self.vocabulary))
        return Wanted(vector, self.topn + more, banned, self.allowed, self.least)


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
        self._composing: Composing | None = None

    def ranked_by(self, index: Ranker) -> "Space":
        """The same model, ranked by another index."""
        other = copy(self)
        other.index = index
        return other

    def composing(self) -> "Space":
        """The same model for one question whose unknown words are made from their pieces."""
        other = copy(self)
        other._composing = Composing(lambda: self.vectors.subwords, len(self.vectors.words))
        other.lookup = self.lookup.composing(other._composing)
        return other

    @property
    def composed(self) -> tuple[Composed, ...]:
        """The words that were made so far."""
        return tuple(self._composing.made) if self._composing else ()

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
        return Selection(allowed, words.deny, question.topn, question.min_score, len(self.vectors.words))

    def everyone(self, topn: int, least: float = -1.0) -> Selection:
        """All words that can be answers."""
        return Selection(self.pointing, (), topn, least, len(self.vectors.words))

    def is_known(self, row: int) -> bool:
        """Whether a row is of the vocabulary, not of a word made from pieces."""
        return row < len(self.vectors.words)

    def unit(self, rows: Sequence[int]) -> Doubles:
        """(n, D) unit vectors of n rows; zero for zero vectors."""
        return self._unit(rows).astype(np.float64)

    def _unit(self, rows: Sequence[int]) -> Floats:
        """(n, D) the same as they are kept."""
        unit = self.index.unit
        return self._composing.units(unit, rows) if self.composed and self._composing else unit[list(rows)]

    def lengths(self, rows: Sequence[int]) -> Doubles:
        """(n,) lengths of n rows' vectors as they were trained, or made."""
        lengths = self.vectors.lengths
        return self._composing.lengths(lengths, rows) if self._composing else lengths[list(rows)]

    def trained(self, rows: Sequence[int]) -> Doubles:
        """(n, D) the vectors of n rows as they were trained."""
        return self.unit(rows) * self.lengths(rows)[:, np.newaxis]

    def direction_of(self, row: int) -> Doubles:
        """(D,) the unit vector of a word.

        Raises:
            UnusableQuestion: the word has the zero vector.
        """
        return direction(self.unit([row])[0], f"the vector of {self.word(row)!r}")

    def cosine(self, a: int, b: int) -> float:
        """The cosine of two rows; 0 where one has the zero vector."""
        (score,) = self.cosines([b], unit_vector(self.unit([a])[0]))
        return score

    def cosines(self, rows: Sequence[int], vector: Doubles) -> list[float]:
        """The cosines of n rows with a (D,) unit vector; 0 for zero vectors."""
        if self.composed:
            scores = cosines(self._unit(rows), np.arange(len(rows)), vector)
        else:
            scores = self.index.cosines(np.array(rows), vector)
        return list(map(float, scores))

    def word(self, row: int) -> str:
        """The word of a row."""
        return self._composing.word(row) if self._composing and not self.is_known(row) else self.vectors.words[row]

    def named(self, rows: Sequence[int]) -> tuple[str, ...]:
        """The words of rows."""
        return tuple(map(self.word, rows))

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
