"""Answers for people: a sentence, and a table where there is more to say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from service import answers
from service.answers import Analogy, AnalogyFromExamples, Answer, Neighbor

SAME_SCALE = {"3CosAdd", "3CosAvg"}  # methods whose score is a cosine


@dataclass(frozen=True)
class Table:
    """Rows under headers.

    Attributes:
        headers: one a column.
        rows: the cells.
        right: the columns, from 0, that are numbers.
        scored: the column behind which bars stand; None for no bars.
        scores: what the bars show.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    right: Sequence[int] = ()
    scored: int | None = None
    scores: Sequence[float | None] = ()


@dataclass(frozen=True)
class Readable:
    """An answer in words.

    Attributes:
        sentence: what was found, or, above a table, what it shows.
        table: the rest of it.
        text: the rest of it where it is no table.
    """

    sentence: str
    table: Table | None = None
    text: str = ""


def readable(answer: Answer) -> Readable:
    """The answer in words."""
    return _READERS[type(answer)](answer)


def notes(answer: Answer, *, folded: bool) -> list[str]:
    """What has to be said below an answer: words left out, those that stood for others, a search not exact."""
    said = [_pieces(made) for made in getattr(answer, "composed", ())]
    if missing := getattr(answer, "missing", ()):
        said.append(f"Left out, not in the vocabulary: {', '.join(missing)}")
    if folded and (used := getattr(answer, "used", ())):
        said.append(f"Looked up as: {', '.join(used)}")
    if note := getattr(answer, "approximate", None):
        recall = f"recall@10 {note.recall_at_10:g} ({note.recall_at_10_of_sums:g} for sums of words)"
        said.append(f"Searched approximately, {note.probes:,} of {note.lists:,} lists: {recall}")
    return said


def _pieces(made: answers.Composed) -> str:
    """Which pieces a word was made from."""
    count = f"{len(made.pieces)} of its {made.of} pieces" if len(made.pieces) < made.of else "its pieces"
    return f"Not in the vocabulary, made from {count}: {made.word} = {' '.join(made.pieces)}"


def cosine(score: float | None) -> str:
    """A score as it is printed."""
    return "-" if score is None else f"{score:.4f}"


def ranked(neighbors: Sequence[Neighbor], score: str = "cosine") -> Table:
    """Words with their places, scores and counts, the best first."""
    rows = [(str(place), each.word, cosine(each.score), f"{each.count:,}") for place, each in enumerate(neighbors, 1)]
    return Table(("", "word", score, "count"), rows, (0, 2, 3), scored=2, scores=[each.score for each in neighbors])


def _scored(scores: Sequence[answers.Scored], header: str = "cosine") -> Table:
    rows = [(each.word, cosine(each.score)) for each in scores]
    return Table(("word", header), rows, (1,), scored=1, scores=[each.score for each in scores])


def _listed(words: Sequence[answers.Listed]) -> Table:
    return Table(("rank", "word", "count"), [(f"{w.rank:,}", w.word, f"{w.count:,}") for w in words], (0, 2))


def _beside(answer: Analogy | AnalogyFromExamples) -> Table:
    """The answer, what is nearest to c alone, and what it would be with nothing left out, side by side."""
    columns = (answer.neighbors, answer.nearest_to_c, answer.unexcluded)
    rows = []
    for place in range(max(map(len, columns))):
        found = [column[place] if place < len(column) else None for column in columns]
        cells = [cell for each in found for cell in ((each.word, cosine(each.score)) if each else ("", ""))]
        rows.append((str(place + 1), *cells))
    score = "cosine" if answer.method in SAME_SCALE else "score"
    headers = ("", "answer", score, f"nearest to {answer.c} alone", "cosine", "nothing left out", score)
    scores = [each.score for each in answer.neighbors]
    padded: list[float | None] = [*scores, *([None] * (len(rows) - len(scores)))]
    return Table(headers, rows, (0, 2, 4, 6), scored=2, scores=padded)


def _analogy(answer: Analogy) -> Readable:
    asked = f"{answer.a} is to {answer.b} as {answer.c} is to ?"
    return Readable(f"{asked}   ({answer.formula}, {answer.method})", _beside(answer))


