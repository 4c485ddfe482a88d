"""What the engine answers: frozen values that every edge (command line, HTTP, page) shows alike."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from storage.models import ModelInfo


@dataclass(frozen=True)
class Answer:
    """An answer that is plain JSON when asked."""

    def as_dict(self) -> dict[str, Any]:
        """The answer as plain JSON values."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Neighbor:
    """A word near a vector.

    Attributes:
        word: the word.
        score: cosine with the vector, from -1 to 1; higher is nearer.
        count: how often the word stood in the corpus.
    """

    word: str
    score: float
    count: int


@dataclass(frozen=True)
class Similarity(Answer):
    """The cosine of two words, from -1 to 1."""

    a: str
    b: str
    score: float


@dataclass(frozen=True)
class Neighbors(Answer):
    """The words nearest to `word`, nearest first, `word` itself left out."""

    word: str
    topn: int
    neighbors: tuple[Neighbor, ...]


@dataclass(frozen=True)
class Analogy(Answer):
    """a is to b as c is to ?: the words nearest to b - a + c, with a, b and c left out.

    Attributes:
        formula: b - a + c with the words put in.
        method: how candidates are scored; 3CosAdd is the cosine with the sum of the unit vectors.
    """

    a: str
    b: str
    c: str
    formula: str
    method: str
    topn: int
    neighbors: tuple[Neighbor, ...]


def document(info: ModelInfo, answer: Answer) -> dict[str, Any]:
    """The answer as JSON, with the model that gave it: the same on the command line and over HTTP."""
    model = {"name": info.name, "version": info.version, "vectors_sha256": info.vectors_sha256}
    return {"model": model, **answer.as_dict()}
