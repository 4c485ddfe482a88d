"""Is one trainer's mean score below another's by more than chance? Seeds and test questions both play a part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.levels import UNDECIDED, verdict
from pipeline.evaluation.evaluate import Evaluation
from pipeline.evaluation.word_pairs import PairResult, correlations, ranks

Float64s = NDArray[np.float64]

STANDARD_ERRORS = 3.0
"""With three scores, and an error that is itself estimated from few seeds, 3 keeps false alarms to about one in a
hundred. What that lets through is printed as `allowed`; small texts cover few questions and let through more."""

QUESTIONS_NEEDED = 30
"""With fewer covered questions a score is shown but not judged: it and its standard error would be chance."""

_RESAMPLES = 400


@dataclass(frozen=True)
class ScoreComparison:
    """One score of two trainers over the same seeds.

    Attributes:
        firth: each seed's score.
        gensim: each seed's score.
        questions_error: standard error of the difference of means from the choice of test questions.
        covered: how many questions the vocabulary covers.
        total: how many there are.
    """

    firth: Sequence[float]
    gensim: Sequence[float]
    questions_error: float
    covered: int
    total: int

    @property
    def difference(self) -> float:
        """Firth's mean less gensim's; 0 where the text covers too few questions for a score."""
        return float(np.mean(self.firth) - np.mean(self.gensim)) if self.firth and self.gensim else 0.0

    @property
    def standard_error(self) -> float:
        """Of the difference: the seeds' share and the questions' share, which are independent, added as variances."""
        seeds = sum(float(np.var(scores, ddof=1)) / len(scores) for scores in (self.firth, self.gensim) if scores)
        return float(np.sqrt(seeds + self.questions_error**2))

    @property
    def allowed(self) -> float:
        """The difference at which Firth is only just not worse: STANDARD_ERRORS below zero."""
        return -STANDARD_ERRORS * self.standard_error

    @property
    def judged(self) -> bool:
        """Whether there are scores, and of enough questions to tell."""
        return bool(self.firth and self.gensim) and self.covered >= QUESTIONS_NEEDED

    @property
    def verdict(self) -> str:
        """Whether Firth is not below gensim by more than is allowed, where that can be told."""
        return verdict(self.difference >= self.allowed) if self.judged else UNDECIDED

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "firth": _mean_and_deviation(self.firth),
            "gensim": _mean_and_deviation(self.gensim),
            "difference": self.difference,
            "standard_error": self.standard_error,
            "allowed": self.allowed,
            "covered": self.covered,
            "total": self.total,
            "verdict": self.verdict,
        }


def compare_scores(firth: Sequence[Evaluation], gensim: Sequence[Evaluation]) -> dict[str, ScoreComparison]:
    """The three scores of an `Evaluation`, each over the seeds; all models have the same vocabulary."""
    return {
        "wordsim353": compare_word_pairs([one.wordsim353 for one in firth], [one.wordsim353 for one in gensim]),
        "simlex999": compare_word_pairs([one.simlex999 for one in firth], [one.simlex999 for one in gensim]),
        "analogies": _compare_analogies(firth, gensim),
    }


def compare_word_pairs(firth: Sequence[PairResult], gensim: Sequence[PairResult]) -> ScoreComparison:
    """Two trainers on rated pairs, a result for each seed.

    The questions' share of the error comes from resampling pairs, the same for all models.
    """
    ratings = firth[0].ratings  # (N,)
    defined = len(ratings) > 1 and all(result.spearman is not None for result in gensim)
    if not defined:
        return ScoreComparison((), (), 0.0, len(ratings), firth[0].total)
    draws = np.random.default_rng(0).integers(len(ratings), size=(_RESAMPLES, len(ratings)))
    differences = _resampled_mean(firth, ratings, draws) - _resampled_mean(gensim, ratings, draws)  # (resamples,)
    error = float(np.nanstd(differences))
    return ScoreComparison(_spearmans(firth), _spearmans(gensim), error, len(ratings), firth[0].total)


def _spearmans(results: Sequence[PairResult]) -> list[float]:
    return [result.spearman or 0.0 for result in results]  # cosines that are all the same say nothing


def _resampled_mean(results: Sequence[PairResult], ratings: Float64s, draws: NDArray[np.int64]) -> Float64s:
    """The seeds' mean correlation in each resample, (resamples,)."""
    rated = ranks(ratings[draws])
    resampled = (correlations(rated, ranks(result.cosines[draws])) for result in results)
    total: Float64s = sum(resampled, start=np.zeros(len(draws)))
    return total / len(results)


def _compare_analogies(firth: Sequence[Evaluation], gensim: Sequence[Evaluation]) -> ScoreComparison:
    """Analogies: a mean over questions, whose standard error is that of each question's own difference."""
    total = firth[0].analogies.total
    if total.covered == 0:
        return ScoreComparison((), (), 0.0, 0, total.total)
    here = np.array([one.analogies.correct for one in firth], np.float64)  # (seeds, N)
    there = np.array([one.analogies.correct for one in gensim], np.float64)  # (seeds, N)
    error = float(np.std(here.mean(axis=0) - there.mean(axis=0)) / np.sqrt(total.covered))
    return ScoreComparison(here.mean(axis=1).tolist(), there.mean(axis=1).tolist(), error, total.covered, total.total)


def _mean_and_deviation(scores: Sequence[float]) -> dict[str, Any]:
    if not scores:
        return {"mean": None, "deviation": None, "seeds": []}
    return {"mean": float(np.mean(scores)), "deviation": float(np.std(scores, ddof=1)), "seeds": list(scores)}
