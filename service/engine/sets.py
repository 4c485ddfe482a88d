"""Questions about words of a list: which of them fits least or is nearest, how far they are, how near two lists are."""

from service import answers, questions
from service.answers import Measured, Scored
from service.engine.lookup import known
from service.engine.space import Space, direction
from service.nearest import Doubles
from storage.errors import UnusableQuestion


def doesnt_match(space: Space, asked: questions.DoesntMatch) -> answers.DoesntMatch:
    """The word with the smallest cosine with the mean of all; as gensim's `doesnt_match`.

    Raises:
        UnusableQuestion: fewer than three words, or the sum of their unit vectors is zero.
    """
    words = space.lookup.words(asked, [], asked.words)
    rows = known(words.lists[0])
    if len(rows) < 3:
        raise UnusableQuestion(f"{len(rows)} words; of fewer than three none fits less than the others")
    mean = direction(space.unit(rows).sum(axis=0), "the mean of the words")
    scores = _scored(space, rows, mean)
    lowest_first = tuple(sorted(scores, key=lambda each: each.score))
    return answers.DoesntMatch(
        word=lowest_first[0].word, scores=lowest_first, used=space.named(rows), missing=words.missing
    )


def set_similarity(space: Space, asked: questions.SetSimilarity) -> answers.SetSimilarity:
    """The cosine of the means of two sets of vectors as they were trained; as gensim's `n_similarity`.

    Raises:
        UnusableQuestion: no word of a set is known, or its mean is zero.
    """
    words = space.lookup.words(asked, [], asked.a, asked.b)
    sets = {name: known(rows) for name, rows in zip("ab", words.lists, strict=True)}
    one, other = (_mean(space, rows, f"the mean of {name}") for name, rows in sets.items())
    return answers.SetSimilarity(
        a=asked.a,
        b=asked.b,
        score=float((one * other).sum().clip(-1, 1)),
        used=space.named([*sets["a"], *sets["b"]]),
        missing=words.missing,
    )


def distances(space: Space, asked: questions.Distances) -> answers.Distances:
    """One less the cosine of a word with each of a list.

    Raises:
        UnusableQuestion: no word of the list is known.
    """
    words = space.lookup.words(asked, [asked.word], asked.others)
    (row,), others = words.needed, known(words.lists[0])
    check_some(others, "others")
    return answers.Distances(
        word=asked.word,
        distances=tuple(Measured(space.word(other), 1 - space.cosine(row, other)) for other in others),
        used=space.named([row, *others]),
        missing=words.missing,
    )


def most_similar_to_given(space: Space, asked: questions.MostSimilarToGiven) -> answers.MostSimilarToGiven:
    """The word of a list with the largest cosine, the first of them; as gensim's `most_similar_to_given`.

    Raises:
        UnusableQuestion: no word of the list is known, or all those that are have the zero vector, or the word has.
    """
    words = space.lookup.words(asked, [asked.word], asked.candidates)
    (row,), rows = words.needed, known(words.lists[0])
    check_some(rows, "candidates")
    zero = set(space.named([each for each in rows if space.lengths([each])[0] == 0]))
    scores = sorted(_scored(space, rows, space.direction_of(row)), key=lambda each: -each.score)
    best = next((each.word for each in scores if each.word not in zero), None)
    if best is None:
        raise UnusableQuestion("the vectors of all candidates are zero: none is near to anything")
    return answers.MostSimilarToGiven(
        word=asked.word,
        best=best,
        scores=tuple(scores),
        used=space.named([row, *rows]),
        missing=words.missing,
    )


def check_some(rows: tuple[int, ...], name: str) -> None:
    """Refuse to compute from no word.

    Raises:
        UnusableQuestion: there is none.
    """
    if not rows:
        raise UnusableQuestion(f"the model has none of the words of {name}")


def _scored(space: Space, rows: tuple[int, ...], vector: Doubles) -> list[Scored]:
    return [Scored(*pair) for pair in zip(space.named(rows), space.cosines(rows, vector), strict=True)]


def _mean(space: Space, rows: tuple[int, ...], what: str) -> Doubles:
    """(D,) the direction of the mean of vectors as they were trained."""
    check_some(rows, what.rpartition(" ")[2])
    vectors = space.trained(rows)  # (n, D)
    longest = float(space.lengths(rows).max())
    return direction(vectors.sum(axis=0) / (longest or 1.0), what)
