"""Does b - a + c lead to the expected word? Google's analogy questions."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.data import Question
from pipeline.evaluation.lookup import CaseBlindLookup, unit_rows
from storage.embeddings import Embeddings, Floats

_SCORES_AT_ONCE = 1 << 22  # 16 MB of float32
_RESAMPLES = 1000


@dataclass(frozen=True)
class Tally:
    """How many questions were answered rightly, were covered, and were asked."""

    correct: int
    covered: int
    total: int

    @property
    def accuracy(self) -> float | None:
        """Share of the covered questions answered rightly; None where none is covered."""
        return self.correct / self.covered if self.covered else None

    def interval(self, seed: int = 0) -> list[float] | None:
        """A 95 % interval of the accuracy over resampled questions; None where none is covered."""
        if self.accuracy is None:
            return None  # resampling n answers of which a share p is right: a binomial draw of n and p
        draws = np.random.default_rng(seed).binomial(self.covered, self.accuracy, _RESAMPLES) / self.covered
        return [float(end) for end in np.percentile(draws, [2.5, 97.5])]

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {"accuracy": self.accuracy, **vars(self)}


@dataclass(frozen=True, eq=False)
class AnalogyResult:
    """What a model says about the questions whose four words it has.

    Attributes:
        correct: (N,) whether each covered question was answered rightly.
        covered_at: (N,) each covered question's place in the file.
        questions: all that were asked.
        restrict: how many of the model's words, the most frequent, took part.
    """

    correct: NDArray[np.bool_]
    covered_at: NDArray[np.int64]
    questions: Sequence[Question]
    restrict: int

    @property
    def total(self) -> Tally:
        """All sections together."""
        return Tally(int(self.correct.sum()), len(self.correct), len(self.questions))

    @property
    def sections(self) -> dict[str, Tally]:
        """Each section's tally, in the order of the file."""
        names = list(dict.fromkeys(question.section for question in self.questions))
        number = {name: index for index, name in enumerate(names)}
        asked = np.array([number[question.section] for question in self.questions], dtype=np.int64)
        covered = asked[self.covered_at]
        counts = (np.bincount(part, minlength=len(names)) for part in (covered[self.correct], covered, asked))
        return {name: Tally(*map(int, row)) for name, row in zip(names, zip(*counts, strict=True), strict=True)}

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            **self.total.as_dict(),
            "interval": self.total.interval(),
            "restrict": self.restrict,
            "formula": "b - a + c",
            "sections": {name: tally.as_dict() for name, tally in self.sections.items()},
        }


def answer_questions(embeddings: Embeddings, questions: Sequence[Question], restrict: int) -> AnalogyResult:
    """Answer each question by the word whose cosine with b - a + c is highest (3CosAdd).

    Vectors have length 1 before they are added. The words of the question, in any spelling, are no answers. A question
    takes part when all its four words are among the `restrict` most frequent, and so must its answer be.
    """
    lookup = CaseBlindLookup(embeddings.words[:restrict])
    found = [lookup.find((q.a, q.b, q.c, q.expected)) for q in questions]
    covered = np.array([place for place, rows in enumerate(found) if rows], dtype=np.int64)  # (N,)
    rows = np.array([rows for rows in found if rows], dtype=np.int64).reshape(-1, 4)  # (N, 4)
    answers = _nearest_to_formula(unit_rows(embeddings.matrix[:restrict]), rows[:, :3], lookup)
    correct = [
        answer >= 0 and lookup.spellings[answer] == lookup.spellings[expected]
        for answer, expected in zip(answers.tolist(), rows[:, 3].tolist(), strict=True)
    ]
    return AnalogyResult(np.array(correct, dtype=np.bool_), covered, questions, restrict)


def _nearest_to_formula(unit: Floats, rows: NDArray[np.int64], lookup: CaseBlindLookup) -> NDArray[np.int64]:
    """For each (a, b, c) of `rows` (N, 3) the row nearest to b - a + c; -1 where every row is banned."""
    answers = np.empty(len(rows), dtype=np.int64)
    step = max(1, _SCORES_AT_ONCE // max(1, len(unit)))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        scores = (unit[part[:, 1]] - unit[part[:, 0]] + unit[part[:, 2]]) @ unit.T  # (step, V)
        for score, question in zip(scores, part.tolist(), strict=True):
            for row in question:
                score[lookup.rows[lookup.spellings[row]]] = -np.inf
        best = scores.argmax(axis=1)
        answers[start : start + step] = np.where(np.isfinite(scores.max(axis=1)), best, -1)
    return answers
