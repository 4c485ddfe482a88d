"""One example of every question, for the descriptions and the documentation."""

from service.http.fields import fields_of
from service.questions import (
    Analogy,
    AnalogyFromExamples,
    CloserThan,
    Contexts,
    Distance,
    Distances,
    DoesntMatch,
    MostSimilar,
    MostSimilarToGiven,
    Neighbors,
    NeighborsOfVector,
    RandomWords,
    Rank,
    RelativeCosineSimilarity,
    SetSimilarity,
    Similarities,
    Similarity,
    Vector,
    Words,
)
from storage.declared import Declared

EXAMPLES: dict[str, Declared] = {
    "similarity": Similarity(a="king", b="queen"),
    "distance": Distance(a="king", b="queen"),
    "similarities": Similarities(a=("king", "man"), b=("queen", "woman")),
    "neighbors": Neighbors(word="king", topn=2),
    "neighbors-of-vector": NeighborsOfVector(vector=(4.0, 3.0, 1.0), topn=2),
    "most-similar": MostSimilar(positive=("king", "woman"), negative=("man",), topn=2),
    "analogy": Analogy(a="man", b="king", c="woman", topn=2),
    "analogy-from-examples": AnalogyFromExamples(a=("man",), b=("king",), c="woman", topn=2),
    "doesnt-match": DoesntMatch(words=("king", "queen", "apple")),
    "set-similarity": SetSimilarity(a=("king", "man"), b=("queen", "woman")),
    "rank": Rank(a="king", b="queen"),
    "closer-than": CloserThan(a="king", b="apple", topn=2),
    "distances": Distances(word="king", others=("queen", "apple")),
    "most-similar-to-given": MostSimilarToGiven(word="king", candidates=("queen", "apple")),
    "relative-cosine-similarity": RelativeCosineSimilarity(a="king", b="queen", topn=3),
    "contexts": Contexts(word="king", topn=2),
    "vector": Vector(word="king"),
    "words": Words(prefix="k", topn=2),
    "random-words": RandomWords(topn=2, seed=1),
}


def given(question: Declared) -> dict[str, object]:
    """The fields of a question that are not left at their defaults, those first that it needs."""
    values = {field.name: getattr(question, field.name) for field in fields_of(type(question)).values()}
    return {name: value for name, value in values.items() if value != fields_of(type(question))[name].default}