def _from_examples(answer: AnalogyFromExamples) -> Readable:
    examples = " and ".join(f"{b} is to {a}" for a, b in zip(answer.a, answer.b, strict=True))
    return Readable(f"What is to {answer.c} as {examples}?   ({answer.method})", _beside(answer))


def _similarities(answer: answers.Similarities) -> Readable:
    rows = [(pair.a, pair.b, cosine(pair.score)) for pair in answer.pairs]
    scores = [pair.score for pair in answer.pairs]
    return Readable("Cosines of pairs", Table(("word", "word", "cosine"), rows, (2,), scored=2, scores=scores))


def _distances(answer: answers.Distances) -> Readable:
    rows = [(each.word, cosine(each.distance)) for each in answer.distances]
    return Readable(f"Distances from {answer.word}", Table(("word", "distance"), rows, (1,)))


def _closer_than(answer: answers.CloserThan) -> Readable:
    be = "word is" if answer.total == 1 else "words are"
    sentence = f"{answer.total:,} {be} closer to {answer.a} than {answer.b} is (cosine {answer.score:.4f})"
    return Readable(sentence, ranked(answer.neighbors))


def _rank(answer: answers.Rank) -> Readable:
    place = f"has place {answer.rank:,} of {answer.of:,} among the neighbors of {answer.a}"
    return Readable(f"{answer.b} {place} (cosine {answer.score:.4f})")


def _relative(answer: answers.RelativeCosineSimilarity) -> Readable:
    measured = f"{answer.a} and {answer.b}: relative cosine similarity {answer.score:.4f}"
    return Readable(f"{measured} (cosine {answer.cosine:.4f}; synonyms are above 1/{answer.topn})")


def _vector(answer: answers.Vector) -> Readable:
    numbers = [f"{number:.9g}" for number in answer.vector]  # nine digits are enough for every float32
    lines = [" ".join(f"{number:>15}" for number in numbers[start : start + 6]) for start in range(0, len(numbers), 6)]
    known = answer.rank is not None and answer.count is not None
    about = f"rank {answer.rank:,}, count {answer.count:,}" if known else "made from its pieces"
    return Readable(f"The vector of {answer.word} ({about})", text="\n".join(lines))


def _two_sets(answer: answers.SetSimilarity) -> Readable:
    return Readable(f"{' '.join(answer.a)} and {' '.join(answer.b)}: cosine of the means {answer.score:.4f}")


_READERS: dict[type[Answer], Callable[[Any], Readable]] = {
    answers.Similarity: lambda answer: Readable(f"{answer.a} and {answer.b}: cosine {answer.score:.4f}"),
    answers.Distance: lambda answer: Readable(f"{answer.a} and {answer.b}: distance {answer.distance:.4f}"),
    answers.Similarities: _similarities,
    answers.Neighbors: lambda answer: Readable(f"Nearest to {answer.word}", ranked(answer.neighbors)),
    answers.NeighborsOfVector: lambda answer: Readable("Nearest to the vector", ranked(answer.neighbors)),
    answers.MostSimilar: lambda answer: Readable(f"Nearest to {answer.formula}", ranked(answer.neighbors)),
    answers.Analogy: _analogy,
    answers.AnalogyFromExamples: _from_examples,
    answers.DoesntMatch: lambda answer: Readable(
        f"{answer.word} fits least", _scored(answer.scores, "cosine with the mean")
    ),
    answers.SetSimilarity: _two_sets,
    answers.Rank: _rank,
    answers.CloserThan: _closer_than,
    answers.Distances: _distances,
    answers.MostSimilarToGiven: lambda answer: Readable(
        f"{answer.best} is nearest to {answer.word}", _scored(answer.scores)
    ),
    answers.RelativeCosineSimilarity: _relative,
    answers.Contexts: lambda answer: Readable(f"Words that occur with {answer.word}", ranked(answer.contexts, "score")),
    answers.Vector: _vector,
    answers.Words: lambda answer: Readable(
        f"Words that begin with {answer.prefix}" if answer.prefix else "The most frequent words", _listed(answer.words)
    ),
    answers.RandomWords: lambda answer: Readable(f"Random words (seed {answer.seed})", _listed(answer.words)),
}
