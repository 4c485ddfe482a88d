"""What the engine answers: frozen values that every edge (command line, HTTP, page) shows alike.

An answer has the name of its question. Words stand in it as they were asked, and `used` says which words of the
vocabulary they are.
"""

from service.answers.base import AboutWords, Answer, Composed, Listed, Measured, Neighbor, Pair, Scored, document
from service.answers.listed import RandomWords, Vector, Words
from service.answers.measured import (
    Distance,
    Distances,
    DoesntMatch,
    MostSimilarToGiven,
    Rank,
    RelativeCosineSimilarity,
    SetSimilarity,
    Similarities,
    Similarity,
)
from service.answers.ranked import (
    Analogy,
    AnalogyFromExamples,
    ByCosine,
    CloserThan,
    Contexts,
    MostSimilar,
    Neighbors,
    NeighborsOfVector,
)

__all__ = [
    "AboutWords",
    "Analogy",
    "AnalogyFromExamples",
    "Answer",
    "ByCosine",
    "CloserThan",
    "Composed",
    "Contexts",
    "Distance",
    "Distances",
    "DoesntMatch",
    "Listed",
    "Measured",
    "MostSimilar",
    "MostSimilarToGiven",
    "Neighbor",
    "Neighbors",
    "NeighborsOfVector",
    "Pair",
    "RandomWords",
    "Rank",
    "RelativeCosineSimilarity",
    "Scored",
    "SetSimilarity",
    "Similarities",
    "Similarity",
    "Vector",
    "Words",
    "document",
]
