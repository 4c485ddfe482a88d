"""`Engine`: the answer to every question about one model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, cast

from service import answers, questions
from service.answers import Answer
from service.engine import analogies, contexts, pairs, ranking, sets, vocabulary
from service.engine.space import Space
from service.nearest import ApproximateIndex, Index, Ranker
from service.vectors import UnitVectors
from storage.declared import Declared
from storage.embeddings import Counts, Embeddings
from storage.errors import UnknownWord, UnusableQuestion

_ANSWERS: dict[type[Declared], Callable[[Space, Any], Answer]] = {
    questions.Similarity: pairs.similarity,
    questions.Distance: pairs.distance,
    questions.Similarities: pairs.similarities,
    questions.Neighbors: ranking.neighbors,
    questions.NeighborsOfVector: ranking.neighbors_of_vector,
    questions.MostSimilar: ranking.most_similar,
    questions.Analogy: analogies.analogy,
    questions.AnalogyFromExamples: analogies.analogy_from_examples,
    questions.DoesntMatch: sets.doesnt_match,
    questions.SetSimilarity: sets.set_similarity,
    questions.Rank: pairs.rank,
    questions.CloserThan: ranking.closer_than,
    questions.Distances: sets.distances,
    questions.MostSimilarToGiven: sets.most_similar_to_given,
    questions.RelativeCosineSimilarity: pairs.relative_cosine_similarity,
    questions.Contexts: contexts.contexts,
    questions.Vector: vocabulary.vector,
    questions.Words: vocabulary.words,
    questions.RandomWords: vocabulary.random_words,
}


class Engine:
    """Answers questions about one model; only ever read after it is made, so threads can share it."""

    def __init__(
        self,
        model: Embeddings | UnitVectors,
        around: Callable[[Ranker], Ranker] | None = None,
        *,
        approximate: Callable[[Index], ApproximateIndex | None] = lambda _: None,
    ) -> None:
        """Make an engine; cheap where the vectors are of length 1 already.

        Args:
            model: its words and vectors.
            around: makes of the exact index what ranks instead, for example a `Batcher`.
            approximate: gets the approximate index beside the exact one, when it is first needed.
        """
        vectors = model if isinstance(model, UnitVectors) else UnitVectors.of(model)
        self._index, self._get_approximate = Index(vectors.unit, vectors.quantized), approximate
        self._space = Space(vectors, around(self._index) if around else self._index)

    @property
    def words(self) -> Sequence[str]:
        """The V words, most frequent first."""
        return self._space.vectors.words

    @property
    def counts(self) -> Counts:
        """(V,) how often each stood in the corpus."""
        return self._space.vectors.counts

    @cached_property
    def approximate(self) -> ApproximateIndex | None:
        """What answers questions that are to be searched for approximately; None where there is no such index."""
        return self._get_approximate(self._index)

    def prepare(self) -> None:
        """Make now what otherwise the first question that needs it would wait for."""
        self._space.prepare()

    def answer(self, question: Declared) -> Answer:
        """The answer to a question of `service.questions.QUESTIONS`, which bears the question's name.

        Raises:
            UnknownWord: a word is not in the vocabulary, and the question cannot do without it.
            UnusableQuestion: it has no answer.
        """
        if isinstance(question, questions.Question) and question.on_missing == "subword":
            space = self._space.composing()
            answer = self._answer(space, question)
            return replace(cast("answers.AboutWords", answer), composed=space.composed)
        try:
            return self._answer(self._space, question)
        except UnknownWord as error:
            if self._space.vectors.load_subwords is None:
                raise
            raise UnknownWord(error.near, subwords=True) from None

    def _answer(self, space: Space, question: Declared) -> Answer:
        if isinstance(question, questions.ByCosine) and question.search == "approximate":
            return self._approximately(space, question)
        return _ANSWERS[type(question)](space, question)

    def _approximately(self, space: Space, question: questions.ByCosine) -> Answer:
        method = getattr(question, "method", None)
        if method and method not in questions.BY_ONE_COSINE:
            raise UnusableQuestion(f"{method} does not rank by one cosine, so that only an exact search can answer it")
        if self.approximate is None:
            raise UnusableQuestion(
                "this model has no approximate index; `firth serve --approximate` makes one of large models "
                "(pip install 'firth[approximate]'); an exact search needs none"
            )
        answer = cast("answers.ByCosine", _ANSWERS[type(question)](space.ranked_by(self.approximate), question))
        return replace(answer, approximate=self.approximate.note)
