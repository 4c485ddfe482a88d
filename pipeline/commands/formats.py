"""What `firth import` and `firth export` share: --words and --on-unfit."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from pipeline.commands.base import FILE

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


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
