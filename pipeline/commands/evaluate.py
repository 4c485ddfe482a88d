"""`firth evaluate`: a model's answers to questions whose answers are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.commands.asking import json_option
from pipeline.commands.base import FILE, FirthCommand, force_option, print_json, tell
from pipeline.crosscheck.rendering import TITLES
from pipeline.options import collect, settings_options
from storage.declared import Declared, setting

EXAMPLES = {
    "firth evaluate work/model": "rank correlations and analogies of a trained model",
    "firth evaluate work/model --json": "the same with all sections, for a program",
}


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(Declared):
    """What is asked."""

    restrict: int = setting(30_000, "Analogies use only this many words, the most frequent.", low=1)


@click.command("evaluate", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="DIR", type=FILE)
@settings_options(EvaluateSettings)
@json_option
@force_option
def command(*, model: Path, as_json: bool, force: bool, **params: object) -> None:
    """Score a model on similarities and analogies.

    DIR is what `firth train` wrote; the scores are kept there. The questions come with gensim. WordSim-353 and
    SimLex-999 are scored by Spearman's rank correlation with people's ratings, from -1 to 1; the analogies by the
    share answered rightly. In brackets: a 95 % interval. Small corpora cover few of the questions.
    """
    result, ran = _run(model, collect(EvaluateSettings, params), force=force)
    if as_json:
        print_json(result)
    else:
        _tell(model, result, ran=ran)


def evaluate_in(model: Path, settings: EvaluateSettings, *, force: bool) -> None:
    """Run the stage and tell what came out."""
    result, ran = _run(model, settings, force=force)
    _tell(model, result, ran=ran)


def _run(model: Path, settings: EvaluateSettings, *, force: bool) -> tuple[Mapping[str, Any], bool]:
    from pipeline.evaluation.evaluate import evaluate_stage

    return evaluate_stage(model, restrict=settings.restrict, force=force)


def _tell(model: Path, result: Mapping[str, Any], *, ran: bool) -> None:
    tell("evaluate", model / "evaluation.json", ran, [_line(name, result[name]) for name in TITLES])


def _line(name: str, found: Mapping[str, Any]) -> str:
    score = found["spearman"] if "spearman" in found else found["accuracy"]
    covered = f"{found['covered']:,} of {found['total']:,} questions covered"
    if score is None:
        return f"{TITLES[name]:<17} no score; {covered}"
    low, high = found["interval"]
    return f"{TITLES[name]:<17} {score:6.3f} [{low:.3f}, {high:.3f}]  {covered}"
