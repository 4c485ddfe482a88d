"""`firth reproduce`: trains a stored model again from its text, and compares the bytes."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FILE, FirthCommand, print_json, print_line
from pipeline.options import collect, settings_options
from pipeline.progress import Meter, of_reading, of_training
from storage.declared import Declared, setting
from storage.errors import InputError

if TYPE_CHECKING:
    from pipeline.reproducing import Reproduction
    from pipeline.training.ledger import Progress
    from storage.verification.checks import Check

EXAMPLES = {
    "firth reproduce news --corpus news/": "train news again from the text in a folder, and compare",
    "firth reproduce news@1 --corpus a.txt b.txt.gz --json": "an earlier version, from two files, for a program",
}


@dataclass(frozen=True, kw_only=True)
class ReproduceSettings(Declared):
    """How the work is divided; the result is the same."""

    workers: int = setting(
        1, "Processes that train at once, where the model was trained with --deterministic.", low=1, high=256
    )


@click.command("reproduce", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="NAME[@VERSION]", shell_complete=complete_model)
@click.option(
    "--corpus", multiple=True, required=True, metavar="PATH...", help="Files and folders that hold the model's text."
)
@click.argument("more", metavar="", nargs=-1)
@click.option("--work", type=FILE, metavar="DIR", help="Keep tokens and vectors in this folder, which must be empty.")
@settings_options(ReproduceSettings)
@db_option
@json_option
@click.pass_context
def command(
    context: click.Context,
    /,
    *,
    model: str,
    corpus: tuple[str, ...],
    more: tuple[str, ...],
    work: Path | None,
    db: Path,
    as_json: bool,
    **params: object,
) -> None:
    """Train a stored model again and compare the bytes.

    From the text, by the recorded settings: files (known by their sha256, whatever they are called now), tokens,
    vocabulary, losses and vectors are compared in this order. The first that differs is named, with what else is not
    as it was, and the exit code is 1. Nothing is stored.

    Models that were imported, continue others, or were trained by several workers without --deterministic cannot be
    made again; the message says so. Another processor, BLAS or NumPy may round otherwise.
    """
    from pipeline.reproducing import Reproduction
    from storage.store import Store

    with ExitStack() as opened:
        folder = _empty(work) if work else Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="firth-")))
        with Store.open(db) as store:
            info = store.find(model)
            card = store.card(info)
        files, workers = (*corpus, *more), collect(ReproduceSettings, params).workers
        made = Reproduction(info, card, files, folder, workers, *_meters(opened, files))
        checks = list(made.checks())
    _tell(made, checks, as_json=as_json)
    context.exit(0 if checks[-1].fits else 1)


def _tell(made: "Reproduction", checks: "Sequence[Check]", *, as_json: bool) -> None:
    differs = not checks[-1].fits
    others = made.circumstances() if differs else []
    if as_json:
        stages = [check.as_dict() for check in checks]
        print_json({"model": str(made.info), "same": not differs, "stages": stages, "not_as_it_was": others})
        return
    for check in checks:
        print_line(f"{check.stage:<11} {check.wrong or check.note}")
    for other in others:
        print_line(f"{'':<11} not as it was: {other}")
    where = f"differs, first in: {checks[-1].stage}" if differs else "is reproduced, byte for byte"
    print_line(f"{made.info} {where}")


def _meters(
    opened: ExitStack, corpus: Sequence[str]
) -> tuple[Callable[[int, int], None], Callable[["Progress"], None]]:
    """What shows how far the reading and the training are."""
    from pipeline.text.tokenizing import total_bytes

    reading, training = (opened.enter_context(Meter(title)) for title in ("reproduce  tokenize", "reproduce  train"))
    return of_reading(reading, total_bytes(corpus)), of_training(training)


def _empty(folder: Path) -> Path:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder} is not an empty folder; give another to --work, or leave it out")
    return folder
