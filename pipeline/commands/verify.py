"""`firth verify`: recomputes what can be recomputed of a store, and names what does not fit."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FirthCommand, print_json, print_line
from pipeline.progress import Meter

if TYPE_CHECKING:
    from storage.checks import Check

EXAMPLES = {
    "firth verify": "the whole file firth.db with all its models",
    "firth verify news@2 --db books.db": "the file and one model",
    "firth verify --json": "every check, for a program",
}


@click.command("verify", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="[NAME[@VERSION]]", required=False, shell_complete=complete_model)
@db_option
@json_option
@click.pass_context
def command(context: click.Context, /, *, model: str | None, db: Path, as_json: bool) -> None:
    """Check that a file and its models are as they were published.

    Recomputed are: SQLite's own checks, the tables, the seal (sha256) of each part of each model, the order of the
    words, that vectors are finite, each stage's key from its settings and inputs, the way from the tokens over the
    training to the vectors, the evaluation's scores, and the files derived for speed. What does not fit is named by
    its stage. The exit code is 1 where something does not fit.
    """
    found = []
    with Meter("verify") as meter:
        for check in _checks(db, model):
            found.append(check)
            if as_json:
                meter.show(len(found), None, f"{check.model or 'file'}  {check.stage}")
            else:
                _tell(check)
    wrong = sum(not check.fits for check in found)
    if as_json:
        print_json({"file": str(db), "fits": wrong == 0, "checks": [check.as_dict() for check in found]})
    else:
        print_line(f"{db}: {len(found)} checks, {wrong or 'none'} of them failed")
    context.exit(1 if wrong else 0)


def _checks(db: Path, model: str | None) -> "Iterator[Check]":
    from pipeline.evaluation.recheck import check_evaluation
    from service.derived_checks import check_derived
    from storage.store import Store
    from storage.verify import verify

    yield from verify(db, model)
    with Store.open(db) as store:
        for info in store.models() if model is None else [store.find(model)]:
            yield from check_evaluation(store, info)
            yield from check_derived(store, info)


def _tell(check: "Check") -> None:
    verdict = "fits" if check.fits else "DOES NOT FIT"
    about = f": {check.wrong or check.note}" if check.wrong or check.note else ""
    print_line(f"{check.model or 'file':<20} {check.stage:<20} {verdict}{about}")
