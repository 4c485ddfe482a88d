"""`firth gc`: what a file keeps for nothing goes."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.asking import db_option, json_option, store_to_change
from pipeline.commands.base import FirthCommand, print_json, print_line

if TYPE_CHECKING:
    from storage.managing.collecting import Litter

EXAMPLES = {
    "firth gc --dry-run": "say what could go",
    "firth gc --db books.db": "let it go, and give the room back to the disk",
}


@click.command("gc", cls=FirthCommand, examples=EXAMPLES)
@click.option("--dry-run", is_flag=True, help="Only say what could go; nothing is changed.")
@db_option
@json_option
def command(*, dry_run: bool, db: Path, as_json: bool) -> None:
    """Free the room that is kept for nothing.

    That is: derived files of models that are gone, or that a kill left half written; rows that belong to no model; and
    the pages of deleted models, which the file is written anew without. No model is touched, and whoever reads goes on.
    """
    from storage.managing.collecting import collect, find_litter
    from storage.store import Store

    with Store.open(db) if dry_run else store_to_change(db) as store:
        found = find_litter(store) if dry_run else collect(store)
    if as_json:
        print_json({**found.as_dict(), "dry_run": dry_run})
    else:
        _show(found, "could go" if dry_run else "gone")


def _show(found: "Litter", what: str) -> None:
    for path, size in found.files.items():
        print_line(f"{what}: {path} ({_megabytes(size)})")
    for table, rows in found.rows.items():
        print_line(f"{what}: {rows:,} rows of {table} that belong to no model")
    print_line(f"{what}: {_megabytes(found.free_bytes)} of free pages")


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f} MB"
