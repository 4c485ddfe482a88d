"""`firth shell` behind its prompt: a line is a command of `firth` that asks a model, and the model stays loaded."""

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import ClassVar

import click

from pipeline.asking.batch import decoded
from pipeline.asking.completing import complete_model
from pipeline.asking.line import words_of
from pipeline.asking.session import Session
from pipeline.asking.showing import named
from pipeline.asking.spoken import COMMANDS, OVER_HTTP
from pipeline.commands import models
from pipeline.commands.base import NamedCommands, print_line
from pipeline.commands.questions import command_named
from pipeline.commands.telling import tell
from storage.errors import InputError


class Leave(Exception):
    """The user has had enough."""


class LineContext(click.Context):
    """The context of a line: nothing stands before a command's name."""

    @property
    def command_path(self) -> str:
        """What usage shows before the command."""
        return ""


class Lines(NamedCommands):
    """What can be typed."""

    context_class = LineContext
    sections: ClassVar[Mapping[str, Iterable[str]]] = {
        "Ask": COMMANDS,
        "Look around": ("models", "model", "help", "exit"),
    }
    called_elsewhere = OVER_HTTP

    def command_named(self, name: str) -> click.Command:
        """A question, or one of the few others."""
        return command_named(name) if name in COMMANDS else _OTHERS[name]


class Shell:
    """Runs lines.

    Args:
        context: of the command `firth shell`; its settings are those of every line.
        session: which model is asked.
    """

    def __init__(self, context: click.Context, session: Session) -> None:
        self._context, self.session = context, session
        context.obj = session
        self.lines = Lines("lines", add_help_option=False, options_metavar="", help=_HELP)

    @property
    def prompt(self) -> str:
        """What stands before a line: the model."""
        return f"{self.session.open().info}> "

    def run(self, line: str) -> bool:
        """Run a line; has it gone well? An empty one has.

        Raises:
            Leave: the line says so.
        """
        words = words_of(line)
        if words[:1] == ["firth"]:  # as in the examples of the help
            del words[0]
        if not words:
            return True
        try:
            with self.lines.make_context("", words, parent=self._context) as context:
                self.lines.invoke(context)
        except click.exceptions.Exit as ended:
            return ended.exit_code == 0
        except (Leave, BrokenPipeError):
            raise
        except Exception as error:  # noqa: BLE001 - a mistake in one line is not the end of the session
            return tell(error) == 0
        return True

    def run_all(self) -> bool:
        """Run the lines of standard input; have all gone well?"""
        well = True
        with suppress(Leave):
            for line in sys.stdin.buffer:
                well &= self._run_encoded(line)
        return well

    def _run_encoded(self, line: bytes) -> bool:
        try:
            return self.run(decoded(line))
        except InputError as error:
            return tell(error) == 0


_HELP = """A line is a question, as on the command line: `similar king`, `calc king + woman - man --topn 3`.

The tabulator key completes commands, options and words. Words with blanks stand in quotes. Ctrl-C gives up a line,
Ctrl-D leaves.
"""


@click.command("model")
@click.argument("name", metavar="[NAME[@VERSION]]", required=False, shell_complete=complete_model)
@click.pass_obj
def _model(session: Session, /, *, name: str | None) -> None:
    """Choose the model that is asked, or say which one it is."""
    print_line(named((session.choose(name) if name else session.open()).info))


def _complete_command(_: click.Context, __: click.Parameter, beginning: str) -> list[str]:
    return [name for name in (*COMMANDS, *_OTHERS) if name.startswith(beginning)]


@click.command("help")
@click.argument("name", metavar="[COMMAND]", required=False, shell_complete=_complete_command)
@click.pass_context
def _help(context: click.Context, /, *, name: str | None) -> None:
    """Say what can be asked, or how a command is used."""
    lines = context.parent or context
    if name is None:
        click.echo(lines.get_help())
        return
    _, command, _ = Lines("lines").resolve_command(lines, [name])
    if command:
        click.echo(command.get_help(click.Context(command, lines, name)))


@click.command("exit")
def _exit() -> None:
    """Leave, as Ctrl-D does."""
    raise Leave


_OTHERS = {"models": models.command, "model": _model, "help": _help, "exit": _exit}
