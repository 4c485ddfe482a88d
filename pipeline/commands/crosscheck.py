"""`firth crosscheck`: Firth against gensim, at three levels, each with a verdict."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from pipeline.commands.asking import json_option
from pipeline.commands.base import FILE, FirthCommand, force_option, print_json, tell
from pipeline.crosscheck.rendering import as_text
from pipeline.options import Setting, collect, settings_options
from storage.declared import Declared, setting

EXAMPLES = {
    "firth crosscheck work/model": "all three levels; the exit code is 1 if one fails",
    "firth crosscheck work/model --level tables --level replay": "the quick ones only",
    "firth crosscheck work/model --json": "every number, for a program",
}
LEVELS = ("tables", "replay", "quality")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class CrosscheckSettings(Declared):
    """How much is compared."""

    seeds: int = setting(3, "Level quality: trainings with Firth and with gensim, each.", low=2, high=100)
    max_tokens: int = setting(1_000_000, "Levels tables and quality: tokens of the text to use.", low=1)


level_option = click.option(
    "--level",
    cls=Setting,
    type=click.Choice(LEVELS),
    multiple=True,
    default=LEVELS,
    show_default="all three",
    help="A level to check; can be given more than once.",
)


@click.command("crosscheck", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="DIR", type=FILE)
@level_option
@settings_options(CrosscheckSettings)
@json_option
@force_option
@click.pass_context
def command(
    context: click.Context, /, *, model: Path, level: tuple[str, ...], as_json: bool, force: bool, **params: object
) -> None:
    """Compare Firth with gensim, at three levels.

    DIR is what `firth train` wrote; its text and settings are used, and the verdicts are kept there. tables: words,
    counts, keep probabilities, noise distribution and Huffman tree are gensim's. replay: with gensim's own random
    draws, Firth computes gensim's vectors, for the model's --model and --loss. quality: trained by Firth or by gensim,
    models score alike and agree on neighbors about as far as two gensim trainings do; undecided where there is too
    little text to tell. gensim has neither GloVe nor full softmax, so of such models only the tables can be compared.
    The exit code is 1 when a level fails. Levels that are current are not checked again, and those not asked for stay
    in the report.
    """
    result, ran = _run(model, level, collect(CrosscheckSettings, params), force=force)
    if as_json:
        print_json(result)
    else:
        _tell(model, result, ran=ran)
    if result["verdict"] == "fail":
        context.exit(1)


def crosscheck_in(model: Path, levels: tuple[str, ...], settings: CrosscheckSettings, *, force: bool) -> bool:
    """Run the stage and tell what came out; returns whether no level failed."""
    result, ran = _run(model, levels, settings, force=force)
    _tell(model, result, ran=ran)
    return bool(result["verdict"] != "fail")


def _run(
    model: Path, levels: tuple[str, ...], settings: CrosscheckSettings, *, force: bool
) -> tuple[Mapping[str, Any], bool]:
    from pipeline.crosscheck.crosscheck import crosscheck_stage

    def report(line: str) -> None:
        _LOG.info("crosscheck  %s", line)

    seeds, most = tuple(range(1, settings.seeds + 1)), settings.max_tokens
    return crosscheck_stage(model, levels=levels, seeds=seeds, max_tokens=most, force=force, report=report)


def _tell(model: Path, result: Mapping[str, Any], *, ran: bool) -> None:
    tell("crosscheck", model / "crosscheck.json", ran, as_text(result).splitlines())
    for name, level in result["levels"].items():
        if level["verdict"] == "fail":
            click.echo(f"CROSS-CHECK FAILED at level {name}. It passes when: {level['rule']}.", err=True)
