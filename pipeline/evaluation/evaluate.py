"""`evaluate`: all the questions to one model; `evaluate_stage`: the same, kept beside the model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.evaluation import data
from pipeline.evaluation.analogies import AnalogyResult, answer_questions
from pipeline.evaluation.results import ResultFile
from pipeline.evaluation.word_pairs import PairResult, compare_pairs
from pipeline.training.model import load_model
from storage.embeddings import Embeddings

RESTRICT = 30_000
EVALUATION = ResultFile("evaluation", "evaluate")


@dataclass(frozen=True)
class Evaluation:
    """One model's answers to the three sets of questions."""

    wordsim353: PairResult
    simlex999: PairResult
    analogies: AnalogyResult

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {name: result.as_dict() for name, result in vars(self).items()}


def evaluate(embeddings: Embeddings, *, restrict: int = RESTRICT) -> Evaluation:
    """Put the questions that come with gensim to a model.

    Args:
        embeddings: the model, most frequent word first.
        restrict: analogies use only this many words, the most frequent.
    """
    return Evaluation(
        compare_pairs(embeddings, data.read_pairs(data.bundled(data.WORDSIM))),
        compare_pairs(embeddings, data.read_pairs(data.bundled(data.SIMLEX))),
        answer_questions(embeddings, data.read_questions(data.bundled(data.ANALOGIES)), restrict),
    )


def evaluate_stage(folder: Path, *, restrict: int = RESTRICT, force: bool = False) -> tuple[Mapping[str, Any], bool]:
    """Evaluate the model in `folder` and keep the result there as evaluation.json.

    Returns:
        The result, and whether it was computed now: False when the file was already current.

    Raises:
        InputError: the folder holds no finished model.
    """
    return EVALUATION.current_or(
        folder,
        {"restrict": restrict},
        lambda: evaluate(load_model(folder).embeddings, restrict=restrict).as_dict(),
        force,
    )
