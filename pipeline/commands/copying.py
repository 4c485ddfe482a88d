"""`firth copy`: a model into another file."""

from pathlib import Path

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option
from pipeline.commands.base import FILE, FirthCommand, print_line

EXAMPLES = {
    "firth copy news@3 --to backup.db": "the whole model, with its card, contexts, map and seals",
    "firth copy news --to all.db --name news-en": "under another name, as its next version",
}


@click.command("copy", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="MODEL", shell_complete=complete_model)
@click.option("--to", type=FILE, metavar="OTHER.db", required=True, help="The file that gets it; made when missing.")
@click.option("--name", metavar="NAME", help="What it is called there, as the next version of that name.")
@db_option
def command(*, model: str, to: Path, name: str | None, db: Path) -> None:
    """Copy a model into another file, whole or not at all.

    It keeps its name, its version and the time of its publication. Its tags stay behind: which version they mean is a
    matter of each file. Every part is compared with its seal.
    """
    from storage.managing.copying import copy_model

    copied = copy_model(db, model, to, name)
    print_line(f"{copied.source} is in {to} as {copied.target}{'' if copied.is_new else ', as it was before'}")
