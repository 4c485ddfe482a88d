"""What `firth import` and `firth export` share: --format, --words and --on-unfit."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pipeline.commands.base import FILE

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


def format_option(described: str, *, written: bool) -> Callable[[Decorated], Decorated]:
    """--format NAME, completed by the names of all formats, or of those that are `written`."""

    def complete(_context: click.Context, _option: click.Parameter, beginning: str) -> list[str]:
        from storage.formats.known import FORMATS  # not at the start of every command: it needs NumPy

        names = sorted(format_.name for format_ in FORMATS if format_.written or not written)
        return [name for name in names if name.startswith(beginning)]

    return click.option("--format", "named", metavar="FORMAT", shell_complete=complete, help=described)


def words_option(what: str) -> Callable[[Decorated], Decorated]:
    """--words FILE, the file `what`."""
    return click.option("--words", type=FILE, metavar="FILE", help=f"The file {what}.")


def on_unfit_option(what: str) -> Callable[[Decorated], Decorated]:
    """--on-unfit, for words that `what`."""
    return click.option(
        "--on-unfit",
        type=click.Choice(("fail", "skip")),
        default="fail",
        show_default=True,
        help=f"Whether to refuse, or to leave out and list, words that {what}.",
    )
