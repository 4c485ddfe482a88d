"""`firth run`: every stage, and a first look at what came out."""

import re
from collections.abc import Sequence
from pathlib import Path

import click

from pipeline.commands.asking import db_option
from pipeline.commands.base import FILE, force_option, tell
from pipeline.commands.crosscheck import CrosscheckSettings, crosscheck_in, level_option
from pipeline.commands.evaluate import EvaluateSettings, evaluate_in
from pipeline.commands.first_look import show
from pipeline.commands.store import MapSettings, PrecisionSettings, publish
from pipeline.commands.tokenizing import WorkSettings, tokenize_into
from pipeline.commands.train import Training, train_into, training_options
from pipeline.commands.word2vec_spellings import SpelledCommand
from pipeline.options import Setting, collect, settings_options
from pipeline.settings import PhraseSettings, TokenSettings

EXAMPLES = {
    "firth run": "the demo: real text that comes with gensim",
    "firth run books/ --name books --vector-size 200": "your own text, as the model books in firth.db",
    "firth run --epochs 10": "only training and what follows is done again: the tokens are still right",
}


@click.command("run", cls=SpelledCommand, examples=EXAMPLES)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--work",
    cls=Setting,
    type=FILE,
    metavar="DIR",
    default="firth-work",
    help="Folder for what the stages write: corpus, tokens and model.",
)
@click.option(
    "--name",
    cls=Setting,
    metavar="NAME",
    show_default="demo, or from the first PATH",
    help="What the model is called; it gets the next version.",
)
@db_option
@settings_options(TokenSettings, PhraseSettings, WorkSettings)
@training_options
@settings_options(CrosscheckSettings, EvaluateSettings, MapSettings, PrecisionSettings)
@level_option
@force_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    paths: tuple[str, ...],
    work: Path,
    name: str | None,
    db: Path,
    level: tuple[str, ...],
    force: bool,
    **params: object,
) -> None:
    """Make vectors from text: every stage, then a first look.

    PATH is a file, a folder, or - for standard input; without any, an English demo corpus is used. The stages are
    tokenize, train, crosscheck (against gensim), evaluate and store; each is also a command of its own. Stages whose
    input and settings have not changed are skipped, so the same command goes on after an interruption; with --resume
    the training does so, too. The exit code is 1 when the cross-check fails; the vectors are stored all the same,
    marked with its verdict.
    """
    from storage.models import check_name
    from storage.store import Store

    tokenizing, phrasing = collect(TokenSettings, params), collect(PhraseSettings, params)
    work_settings, training = collect(WorkSettings, params), Training.of(params)
    checking, evaluating = collect(CrosscheckSettings, params), collect(EvaluateSettings, params)
    drawing, precision = collect(MapSettings, params), collect(PrecisionSettings, params)
    name = name or name_for(paths)
    check_name(name)  # now, and the store below, rather than after a long training
    tokens, model = work / "tokens", work / "model"
    tokenize_into(tokens, paths or _demo_corpus(work / "corpus"), tokenizing, phrasing, work_settings, force=force)
    Store.open(db, create=True).close()
    train_into(model, tokens, training, force=force)
    passed = crosscheck_in(model, level, checking, force=force)
    evaluate_in(model, evaluating, force=force)
    show(db, publish(model, name, db, drawing, precision, force=force))
    if not passed:
        click.echo(
            "\nTHE CROSS-CHECK FAILED, see above: do not trust these vectors. They are stored with this verdict.",
            err=True,
        )
        context.exit(1)


def name_for(paths: Sequence[str]) -> str:
    """What a model is called that has not been given a name: after the first path, or demo."""
    if not paths:
        return "demo"
    if paths[0] == "-":
        return "stdin"
    stem = Path(paths[0]).resolve().name.lstrip(".").split(".")[0]
    return re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-")[:64] or "model"


def _demo_corpus(folder: Path) -> Sequence[str]:
    from pipeline.text.demo import demo_corpus

    files = [str(path) for path in demo_corpus(folder)]
    tell("corpus", folder, True, ["no PATH was given: the demo, articles of Wikipedia and news that come with gensim"])
    return files
