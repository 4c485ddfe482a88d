"""`firth models`: what is in a store."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.asking import db_option, json_option, session_of
from pipeline.commands.base import FirthCommand, print_json, print_table

if TYPE_CHECKING:
    from storage.catalog import Catalog
    from storage.models import ModelInfo

EXAMPLES = {
    "firth models": "the models in firth.db",
    "firth models --db books.db --json": "those of another file, for a program",
}
HEADERS = ("model", "version", "words", "dimensions", "published", "vectors sha256", "tags")


@click.command("models", cls=FirthCommand, examples=EXAMPLES)
@db_option
@json_option
@click.pass_context
def command(context: click.Context, /, *, db: Path, as_json: bool) -> None:
    """List the models in an SQLite file.

    Beside each stand its tags; `current` stands there too where the bare name means it although it is not the newest.
    """
    catalog = session_of(context, db).catalog()
    if as_json:
        print_json({"models": [catalog.described(info) for info in catalog.models]})
        return
    print_table(HEADERS, [_row(catalog, info) for info in catalog.models], right=(1, 2, 3))


def _row(catalog: "Catalog", info: "ModelInfo") -> tuple[str, ...]:
    tags = catalog.tags_of(info)
    if catalog.is_current(info) and "latest" not in tags:
        tags = ("current", *tags)
    numbers = (str(info.version), f"{info.words:,}", str(info.dimensions))
    return (info.name, *numbers, info.created, info.vectors_sha256[:12], ", ".join(tags))
