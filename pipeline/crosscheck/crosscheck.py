"""`crosscheck`: Firth against gensim at three levels; `crosscheck_stage`: the same, kept beside the model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from pipeline.crosscheck.kept import KeptLevel, keep_levels, kept_levels
from pipeline.crosscheck.kind import in_gensim, not_in_gensim, one_epoch
from pipeline.crosscheck.levels import FAIL, Level, ignore, worst
from pipeline.crosscheck.quality import Experiment, check_quality
from pipeline.crosscheck.replay import check_replay
from pipeline.crosscheck.tables import check_tables, check_words
from pipeline.crosscheck.text_part import TextPart
from pipeline.settings import VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.model import Model, load_model, settings_of
from storage.errors import InputError, SettingError

LEVELS = ("tables", "replay", "quality")
SEEDS = (1, 2, 3)
MAX_TOKENS = 1_000_000


@dataclass(frozen=True)
class Report:
    """The verdicts of some levels, or of all."""

    levels: tuple[Level, ...]

    @property
    def verdict(self) -> str:
        """The worst of the levels' verdicts."""
        return worst(level.verdict for level in self.levels)

    @property
    def passed(self) -> bool:
        """Whether no level failed."""
        return self.verdict != FAIL

    @property
    def partial(self) -> bool:
        """Whether a level is missing."""
        return {level.name for level in self.levels} < set(LEVELS)

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        levels = {level.name: level.as_dict() for level in self.levels}
        return {"verdict": self.verdict, "partial": self.partial, "levels": levels}


def crosscheck(
    model_folder: Path,
    *,
    levels: Sequence[str] = LEVELS,
    seeds: Sequence[int] = SEEDS,
    max_tokens: int = MAX_TOKENS,
    report: Callable[[str], None] = ignore,
) -> Report:
    """Compare Firth with gensim on a model's own text and settings; writes nothing.

    Of a model with full softmax, or GloVe, which gensim does not have, only the tables can be compared, of GloVe the
    words and their counts.

    Args:
        model_folder: output of `firth train`.
        levels: "tables", "replay", "quality", or some of them.
        seeds: for the level "quality", two or more.
        max_tokens: the levels "tables" and "quality" read at most so many tokens of the text.
        report: told what begins and what has been done.

    Raises:
        InputError: no finished model there, its token files have changed, or so few tokens hold no word of it.
        SettingError: an unknown level, or too few seeds.
    """
    checks = _checks(load_model(model_folder), seeds, max_tokens, report)
    found = []
    for name in _in_order(levels):
        found.append(checks[name]())
        report(f"{name}: {found[-1].verdict}")
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
    """Cross-check the model in `folder` at the levels that are not current, and keep all there as crosscheck.json.

    Levels that were not asked for stay in the report as they are, as long as they are about this model and this code.

    Returns:
        The report as plain JSON values, and whether any level was checked now.
    """
    part: dict[str, Any] = {"max_tokens": max_tokens}
    settings = {"tables": part, "replay": {}, "quality": {"seeds": list(seeds), **part}}
    kept = kept_levels(folder)
    wanted = [n for n in _in_order(levels) if force or n not in kept or kept[n].settings != settings[n]]
    if wanted:
        made = crosscheck(folder, levels=wanted, seeds=seeds, max_tokens=max_tokens, report=report)
        kept |= {level.name: KeptLevel(level, settings[level.name]) for level in made.levels}
    result = Report(tuple(kept[name].level for name in LEVELS if name in kept)).as_dict()
    keep_levels(folder, kept, result)
    return result, bool(wanted)


def _in_order(levels: Sequence[str]) -> list[str]:
    if not levels or not set(levels) <= set(LEVELS):
        raise SettingError(f"levels are {list(levels)}; allowed: {', '.join(LEVELS)}")
    return sorted(set(levels), key=LEVELS.index)


def _checks(
    model: Model, seeds: Sequence[int], max_tokens: int, report: Callable[[str], None]
) -> dict[str, Callable[[], Level]]:
    """How to check each level."""
    training, words = model.settings, settings_of(VocabularySettings, model.manifest)

    @cache
    def text() -> TextPart:
        return TextPart.read(_corpus(model), max_tokens)

    def replay() -> Level:
        return check_replay(one_epoch(training), report=report)

    def quality() -> Level:
        return check_quality(Experiment(text(), text().vocabulary(words), training, seeds), report=report)

    def tables() -> Level:
        if training.model == "glove":
            return check_words(text(), words.min_count)
        return check_tables(text(), words.min_count, training)

    return {
        "tables": tables,
        "replay": replay if in_gensim(training) else partial(not_in_gensim, "replay", training),
        "quality": quality if in_gensim(training) else partial(not_in_gensim, "quality", training),
    }


def _corpus(model: Model) -> TokenCorpus:
    corpus = TokenCorpus.open(model.tokens)
    if corpus.manifest.key != model.manifest.inputs["tokens"]:
        raise InputError(f"{model.tokens} has changed since the model was trained; run `firth train` again")
    return corpus
