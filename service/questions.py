"""The questions that Firth answers, each a frozen value that refuses what it cannot mean.

One declaration a question, by these names, defaults and ranges: `Engine.answer` answers it, HTTP has a route and a
schema for it, the command line a command. `QUESTIONS` lists them by the name in addresses and on the command line.
"""

from dataclasses import dataclass

from storage.declared import Declared, asked

LARGEST_TOPN = 1000
MOST_WORDS = 1000  # of one list
METHODS = ("3cosadd", "3cosmul", "pairdirection")
FROM_EXAMPLES = ("3cosavg", "lrcos")
BY_ONE_COSINE = ("3cosadd", "3cosavg")


@dataclass(frozen=True, kw_only=True)
class Question(Declared):
    """What every question about words has."""

    case: str = asked(
        "How words are looked up: `exact` as they are, `fold` without regard to capitals and accents.",
        "exact",
        choices=("exact", "fold"),
    )
    on_missing: str = asked(
        "A word that the model does not have is an `error`; or is left out of its list and named (`skip`); or gets a "
        "vector from its pieces, which are listed, where the model has vectors of pieces (`subword`).",
        "error",
        choices=("error", "skip", "subword"),
    )


@dataclass(frozen=True, kw_only=True)
class Ranking(Question):
    """A question that ranks the vocabulary; whom the filters leave out is left out before ranking."""

    topn: int = asked("How many words to answer with.", 10, low=1, high=LARGEST_TOPN)
    min_count: int = asked("Only words that stood at least so often in the corpus.", 0, low=0)
    max_count: int | None = asked("Only words that stood at most so often.", None, low=0, shown="no limit")
    min_rank: int = asked("Only words from this rank on; the most frequent word has rank 1.", 1, low=1)
    max_rank: int | None = asked("Only words up to this rank.", None, low=1, shown="no limit")
    prefix: str = asked("Only words that begin so; without regard to capitals and accents where `case` is `fold`.", "")
    pattern: str = asked("Only words that this regular expression, in the syntax of RE2, matches as a whole.", "")
    allow: tuple[str, ...] = asked("Only these words.", (), most=MOST_WORDS)
    deny: tuple[str, ...] = asked("Without these words.", (), most=MOST_WORDS)
    min_score: float = asked("Only words of at least this score.", -1.0, low=-1.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class ByCosine(Ranking):
    """A ranking by the cosine with one vector, which an approximate index can find most of."""

    search: str = asked(
        "`approximate` needs an index for it, and may miss some words.", "exact", choices=("exact", "approximate")
    )


@dataclass(frozen=True, kw_only=True)
class Similarity(Question):
    """The cosine of two words, from -1 to 1."""

    a: str = asked("One word.")
    b: str = asked("The other word.")


@dataclass(frozen=True, kw_only=True)
class Distance(Question):
    """One less the cosine of two words, from 0 to 2."""

    a: str = asked("One word.")
    b: str = asked("The other word.")


@dataclass(frozen=True, kw_only=True)
class Similarities(Question):
    """The cosines of several pairs: of a[0] with b[0], a[1] with b[1], and so on."""

    a: tuple[str, ...] = asked("The first word of each pair.", most=MOST_WORDS)
    b: tuple[str, ...] = asked("The second word of each pair.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class Neighbors(ByCosine):
    """The words nearest to a word, the word itself left out."""

    word: str = asked("The word.")


@dataclass(frozen=True, kw_only=True)
class NeighborsOfVector(ByCosine):
    """The words nearest to a vector."""

    vector: tuple[float, ...] = asked("As many numbers as the model has dimensions.", most=10_000)


@dataclass(frozen=True, kw_only=True)
class MostSimilar(ByCosine):
    """The words nearest to a weighted sum of words' unit vectors: gensim's `most_similar`.

    Positive words count with their weight, negative ones with its opposite; those words are left out of the answer.
    """

    positive: tuple[str, ...] = asked("Words to add.", (), most=MOST_WORDS)
    negative: tuple[str, ...] = asked("Words to take away.", (), most=MOST_WORDS)
    positive_weights: tuple[float, ...] = asked("A weight for each word to add; 1 by default.", (), most=MOST_WORDS)
    negative_weights: tuple[float, ...] = asked(
        "A weight for each word to take away; 1 by default.", (), most=MOST_WORDS
    )


@dataclass(frozen=True, kw_only=True)
class Analogy(ByCosine):
    """a is to b as c is to ?: by default the words nearest to b - a + c."""

    a: str = asked("The word that is to b ...")
    b: str = asked("... as ...")
    c: str = asked("... this word is to the answer.")
    method: str = asked("How candidates are scored.", "3cosadd", choices=METHODS)


@dataclass(frozen=True, kw_only=True)
class AnalogyFromExamples(ByCosine):
    """What is to c as each b is to its a, learnt from several example pairs."""

    a: tuple[str, ...] = asked("The first word of each example pair.", most=MOST_WORDS)
    b: tuple[str, ...] = asked("The second word of each example pair.", most=MOST_WORDS)
    c: str = asked("The word whose partner is wanted.")
    method: str = asked("How candidates are scored.", "3cosavg", choices=FROM_EXAMPLES)


@dataclass(frozen=True, kw_only=True)
class DoesntMatch(Question):
    """The word that fits least among several: the one farthest from the mean of their unit vectors."""

    words: tuple[str, ...] = asked("The words, three or more.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class SetSimilarity(Question):
    """The cosine of the mean vectors of two sets of words: gensim's `n_similarity`."""

    a: tuple[str, ...] = asked("The words of one set.", most=MOST_WORDS)
    b: tuple[str, ...] = asked("The words of the other.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class Rank(Question):
    """The place of b among the neighbors of a: 1 for the nearest."""

    a: str = asked("The word whose neighbors are ranked.")
    b: str = asked("The word whose place is wanted.")


@dataclass(frozen=True, kw_only=True)
class CloserThan(ByCosine):
    """The words that are nearer to a than b is."""

    a: str = asked("The word whose neighbors are wanted.")
    b: str = asked("The word that bounds them.")


@dataclass(frozen=True, kw_only=True)
class Distances(Question):
    """One less the cosine of a word with each of a list, in the order of the list."""

    word: str = asked("The word.")
    others: tuple[str, ...] = asked("The words to measure to.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class MostSimilarToGiven(Question):
    """The one of a list that is nearest to a word, with all their cosines, nearest first."""

    word: str = asked("The word.")
    candidates: tuple[str, ...] = asked("The words to choose from.", most=MOST_WORDS)


@dataclass(frozen=True, kw_only=True)
class RelativeCosineSimilarity(Question):
    """The cosine of a and b, divided by the sum of a's `topn` best: above 1 / topn for synonyms.

    Leeuwenberg, Vela, Dehdari, van Genabith 2016, "A Minimally Supervised Approach for Synonym Extraction with Word
    Embeddings".
    """

    a: str = asked("The word.")
    b: str = asked("The word that may be its synonym.")
    topn: int = asked("How many of a's neighbors to compare with.", 10, low=1, high=LARGEST_TOPN)


@dataclass(frozen=True, kw_only=True)
class Contexts(Ranking):
    """The words that occur with a word, by the model: the largest scores of its vector with the output matrix."""

    word: str = asked("The word.")


@dataclass(frozen=True, kw_only=True)
class Vector(Question):
    """The vector of a word, its count and its rank."""

    word: str = asked("The word.")


@dataclass(frozen=True, kw_only=True)
class Words(Declared):
    """Words that begin so, without regard to capitals and accents, the most frequent first: for autocompletion."""

    prefix: str = asked("The beginning; empty for the most frequent words of all.", "")
    topn: int = asked("How many words to answer with.", 10, low=1, high=LARGEST_TOPN)


@dataclass(frozen=True, kw_only=True)
class RandomWords(Declared):
    """Words drawn without repetition from a range of ranks; the same seed draws the same words."""

    topn: int = asked("How many words to draw.", 10, low=1, high=LARGEST_TOPN)
    min_rank: int = asked("From this rank on; the most frequent word has rank 1.", 1, low=1)
    max_rank: int | None = asked("Up to this rank.", None, low=1, shown="no limit")
    seed: int | None = asked("What the draw depends on.", None, low=0, high=2**63 - 1, shown="another each time")


QUESTIONS: dict[str, type[Declared]] = {
    "similarity": Similarity,
    "distance": Distance,
    "similarities": Similarities,
    "neighbors": Neighbors,
    "neighbors-of-vector": NeighborsOfVector,
    "most-similar": MostSimilar,
    "analogy": Analogy,
    "analogy-from-examples": AnalogyFromExamples,
    "doesnt-match": DoesntMatch,
    "set-similarity": SetSimilarity,
    "rank": Rank,
    "closer-than": CloserThan,
    "distances": Distances,
    "most-similar-to-given": MostSimilarToGiven,
    "relative-cosine-similarity": RelativeCosineSimilarity,
    "contexts": Contexts,
    "vector": Vector,
    "words": Words,
    "random-words": RandomWords,
}
