"""What every answer has, and the small values that answers are made of."""

from dataclasses import dataclass
from typing import Any, ClassVar

from storage.declared import plain
from storage.models import ModelInfo


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer that is plain JSON when asked."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values."""
        return {name: plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Composed:
    """A word that the vocabulary does not have, with a vector made from its pieces, as fastText does it.

    Attributes:
        word: the word as it was asked.
        pieces: its pieces that have a vector, in the order of the word, with `<` where it begins and `>` where it ends.
        of: how many pieces it has; their mean is the vector, in which those without a vector count as zeros.
    """

    word: str
    pieces: tuple[str, ...]
    of: int


@dataclass(frozen=True, kw_only=True)
class AboutWords(Answer):
    """An answer about words that were asked for.

    Attributes:
        composed: the words of the question whose vectors were made from their pieces; empty unless that was asked.
        used: the words that were computed with, in the order asked: the vocabulary's, and those of `composed`.
        missing: words that were asked and are not known, in the order asked; empty unless they were to be skipped.
    """

    composed: tuple[Composed, ...] = ()
    used: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    _last: ClassVar[tuple[str, ...]] = ("composed", "used", "missing")

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values, `composed`, `used` and `missing` at the end."""
        plain = super().as_dict()
        for name in self._last:
            plain[name] = plain.pop(name)
        return plain


@dataclass(frozen=True)
class Neighbor:
    """A word that a ranking found.

    Attributes:
        word: the word.
        score: what was ranked by, the cosine unless the answer says otherwise; higher is nearer.
        count: how often the word stood in the corpus.
        rank: its place in the vocabulary; the most frequent word has rank 1.
    """

    word: str
    score: float
    count: int
    rank: int


@dataclass(frozen=True)
class Pair:
    """Two words and their cosine; None where one of them is missing."""

    a: str
    b: str
    score: float | None


@dataclass(frozen=True)
class Scored:
    """A word of a list and its cosine with what the question asks."""

    word: str
    score: float


@dataclass(frozen=True)
class Measured:
    """A word of a list and its distance: one less the cosine."""

    word: str
    distance: float


@dataclass(frozen=True)
class Listed:
    """A word of the vocabulary, how often it stood in the corpus, and its rank there."""

    word: str
    count: int
    rank: int


def document(info: ModelInfo, answer: Answer) -> dict[str, Any]:
    """The answer as JSON, with the model that gave it: the same on the command line and over HTTP."""
    model = {"name": info.name, "version": info.version, "vectors_sha256": info.vectors_sha256}
    return {"model": model, **answer.as_dict()}
