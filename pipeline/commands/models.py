"""`firth models`: what is in a store."""

from pathlib import Path

import click

from pipeline.commands.asking import db_option, json_option, session_of
from pipeline.commands.base import FirthCommand, print_json, print_table

EXAMPLES = {
    "firth models": "the models in firth.db",
    "firth models --db books.db --json": "those of another file, for a program",
}


@click.command("models", cls=FirthCommand, examples=EXAMPLES)
@db_option
@json_option
@click.pass_context
def command(context: click.Context, /, *, db: Path, as_json: bool) -> None:
    """List the models in an SQLite file."""
    models = session_of(context, db).models()
    if as_json:
        print_json({"models": [info.as_dict() for info in models]})
        return
    rows = [
        (info.name, str(info.version), f"{info.words:,}", str(info.dimensions), info.created, info.vectors_sha256[:12])
        for info in models
    ]
    print_table(("model", "version", "words", "dimensions", "published", "vectors sha256"), rows, right=(1, 2, 3))
