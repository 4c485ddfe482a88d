"""Answers that rank the vocabulary: neighbors, analogies, contexts."""

from dataclasses import dataclass
from typing import ClassVar

from service.answers.base import AboutWords, Neighbor
from service.nearest import Note


@dataclass(frozen=True, kw_only=True)
class ByCosine(AboutWords):
    """An answer that ranks by one cosine.

    Attributes:
        approximate: the approximate index that searched, which finds exactly where words are filtered; null where the
            search was exact.
    """

    approximate: Note | None = None
    _last: ClassVar[tuple[str, ...]] = ("approximate", "composed", "used", "missing")


@dataclass(frozen=True, kw_only=True)
class Neighbors(ByCosine):
    """The words nearest to `word`, nearest first, `word` itself left out."""

    word: str
    topn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class NeighborsOfVector(ByCosine):
    """The words nearest to a vector, nearest first."""

    topn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class MostSimilar(ByCosine):
    """The words nearest to a weighted sum of unit vectors, the words of the sum left out.

    Attributes:
        formula: the sum with the words and weights put in.
    """

    formula: str
    topn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class Analogy(ByCosine):
    """a is to b as c is to ?, and how much of the answer the offset from a to b has made.

    Attributes:
        formula: what candidates d are scored by, with the words put in.
        method: 3CosAdd, 3CosMul or PairDirection.
        neighbors: the answer; a, b and c are left out.
        nearest_to_c: the words nearest to c alone, among the same words: what a and b had no part in.
        unexcluded: the answer had a, b and c not been left out.
    """

    a: str
    b: str
    c: str
    formula: str
    method: str
    topn: int
    neighbors: tuple[Neighbor, ...]
    nearest_to_c: tuple[Neighbor, ...]
    unexcluded: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class AnalogyFromExamples(ByCosine):
    """What is to c as each b is to its a, and how much of the answer the examples have made.

    Attributes:
        method: 3CosAvg or LRCos.
        neighbors: the answer; the words of the examples and c are left out.
        nearest_to_c: the words nearest to c alone, among the same words.
        unexcluded: the answer had the words of the question not been left out.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    c: str
    method: str
    topn: int
    neighbors: tuple[Neighbor, ...]
    nearest_to_c: tuple[Neighbor, ...]
    unexcluded: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class CloserThan(ByCosine):
    """The words that are nearer to a than b is, nearest first.

    Attributes:
        score: the cosine of a and b.
        total: how many words there are that are nearer, beyond the `topn` nearest that are listed.
    """

    a: str
    b: str
    score: float
    total: int
    topn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True, kw_only=True)
class Contexts(AboutWords):
    """The words that occur with `word`, by the model.

    Attributes:
        contexts: those with the largest scores: the sigmoid of the dot product of the word's vector and the other's
            output vector, which negative sampling trains to be the probability that a pair is of the text; of a model
            trained otherwise it is none, and only the order says something.
    """

    word: str
    topn: int
    contexts: tuple[Neighbor, ...]
