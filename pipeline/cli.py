"""`firth`: finds the command, runs it, and ends with an exit code.

Exit codes: 0 done; 1 an error, or a cross-check that failed; 2 wrong usage; 130 interrupted (143 by SIGTERM).
"""

import importlib
import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NoReturn

import click

from pipeline.commands.base import CONTEXT, NamedCommands, config_option, loudness_options
from pipeline.commands.telling import tell
from pipeline.progress import set_loudness
from storage.errors import Interrupted

SECTIONS = {  # title -> name of a command -> its module, which is imported when the command is wanted
    "Make vectors": {
        "run": "run",
        "plan": "plan",
        "tokenize": "tokenizing",  # a file tokenize.py would shadow the standard library's
        "train": "train",
        "crosscheck": "crosscheck",
        "evaluate": "evaluate",
        "store": "store",
    },
    "Trust a model": {"show": "show", "verify": "verify", "reproduce": "reproduce"},
    "Ask a model": {
        "models": "models",
        "similar": "questions",
        "contexts": "questions",
        "similarity": "questions",
        "distance": "questions",
        "similarities": "questions",
        "calc": "questions",
        "analogy": "questions",
        "analogy-from-examples": "questions",
        "doesnt-match": "questions",
        "set-similarity": "questions",
        "rank": "questions",
        "closer-than": "questions",
        "distances": "questions",
        "most-similar-to-given": "questions",
        "relative-cosine-similarity": "questions",
        "neighbors-of-vector": "questions",
        "vector": "questions",
        "words": "questions",
        "random-words": "questions",
        "shell": "shell",
    },
    "Keep models": {
        "tag": "versions",
        "untag": "versions",
        "publish": "versions",
        "rollback": "versions",
        "delete": "delete",
        "copy": "copying",
        "import": "importing",
        "export": "exporting",
        "diff": "diff",
        "gc": "gc",
    },
    "Serve": {"serve": "serve"},
    "Learn": {"lesson": "lesson"},
    "Set up": {"config": "config", "completion": "completion"},
}
COMMANDS = {name: module for section in SECTIONS.values() for name, module in section.items()}
INTERRUPTED = 130
COMPLETION = "_FIRTH_COMPLETE"  # in the environment: a shell wants completions; click's name for it


class FirthGroup(NamedCommands):
    """The commands of `firth`, in the order of the data."""

    sections = SECTIONS
    called_elsewhere: ClassVar[Mapping[str, str]] = {"neighbors": "similar", "most-similar": "calc"}  # over HTTP

    def command_named(self, name: str) -> click.Command:
        """Import a command; a module of several has a function that makes the one of a name."""
        module = importlib.import_module(f"pipeline.commands.{COMMANDS[name]}")
        command: click.Command = module.command_named(name) if hasattr(module, "command_named") else module.command
        return command

    def main(self, *args: Any, **options: Any) -> NoReturn:
        """Run, and translate every error once."""
        set_loudness(logging.INFO)
        if COMPLETION in os.environ:
            from pipeline.asking.completing import quote_in_bash

            quote_in_bash()
        try:
            code = super().main(*args, **{**options, "standalone_mode": False})
        except click.Abort:
            click.echo("Interrupted. Finished stages are kept; the same command goes on from there.", err=True)
            code = INTERRUPTED
        except Interrupted as error:
            click.echo(f"Interrupted. {error} To go on:\n{resuming(options.get('args') or sys.argv[1:])}", err=True)
            code = error.exit_code
        except Exception as error:  # noqa: BLE001 - the last place: users get a sentence, developers the traceback
            code = tell(error)
        sys.exit(code or 0)


def resuming(arguments: Sequence[str]) -> str:
    """The command line that goes on where the one with these arguments was interrupted."""
    options, *rest = " ".join(map(shlex.quote, arguments)).partition(" -- ")
    resume = "" if "--resume" in arguments else " --resume"
    return "".join(("firth ", options, resume, *rest))


def _version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted:
        return
    from importlib.metadata import version
    from platform import python_version

    from pipeline.stages import VERSION

    click.echo(f"Firth {VERSION}, Python {python_version()}, NumPy {version('numpy')}")
    context.exit()


@click.group(cls=FirthGroup, context_settings=CONTEXT, params=[config_option(before_command=True), *loudness_options()])
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the versions and exit."
)
def firth() -> None:
    """Word vectors from your own text: trained, cross-checked, stored in SQLite, and answering.

    `firth run` does everything once. Each stage is also a command of its own that reads what the one before wrote:
    tokenize, train, crosscheck, evaluate, store. The others ask a stored model.
    """


def main() -> NoReturn:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a word that the terminal cannot show is no reason to stop
    firth.main(prog_name="firth")
