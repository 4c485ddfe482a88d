"""What the commands that ask a stored model share: --db, --model, --json, and which model answers."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from pipeline.asking.completing import complete_model
from pipeline.asking.session import Opened, Session
from pipeline.commands.base import FILE
from pipeline.options import Setting

if TYPE_CHECKING:
    from storage.store import Store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

db_option = click.option(
    "--db", cls=Setting, type=FILE, metavar="FILE", default="firth.db", help="SQLite file with the models."
)
model_option = click.option(
    "--model",
    cls=Setting,
    metavar="NAME[@VERSION]",
    show_default="the newest in the file",
    shell_complete=complete_model,
    help="Which model to ask: a name means its current version; a tag may stand for a version.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def asks_a_model(function: Decorated) -> Decorated:
    """Give a command --db, --model and --json."""
    return db_option(model_option(json_option(function)))


def store_to_change(db: Path) -> "Store":
    """An existing store, opened for writing; none is made where there is none.

    Raises:
        StoreError: the file is missing, or cannot be used.
    """
    from storage.store import Store

    return Store.open(db, create=db.exists())  # of a missing one, reading says so


def session_of(context: click.Context, db: Path, *, for_long: bool = False) -> Session:
    """What stays loaded: in `firth shell` its own session, elsewhere a new one, for many questions or for one."""
    session: Session | None = context.obj
    if session and in_line(context, "db"):
        raise click.UsageError("a shell has one file: --db is for `firth shell` itself", context)
    return session or Session(db, for_long=for_long)


def opened(context: click.Context, db: Path, model: str | None, *, for_long: bool = False) -> Opened:
    """The model that a command asks; in `firth shell` the chosen one, unless the line itself names another.

    Raises:
        StoreError: the file cannot be read, or holds no model.
        UnknownModel: it holds no such model.
    """
    named = in_line(context, "model") or not context.obj
    return session_of(context, db, for_long=for_long).open(model if named else None)


def in_line(context: click.Context, name: str) -> bool:
    """Whether an option stands in the command line itself, not in a file, the environment or nowhere."""
    return context.get_parameter_source(name) is ParameterSource.COMMANDLINE
