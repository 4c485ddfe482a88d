"""The query engine: every question's mathematics, in NumPy alone.

    V words, D dimensions, n candidates, k answers.

Everything that ranks goes through one routine, `nearest.Index.nearest`.
"""

from collections.abc import Sequence

import numpy as np

from service import questions
from service.answers import Analogy, Answer, Neighbor, Neighbors, Similarity
from service.nearest import Doubles, Index, Wanted, unit_rows, unit_vector
from service.questions import LARGEST_TOPN
from service.suggest import Suggester
from storage.declared import Declared
from storage.embeddings import Embeddings
from storage.errors import UnknownWord, UnusableQuestion

_NO_DIRECTION = 1e-6  # a sum of float32 unit vectors that is shorter than this is rounding, not a direction


class Engine:
    """Answers questions about one model; only ever read after it is made, so threads can share it."""

    def __init__(self, embeddings: Embeddings) -> None:
        self.words = embeddings.words
        self.counts = embeddings.counts
        self._rows = embeddings.rows
        self._index = Index(unit_rows(embeddings.matrix))
        self._suggester = Suggester(embeddings.words)

    def prepare(self) -> None:
        """Make now what otherwise the first unknown word would wait for."""
        self._suggester.prepare()

    def answer(self, question: Declared) -> Answer:
        """The answer to a question of `service.questions.QUESTIONS`.

        Raises:
            UnknownWord: a word that it cannot do without is not in the vocabulary.
            UnusableQuestion: it has no answer.
        """
        if isinstance(question, questions.Similarity):
            return self.similarity(question.a, question.b)
        if isinstance(question, questions.Neighbors):
            return self.neighbors(question.word, question.topn)
        if isinstance(question, questions.Analogy):
            return self.analogy(question.a, question.b, question.c, question.topn)
        raise UnusableQuestion(f"{type(question).__name__} is not answered yet")

    def similarity(self, a: str, b: str) -> Similarity:
        """The cosine of two words; 0 where one of them has the zero vector.

        Raises:
            UnknownWord: a or b is not in the vocabulary.
        """
        row_a, row_b = self._look_up(a, b)
        (score,) = self._index.cosines(np.array([row_b]), unit_vector(self._vectors([row_a])[0]))
        return Similarity(a=a, b=b, score=float(score), used=(a, b))

    def neighbors(self, word: str, topn: int = 10) -> Neighbors:
        """The `topn` words nearest to `word`.

        Raises:
            UnknownWord: the word is not in the vocabulary.
            UnusableQuestion: `topn` is out of range, or the word has the zero vector.
        """
        _check_topn(topn)
        (row,) = self._look_up(word)
        vector = self._direction(self._vectors([row])[0], f"the vector of {word!r}")
        return Neighbors(word=word, topn=topn, neighbors=self._neighbors(vector, topn, [row]), used=(word,))

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
        unit_a, unit_b, unit_c = self._vectors(rows)
        formula = f"{b} - {a} + {c}"
        vector = self._direction(unit_b - unit_a + unit_c, formula)
        return Analogy(
            a=a,
            b=b,
            c=c,
            formula=formula,
            method="3CosAdd",
            topn=topn,
            neighbors=self._neighbors(vector, topn, rows),
            nearest_to_c=self._neighbors(unit_vector(unit_c), topn, rows),
            unexcluded=self._neighbors(vector, topn, []),
            used=(a, b, c),
        )

    def _look_up(self, *words: str) -> list[int]:
        missing = [word for word in words if word not in self._rows]
        if missing:
            raise UnknownWord({word: self._suggester.near(word) for word in missing})
        return [self._rows[word] for word in words]

    def _vectors(self, rows: Sequence[int]) -> Doubles:
        """(n, D) unit vectors of n rows."""
        return self._index.unit[list(rows)].astype(np.float64)

    def _neighbors(self, vector: Doubles, topn: int, banned: Sequence[int]) -> tuple[Neighbor, ...]:
        (found,) = self._index.nearest([Wanted(vector, topn, banned)])
        ranked = zip(found.rows.tolist(), found.scores.tolist(), strict=True)
        return tuple(Neighbor(self.words[row], score, int(self.counts[row]), row + 1) for row, score in ranked)

    def _direction(self, vector: Doubles, what: str) -> Doubles:
        if np.linalg.norm(vector) < _NO_DIRECTION:
            raise UnusableQuestion(f"{what} is zero and points nowhere: no word is nearest to it; ask with other words")
        return unit_vector(vector)


def _check_topn(topn: int) -> None:
    if not 1 <= topn <= LARGEST_TOPN:
        raise UnusableQuestion(f"topn is {topn}; allowed: 1 to {LARGEST_TOPN}")
