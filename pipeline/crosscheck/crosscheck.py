"""`crosscheck`: Firth against gensim at three levels; `crosscheck_stage`: the same, kept beside the model."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pipeline.crosscheck.levels import Level, ignore, verdict
from pipeline.crosscheck.quality import Experiment, check_quality
from pipeline.crosscheck.replay import check_replay
from pipeline.crosscheck.tables import check_tables
from pipeline.crosscheck.text_part import TextPart
from pipeline.evaluation.results import ResultFile
from pipeline.settings import Settings, TrainSettings, VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.stage import Model, load_model
from storage.errors import InputError, SettingError

LEVELS = ("tables", "replay", "quality")
SEEDS = (1, 2, 3)
MAX_TOKENS = 1_000_000
CROSSCHECK = ResultFile("crosscheck", "crosscheck")

_Chosen = TypeVar("_Chosen", bound=Settings)


@dataclass(frozen=True)
class Report:
    """The verdicts of the levels that were asked for."""

    levels: tuple[Level, ...]

    @property
    def passed(self) -> bool:
        """Whether all levels passed."""
        return all(level.passed for level in self.levels)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        levels = {level.name: level.as_dict() for level in self.levels}
        return {"verdict": verdict(self.passed), "levels": levels}


def crosscheck(
    model_folder: Path,
    *,
    levels: Sequence[str] = LEVELS,
    seeds: Sequence[int] = SEEDS,
    max_tokens: int = MAX_TOKENS,
    report: Callable[[str], None] = ignore,
) -> Report:
    """Compare Firth with gensim on a model's own text and settings; writes nothing.

    Args:
        model_folder: output of `firth train`.
        levels: "tables", "replay", "quality", or some of them.
        seeds: for the level "quality", two or more.
        max_tokens: the levels "tables" and "quality" read at most so many tokens of the text.
        report: told what has been done.

    Raises:
        InputError: no finished model there, or its token files have changed.
        SettingError: an unknown level, or too few seeds.
    """
    unknown = [level for level in levels if level not in LEVELS]
    if unknown or not levels:
        raise SettingError(f"levels are {list(levels)}; allowed: {', '.join(LEVELS)}")
    checks = _checks(load_model(model_folder), seeds, max_tokens, report)
    found = []
    for level in sorted(set(levels), key=LEVELS.index):
        found.append(checks[level]())
        report(f"{level}: {verdict(found[-1].passed)}")
    return Report(tuple(found))


def crosscheck_stage(
    folder: Path,
    *,
    levels: Sequence[str] = LEVELS,
    seeds: Sequence[int] = SEEDS,
    max_tokens: int = MAX_TOKENS,
    force: bool = False,
    report: Callable[[str], None] = ignore,
) -> tuple[Mapping[str, Any], bool]:
    """Cross-check the model in `folder` and keep the report there as crosscheck.json.

    Returns:
        The report as plain JSON values, and whether it was made now: False when the file was already current.
    """
    settings = {"levels": list(levels), "seeds": list(seeds), "max_tokens": max_tokens}

    def compute() -> Mapping[str, Any]:
        return crosscheck(folder, levels=levels, seeds=seeds, max_tokens=max_tokens, report=report).as_dict()

    return CROSSCHECK.current_or(folder, settings, compute, force)


def _checks(
    model: Model, seeds: Sequence[int], max_tokens: int, report: Callable[[str], None]
) -> dict[str, Callable[[], Level]]:
    """How to check each level."""
    training, words = _settings(TrainSettings, model), _settings(VocabularySettings, model)

    @cache
    def text() -> TextPart:
        return TextPart.read(_corpus(model), max_tokens)

    def quality() -> Level:
        return check_quality(Experiment(text(), text().vocabulary(words), training, seeds), report=report)

    return {
        "tables": lambda: check_tables(text(), words.min_count, training),
        "replay": check_replay,
        "quality": quality,
    }


def _settings(kind: type[_Chosen], model: Model) -> _Chosen:
    """The settings of one kind that a model was made with."""
    names = [field.name for field in dataclasses.fields(kind)]
    return kind(**{name: model.manifest.settings[name] for name in names})


def _corpus(model: Model) -> TokenCorpus:
    corpus = TokenCorpus.open(model.tokens)
    if corpus.manifest.key != model.manifest.inputs["tokens"]:
        raise InputError(f"{model.tokens} has changed since the model was trained; run `firth train` again")
    return corpus
