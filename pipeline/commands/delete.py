"""`firth delete`: a model goes, after a confirmation."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, store_to_change
from pipeline.commands.base import FirthCommand, print_line

if TYPE_CHECKING:
    from storage.catalog import Catalog
    from storage.models import ModelInfo

EXAMPLES = {
    "firth delete news@1": "asks first, then deletes this version",
    "firth delete news --all --yes": "every version of the name, without asking",
}


@click.command("delete", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="MODEL", shell_complete=complete_model)
@click.option("--all", "every", is_flag=True, help="All versions of a name.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@db_option
def command(*, model: str, every: bool, yes: bool, db: Path) -> None:
    """Delete a model with all that belongs to it.

    MODEL is NAME@VERSION or NAME@TAG, or a name that has one version. It cannot be brought back. Its number stays
    taken: the next version of the name gets another. The room in the file is used by later models; `firth gc` gives it
    back to the disk. A version that another program has deleted, which `firth verify` tells, counts as deleted then.
    """
    from storage.derived import DerivedFiles
    from storage.managing.versions import delete, doomed, lost, write_off

    with store_to_change(db) as store:
        if model in lost(store):
            if not yes and not _agreed(f"{model} is gone from {db} already; let it count as deleted?"):
                raise click.ClickException("nothing was changed")
            write_off(store, model)
            print_line(f"counts as deleted: {model}")
            return
        catalog = store.catalog()
        models = doomed(catalog, model, every=every)
        if not yes and not _agreed(f"Delete {_listed(catalog, models)} from {db}?"):
            raise click.ClickException("nothing was deleted")
        delete(store, models)
        files = DerivedFiles(db)
        with files.making():
            files.tidy(store.models())
    print_line(f"deleted: {', '.join(map(str, models))}")


def _agreed(question: str) -> bool:
    try:
        return click.confirm(question, err=True)
    except click.Abort:
        click.echo(err=True)
        raise click.UsageError("nobody answered, nothing was deleted; --yes deletes without asking") from None


def _listed(catalog: "Catalog", models: "Sequence[ModelInfo]") -> str:
    return ", ".join(f"{info} ({_about(catalog, info)})" for info in models)


def _about(catalog: "Catalog", info: "ModelInfo") -> str:
    size = f"{info.words:,} words of {info.dimensions} dimensions"
    tags = ", ".join(catalog.tags_of(info))
    return f"{size}; {tags}" if tags else size
