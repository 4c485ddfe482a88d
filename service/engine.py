"""The query engine: every question's mathematics, in NumPy alone.

    V words, D dimensions, n candidates, k answers.

One routine, `_nearest`, finds the rows nearest to a vector; everything that ranks goes through it.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.answers import Analogy, Neighbor, Neighbors, Similarity
from service.suggest import Suggester
from storage.embeddings import Embeddings, Floats
from storage.errors import UnknownWord, UnusableQuestion

LARGEST_TOPN = 1000
_NO_DIRECTION = 1e-6  # a sum of float32 unit vectors that is shorter than this is rounding, not a direction
_ROWS_AT_ONCE = 8192

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]


class Engine:
    """Answers questions about one model; only ever read after it is made, so threads can share it."""

    def __init__(self, embeddings: Embeddings) -> None:
        self.words = embeddings.words
        self.counts = embeddings.counts
        self._rows = embeddings.rows
        self._unit = unit_rows(embeddings.matrix)  # (V, D)
        # how far a float32 score can be from the float64 one: D products and sums, and the rounded unit vectors
        self._rounding = (embeddings.dimensions + 8) * float(np.finfo(np.float32).eps)
        self._suggester = Suggester(embeddings.words)

    def prepare(self) -> None:
        """Make now what otherwise the first unknown word would wait for."""
        self._suggester.prepare()

    def similarity(self, a: str, b: str) -> Similarity:
        """The cosine of two words; 0 where one of them has the zero vector.

        Raises:
            UnknownWord: a or b is not in the vocabulary.
        """
        row_a, row_b = self._look_up(a, b)
        (score,) = self._cosines(np.array([row_b]), _unit(self._unit[row_a].astype(np.float64)))
        return Similarity(a, b, float(score))

    def neighbors(self, word: str, topn: int = 10) -> Neighbors:
        """The `topn` words nearest to `word`.

        Raises:
            UnknownWord: the word is not in the vocabulary.
            UnusableQuestion: `topn` is out of range, or the word has the zero vector.
        """
        _check_topn(topn)
        (row,) = self._look_up(word)
        vector = self._direction(self._unit[row].astype(np.float64), f"the vector of {word!r}")
        return Neighbors(word, topn, self._nearest(vector, topn, banned=[row]))

    def analogy(self, a: str, b: str, c: str, topn: int = 10) -> Analogy:
        """a is to b as c is to ?: the `topn` words nearest to b - a + c of the unit vectors (3CosAdd).

        Mikolov, Yih, Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations"; equal to gensim's
        `most_similar(positive=[b, c], negative=[a])`.

        Raises:
            UnknownWord: a, b or c is not in the vocabulary.
            UnusableQuestion: `topn` is out of range, or b - a + c is the zero vector.
        """
        _check_topn(topn)
        rows = self._look_up(a, b, c)
        unit_a, unit_b, unit_c = self._unit[rows].astype(np.float64)
        formula = f"{b} - {a} + {c}"
        vector = self._direction(unit_b - unit_a + unit_c, formula)
        return Analogy(a, b, c, formula, "3CosAdd", topn, self._nearest(vector, topn, banned=rows))

    def _look_up(self, *words: str) -> list[int]:
        missing = [word for word in words if word not in self._rows]
        if missing:
            raise UnknownWord({word: self._suggester.near(word) for word in missing})
        return [self._rows[word] for word in words]

    def _direction(self, vector: Doubles, what: str) -> Doubles:
        if np.linalg.norm(vector) < _NO_DIRECTION:
            raise UnusableQuestion(f"{what} is zero and points nowhere: no word is nearest to it; ask with other words")
        return _unit(vector)

    def _nearest(self, vector: Doubles, k: int, banned: Sequence[int]) -> tuple[Neighbor, ...]:
        """The k rows of largest cosine with a (D,) unit vector, ties by row; so k = 5 is a prefix of k = 50.

        One float32 product over all rows chooses the candidates: whoever may be among the k best, given how far
        float32 can be off. Float64 then ranks them, each row computed by itself, so that equal vectors score equal
        wherever they stand.
        """
        rough = self._unit @ vector.astype(np.float32)  # (V,)
        rough[list(banned)] = -np.inf
        k = min(k, len(rough) - len(set(banned)))
        if k == 0:
            return ()
        kth = np.partition(rough, len(rough) - k)[len(rough) - k]
        candidates = np.flatnonzero(rough >= kth - 2 * self._rounding)  # (n,), n >= k
        scores = self._cosines(candidates, vector)  # (n,)
        best = np.lexsort((candidates, -scores))[:k]
        return tuple(
            Neighbor(self.words[candidates[i]], float(scores[i]), int(self.counts[candidates[i]])) for i in best
        )

    def _cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines of n rows with a (D,) unit vector; 0 for zero vectors, never outside [-1, 1]."""
        blocks = (rows[start : start + _ROWS_AT_ONCE] for start in range(0, len(rows), _ROWS_AT_ONCE))
        return np.concatenate([_cosines(self._unit[block].astype(np.float64), vector) for block in blocks])


def unit_rows(matrix: Floats) -> Floats:
    """The (V, D) matrix with each row divided by its length; zero rows stay zero.

    Rows are first divided by their largest number, so that neither 1e30 nor 1e-30 leaves the range when squared.
    """
    largest = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))  # (V,)
    unit: Floats = matrix / np.where(largest == 0, np.float32(1), largest)[:, np.newaxis]  # (V, D)
    lengths = np.sqrt(np.einsum("vd,vd->v", unit, unit))  # (V,)
    unit /= np.where(lengths == 0, np.float32(1), lengths)[:, np.newaxis]
    return unit


def _unit(vector: Doubles) -> Doubles:
    length = float(np.linalg.norm(vector))
    return vector / (length or 1.0)


def _cosines(block: Doubles, vector: Doubles) -> Doubles:
    # sums along each row by itself: a matrix product may add in another order at another place of the matrix
    lengths = np.sqrt((block * block).sum(axis=1))  # (n,)
    scores: Doubles = (block * vector).sum(axis=1) / np.where(lengths == 0, 1.0, lengths)
    return scores.clip(-1.0, 1.0)


def _check_topn(topn: int) -> None:
    if not 1 <= topn <= LARGEST_TOPN:
        raise UnusableQuestion(f"topn is {topn}; allowed: 1 to {LARGEST_TOPN}")
