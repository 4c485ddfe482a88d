"""`firth shell`: many questions without loading the model each time."""

import sys
from pathlib import Path

import click

from pipeline.asking.session import Session
from pipeline.commands.asking import db_option, model_option
from pipeline.commands.base import FirthCommand

EXAMPLES = {
    "firth shell": "ask the newest model of firth.db",
    "firth shell --db books.db --model books@2": "ask another one",
    "cat questions.txt | firth shell": "run lines such as: similar war --topn 3",
}


@click.command("shell", cls=FirthCommand, examples=EXAMPLES)
@db_option
@model_option
@click.option("--no-history", is_flag=True, help="Forget the lines at the end.")
@click.pass_context
def command(context: click.Context, /, *, db: Path, model: str | None, no_history: bool) -> None:
    """Ask many questions without loading the model each time.

    A line is a command that asks a model, without `firth` in front. There are also `model NAME` to choose another
    model, `help`, and `exit`. On a terminal lines can be edited, the tabulator key completes commands, options and
    words, and the lines of earlier sessions are there again; they are kept in a file that only you can read.

    Where standard input is no terminal its lines are run one after the other, and the exit code is 1 if one failed.
    """
    from pipeline.asking.shell import Shell

    session = Session(db, for_long=True)
    info = session.choose(model).info
    shell = Shell(context, session)
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        context.exit(0 if shell.run_all() else 1)
    from pipeline.asking.history import private_history
    from pipeline.asking.prompt import run_prompt
    from pipeline.asking.showing import named

    click.echo(f"{named(info)}; `help` says what can be asked, Ctrl-D leaves.")
    run_prompt(shell, None if no_history else private_history())
