"""What all commands share: help that ends with examples, --config, --quiet, --verbose, and how results are printed."""

import codecs
import logging
import sys
from collections.abc import Callable, Container, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.config import remember, settle
from pipeline.printable import printable
from pipeline.progress import set_loudness
from storage.json_text import json_text

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FILE = click.Path(path_type=Path)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class FirthCommand(click.Command):
    """A command whose help shows examples and whose settings also come from a file and from the environment.

    Attributes:
        examples: command lines, each with what it does.
    """

    def __init__(self, *args: Any, examples: Mapping[str, str], **attributes: Any) -> None:
        super().__init__(*args, **{"context_settings": CONTEXT, **attributes})
        self.examples = dict(examples)
        self.params += [config_option(before_command=False), *loudness_options()]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, ready to be copied."""
        super().format_epilog(ctx, formatter)
        with formatter.section("Examples"):
            for line, meaning in self.examples.items():
                formatter.write(f"  # {meaning}\n  {line}\n")


def config_option(*, before_command: bool) -> click.Option:
    """--config, which finds the settings of a command or, before its name, keeps the file for it."""
    return click.Option(
        ["--config"],
        type=FILE,
        metavar="FILE",
        is_eager=True,
        expose_value=False,
        callback=remember if before_command else settle,
        help="TOML file with settings; `firth config --toml` prints one to start from.",
    )


def loudness_options() -> list[click.Option]:
    """--quiet and --verbose."""

    def loudness(name: str, level: int, described: str) -> click.Option:
        def apply(_context: click.Context, _option: click.Parameter, given: bool) -> None:
            if given:
                set_loudness(level)

        return click.Option([name], is_flag=True, is_eager=True, expose_value=False, callback=apply, help=described)

    return [
        loudness("--quiet", logging.WARNING, "No progress, only results, warnings and errors."),
        loudness("--verbose", logging.DEBUG, "More log lines, and a traceback with every error."),
    ]


def out_option(what: str) -> Callable[[Decorated], Decorated]:
    """--out DIR for a stage that writes `what`."""
    return click.option("--out", type=FILE, metavar="DIR", required=True, help=f"Folder for {what}; made when missing.")


force_option = click.option("--force", is_flag=True, help="Run again even if nothing has changed.")


def tell(stage: str, where: Path, ran: bool, facts: Sequence[str]) -> None:
    """Say on standard output what a stage wrote, or that it had nothing to do."""
    skipped = "" if ran else "  (current, not run again)"
    print_line(f"{stage:<11} {where}{skipped}")
    for fact in facts:
        print_line(f"{'':<11} {fact}")


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON document on standard output, in ASCII where that is not UTF-8."""
    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    click.echo(json_text(value, indent=2, ensure_ascii=encoding != "utf-8"))


def print_line(text: str) -> None:
    """Print one line on standard output, whatever words are in it."""
    click.echo(printable(text))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> None:
    """Print a table on standard output; the columns whose numbers, from 0, are in `right` are right-aligned."""
    from tabulate import tabulate

    shown = [[printable(cell) for cell in row] for row in rows]
    sides = ["right" if column in right else "left" for column in range(len(headers))]
    click.echo(tabulate(shown, headers, colalign=sides if rows else None, disable_numparse=True))
