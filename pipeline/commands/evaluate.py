"""`firth evaluate`: a model's answers to questions whose answers are known."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.commands.asking import asks_a_model, in_line
from pipeline.commands.base import FILE, FirthCommand, force_option, print_json, tell
from pipeline.crosscheck.rendering import TITLES
from pipeline.options import collect, settings_options
from storage.declared import Declared, setting

EXAMPLES = {
    "firth evaluate work/model": "rank correlations and analogies of a trained model",
    "firth evaluate work/model --json": "the same with all sections, for a program",
    "firth evaluate --model news@3 --db firth.db": "a stored model, trained here or imported",
}


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(Declared):
    """What is asked."""

    restrict: int = setting(30_000, "Analogies use only this many words, the most frequent.", low=1)


@click.command("evaluate", cls=FirthCommand, examples=EXAMPLES)
@click.argument("folder", metavar="[DIR]", type=FILE, required=False)
@asks_a_model
@settings_options(EvaluateSettings)
@force_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    folder: Path | None,
    db: Path,
    model: str | None,
    as_json: bool,
    force: bool,
    **params: object,
) -> None:
    """Score a model on similarities and analogies.

    DIR is what `firth train` wrote; the scores are kept there. Without DIR a stored model is asked; as a published
    model never changes, its scores are only printed. The questions come with gensim. WordSim-353 and
    SimLex-999 are scored by Spearman's rank correlation with people's ratings, from -1 to 1; the analogies by the
    share answered rightly. In brackets: a 95 % interval. Small corpora cover few of the questions.
    """
    settings = collect(EvaluateSettings, params)
    where: Path | str
    if folder is None:
        (where, result), ran = _of_stored(db, model, settings), True
    elif in_line(context, "model"):
        raise click.UsageError("DIR and --model are two models; name one", context)
    else:
        result, ran = _run(folder, settings, force=force)
        where = folder / "evaluation.json"
    if as_json:
        print_json(result)
    else:
        _tell(where, result, ran=ran)


def evaluate_in(model: Path, settings: EvaluateSettings, *, force: bool) -> None:
    """Run the stage and tell what came out."""
    result, ran = _run(model, settings, force=force)
    _tell(model / "evaluation.json", result, ran=ran)


def _of_stored(db: Path, model: str | None, settings: EvaluateSettings) -> tuple[str, Mapping[str, Any]]:
    """The scores of a model in a store, and its name."""
    from pipeline.asking.session import usual
    from pipeline.evaluation.evaluate import evaluate
    from storage.store import Store

    with Store.open(db) as store:
        info = store.find(model) if model else usual(store)
        embeddings = store.load(info, verify=True)
    return str(info), evaluate(embeddings, restrict=settings.restrict).as_dict()


def _run(model: Path, settings: EvaluateSettings, *, force: bool) -> tuple[Mapping[str, Any], bool]:
    from pipeline.evaluation.evaluate import evaluate_stage

    return evaluate_stage(model, restrict=settings.restrict, force=force)


def _tell(where: Path | str, result: Mapping[str, Any], *, ran: bool) -> None:
    tell("evaluate", where, ran, [_line(name, result[name]) for name in TITLES])


def _line(name: str, found: Mapping[str, Any]) -> str:
    score = found["spearman"] if "spearman" in found else found["accuracy"]
    covered = f"{found['covered']:,} of {found['total']:,} questions covered"
    if score is None:
        return f"{TITLES[name]:<17} no score; {covered}"
    low, high = found["interval"]
    return f"{TITLES[name]:<17} {score:6.3f} [{low:.3f}, {high:.3f}]  {covered}"
