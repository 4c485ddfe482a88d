"""Questions that rank the vocabulary by one cosine: near a word, a vector, a sum of words, or nearer than a word."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from service import answers, questions
from service.engine.counting import count_above
from service.engine.lookup import known
from service.engine.space import Space, direction
from storage.errors import UnusableQuestion


def neighbors(space: Space, asked: questions.Neighbors) -> answers.Neighbors:
    """The words nearest to a word."""
    words = space.lookup.words(asked, [asked.word])
    wanted = space.selection(asked, words).wanted(space.direction_of(words.needed[0]), words.needed)
    (found,) = space.index.nearest([wanted])
    return answers.Neighbors(
        word=asked.word,
        topn=asked.topn,
        neighbors=space.neighbors(found),
        used=space.named(words.needed),
        missing=words.missing,
    )


def neighbors_of_vector(space: Space, asked: questions.NeighborsOfVector) -> answers.NeighborsOfVector:
    """The words nearest to a vector.

    Raises:
        UnusableQuestion: the vector is zero, or of another length than the model's.
    """
    vector, dimensions = np.array(asked.vector, np.float64), space.index.unit.shape[1]
    if len(vector) != dimensions:
        raise UnusableQuestion(f"vector has {len(vector)} numbers, the model {dimensions} dimensions")
    largest = float(np.abs(vector).max())
    words = space.lookup.words(asked)
    # divided by its largest number, so that its square stays in range
    wanted = space.selection(asked, words).wanted(direction(vector / (largest or 1.0), "the vector"))
    (found,) = space.index.nearest([wanted])
    return answers.NeighborsOfVector(topn=asked.topn, neighbors=space.neighbors(found), missing=words.missing)


def most_similar(space: Space, asked: questions.MostSimilar) -> answers.MostSimilar:
    """The words nearest to a weighted sum of unit vectors; as gensim's `most_similar`.

    Raises:
        UnusableQuestion: no word is left to add or take away, the weights are not as many as the words, or the sum is
            zero.
    """
    signed = _weights("positive", asked.positive, asked.positive_weights, 1.0)
    signed += _weights("negative", asked.negative, asked.negative_weights, -1.0)
    words = space.lookup.words(asked, [], asked.positive, asked.negative)
    found_rows = [*words.lists[0], *words.lists[1]]
    rows = known(found_rows)
    if not rows:
        raise UnusableQuestion("no word to add or to take away; give one that the model has")
    weights = np.array([weight for weight, row in zip(signed, found_rows, strict=True) if row is not None])  # (n,)
    formula = _formula(space.named(rows), weights.tolist())
    largest = float(np.abs(weights).max())
    vector = direction((weights / (largest or 1.0)) @ space.unit(rows), formula)
    (found,) = space.index.nearest([space.selection(asked, words).wanted(vector, rows)])
    return answers.MostSimilar(
        formula=formula,
        topn=asked.topn,
        neighbors=space.neighbors(found),
        used=space.named(rows),
        missing=words.missing,
    )


def closer_than(space: Space, asked: questions.CloserThan) -> answers.CloserThan:
    """The words whose cosine with a is larger than that of b; as gensim's `closer_than`."""
    words = space.lookup.words(asked, [asked.a, asked.b])
    row, other = words.needed
    vector, score = space.direction_of(row), space.cosine(row, other)
    selection = space.selection(asked, words)
    closer = replace(selection, least=max(selection.least, float(np.nextafter(score, 2))))
    (found,) = space.index.nearest([closer.wanted(vector, [row])])
    return answers.CloserThan(
        a=asked.a,
        b=asked.b,
        score=score,
        total=count_above(space, closer.wanted(vector, [row])),
        topn=asked.topn,
        neighbors=space.neighbors(found),
        used=space.named(words.needed),
        missing=words.missing,
    )


def _weights(side: str, words: Sequence[str], weights: Sequence[float], sign: float) -> list[float]:
    if weights and len(weights) != len(words):
        raise UnusableQuestion(f"{side} has {len(words)} words and {len(weights)} weights; give each word one, or none")
    return [sign * weight for weight in weights or [1.0] * len(words)]


def _formula(words: Sequence[str], weights: Sequence[float]) -> str:
    """The sum in writing: `king + 0.5 woman - man`."""
    terms = [
        ("- " if weight < 0 else "+ ") + ("" if abs(weight) == 1 else f"{abs(weight):g} ") + word
        for word, weight in zip(words, weights, strict=True)
    ]
    return " ".join(terms).removeprefix("+ ")
