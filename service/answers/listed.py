"""Answers from the vocabulary itself: a word's vector, words by their beginning, words at random."""

from dataclasses import dataclass

from service.answers.base import AboutWords, Answer, Listed


@dataclass(frozen=True, kw_only=True)
class Vector(AboutWords):
    """The (D,) vector of `word` as it was trained, its count and its rank; a word made from pieces has neither."""

    word: str
    count: int | None
    rank: int | None
    vector: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class Words(Answer):
    """Words that begin with `prefix`, the most frequent first."""

    prefix: str
    topn: int
    words: tuple[Listed, ...]


@dataclass(frozen=True, kw_only=True)
class RandomWords(Answer):
    """Words drawn at random, in the order they were drawn; `seed` draws them again."""

    topn: int
    seed: int
    words: tuple[Listed, ...]
