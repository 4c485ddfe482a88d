"""Questions about two words, or about several pairs of them."""

import numpy as np

from service import answers, questions
from service.engine.counting import count_above
from service.engine.lookup import known
from service.engine.space import Space
from storage.errors import UnusableQuestion


def similarity(space: Space, asked: questions.Similarity) -> answers.Similarity:
    """The cosine of two words; 0 where one of them has the zero vector."""
    rows = space.lookup.words(asked, [asked.a, asked.b]).needed
    return answers.Similarity(a=asked.a, b=asked.b, score=space.cosine(*rows), used=space.named(rows))


def distance(space: Space, asked: questions.Distance) -> answers.Distance:
    """One less the cosine of two words."""
    rows = space.lookup.words(asked, [asked.a, asked.b]).needed
    return answers.Distance(a=asked.a, b=asked.b, distance=1 - space.cosine(*rows), used=space.named(rows))


def similarities(space: Space, asked: questions.Similarities) -> answers.Similarities:
    """The cosines of several pairs.

    Raises:
        UnusableQuestion: there are not as many first words as second ones, or no pair of words that are both known.
    """
    check_pairs(asked.a, asked.b)
    words = space.lookup.words(asked, [], asked.a, asked.b)
    pairs = list(zip(*words.lists, strict=True))
    scores = [None if a is None or b is None else space.cosine(a, b) for a, b in pairs]
    whole = [pair for pair, score in zip(pairs, scores, strict=True) if score is not None]
    if not whole:
        raise UnusableQuestion("the model has no pair of words of which it knows both")
    listed = zip(asked.a, asked.b, scores, strict=True)
    return answers.Similarities(
        pairs=tuple(answers.Pair(*pair) for pair in listed),
        used=space.named(known([row for pair in whole for row in pair])),
        missing=words.missing,
    )


def rank(space: Space, asked: questions.Rank) -> answers.Rank:
    """The place of b among the neighbors of a: 1 more than the words that are nearer; as gensim's `rank`.

    Raises:
        UnusableQuestion: a or b has the zero vector.
    """
    row, other = space.lookup.words(asked, [asked.a, asked.b]).needed
    vector, score = space.direction_of(row), space.cosine(row, other)
    space.direction_of(other)
    nearer = space.everyone(1, float(np.nextafter(score, 2)))
    ranked = len(space.vectors.words) if space.pointing is None else int(np.count_nonzero(space.pointing))
    return answers.Rank(
        a=asked.a,
        b=asked.b,
        rank=1 + count_above(space, nearer.wanted(vector, [row])),
        score=score,
        of=ranked - space.is_known(row) + (not space.is_known(other)),
        used=space.named([row, other]),
    )


def relative_cosine_similarity(
    space: Space, asked: questions.RelativeCosineSimilarity
) -> answers.RelativeCosineSimilarity:
    """The cosine of a and b by the sum of those of a's nearest.

    Leeuwenberg et al. 2016, equation (1); as gensim's `relative_cosine_similarity`.

    Raises:
        UnusableQuestion: a has the zero vector, or the cosines of its nearest have no sum above zero.
    """
    row, other = space.lookup.words(asked, [asked.a, asked.b]).needed
    (found,) = space.index.nearest([space.everyone(asked.topn).wanted(space.direction_of(row), [row])])
    total, cosine = float(found.scores.sum()), space.cosine(row, other)
    if total <= 0:
        raise UnusableQuestion(f"the cosines of the words nearest to {asked.a!r} have the sum {total:g}, not above 0")
    return answers.RelativeCosineSimilarity(
        a=asked.a,
        b=asked.b,
        topn=asked.topn,
        score=cosine / total,
        cosine=cosine,
        used=space.named([row, other]),
    )


def check_pairs(a: tuple[str, ...], b: tuple[str, ...]) -> None:
    """Refuse lists that are no pairs.

    Raises:
        UnusableQuestion: they are not equally long.
    """
    if len(a) != len(b):
        raise UnusableQuestion(f"a has {len(a)} words and b {len(b)}; each word of a needs its partner in b")
