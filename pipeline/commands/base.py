"""What all commands share: help that ends with examples, --config, --quiet, --verbose, and how results are printed."""

import codecs
import logging
import sys
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import click

from pipeline.config import did_you_mean, remember, settle
from pipeline.printable import printable
from pipeline.progress import set_loudness
from storage.json_text import json_text

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
FILE = click.Path(path_type=Path)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class NamedCommands(click.Group):
    """A group that imports a command when it is wanted, and says which was meant where there is none.

    Attributes:
        sections: title -> the commands below it, in the order in which they are used.
        called_elsewhere: other names that are taken for one of these.
    """

    sections: ClassVar[Mapping[str, Iterable[str]]] = {}
    called_elsewhere: ClassVar[Mapping[str, str]] = {}

    def command_named(self, name: str) -> click.Command:
        """The command of a name that is in `sections`."""
        raise NotImplementedError  # each group imports its commands in its own way

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Names in the order in which they are used."""
        return [name for names in self.sections.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        return self.command_named(cmd_name) if cmd_name in self.list_commands(ctx) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant: click would not know the ones that are not imported."""
        known = self.list_commands(ctx)
        args = [self.called_elsewhere.get(name, name) for name in args[:1]] + args[1:]
        if args and args[0] not in known and not args[0].startswith("-") and not ctx.resilient_parsing:
            ctx.fail(f"no command {args[0]!r}{did_you_mean(args[0], known)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands under the titles of their sections."""
        width = max(map(len, self.list_commands(ctx)))
        for title, names in self.sections.items():
            with formatter.section(title):
                rows = [(f"{name:<{width}}", self.command_named(name).get_short_help_str(80)) for name in names]
                formatter.write_dl(rows)


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


def tell(stage: str, where: Path | str, ran: bool, facts: Sequence[str]) -> None:
    """Say on standard output what a stage wrote, or that it had nothing to do."""
    skipped = "" if ran else "  (current, not run again)"
    print_line(f"{stage:<11} {where}{skipped}")
    for fact in facts:
        print_line(f"{'':<11} {fact}")


def print_json(value: Mapping[str, Any], *, indent: int | None = 2) -> None:
    """Print one JSON document on standard output, in ASCII where that is not UTF-8; without `indent` on one line."""
    encoding = codecs.lookup(sys.stdout.encoding or "ascii").name
    click.echo(json_text(value, indent=indent, ensure_ascii=encoding != "utf-8"))


def print_line(text: str) -> None:
    """Print one line on standard output, whatever words are in it."""
    click.echo(printable(text))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> None:
    """Print a table on standard output; the columns whose numbers, from 0, are in `right` are right-aligned."""
    shown = [[printable(cell) for cell in row] for row in rows]
    click.echo("\n".join(table_lines(headers, shown, right=right)))


def table_lines(headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> list[str]:
    """The lines of a table of printable cells: headers, a rule, the rows."""
    from tabulate import tabulate

    sides = ["right" if column in right else "left" for column in range(len(headers))]
    return tabulate(rows, headers, colalign=sides if rows else None, disable_numparse=True).split("\n")
