"""Answers about given words: how near they are to each other, and which of them is nearest or farthest."""

from dataclasses import dataclass

from service.answers.base import AboutWords, Measured, Pair, Scored


@dataclass(frozen=True, kw_only=True)
class Similarity(AboutWords):
    """The cosine of two words, from -1 to 1; 0 where one of them has the zero vector."""

    a: str
    b: str
    score: float


@dataclass(frozen=True, kw_only=True)
class Distance(AboutWords):
    """One less the cosine of two words, from 0 to 2."""

    a: str
    b: str
    distance: float


@dataclass(frozen=True, kw_only=True)
class Similarities(AboutWords):
    """The cosines of the pairs that were asked for, in their order."""

    pairs: tuple[Pair, ...]


@dataclass(frozen=True, kw_only=True)
class DoesntMatch(AboutWords):
    """The word that fits least among several.

    Attributes:
        word: the one with the lowest score.
        scores: the cosine of each word with the mean of their unit vectors, lowest first.
    """

    word: str
    scores: tuple[Scored, ...]


@dataclass(frozen=True, kw_only=True)
class SetSimilarity(AboutWords):
    """The cosine of the mean vectors of two sets of words."""

    a: tuple[str, ...]
    b: tuple[str, ...]
    score: float


@dataclass(frozen=True, kw_only=True)
class Rank(AboutWords):
    """The place of b among the neighbors of a.

    Attributes:
        rank: 1 more than the number of words that are nearer to a than b is.
        score: the cosine of a and b.
        of: how many words were ranked.
    """

    a: str
    b: str
    rank: int
    score: float
    of: int


@dataclass(frozen=True, kw_only=True)
class Distances(AboutWords):
    """One less the cosine of `word` with each word of a list, in the order of the list."""

    word: str
    distances: tuple[Measured, ...]


@dataclass(frozen=True, kw_only=True)
class MostSimilarToGiven(AboutWords):
    """The one of a list that is nearest to `word`; the scores of all, nearest first."""

    word: str
    best: str
    scores: tuple[Scored, ...]


@dataclass(frozen=True, kw_only=True)
class RelativeCosineSimilarity(AboutWords):
    """The cosine of a and b, divided by the sum of those of a's `topn` nearest.

    Attributes:
        score: the quotient.
        cosine: the cosine of a and b.
    """

    a: str
    b: str
    topn: int
    score: float
    cosine: float
