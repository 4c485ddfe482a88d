"""Many questions of one kind, one a line of standard input, each answered before the next line is read.

A line holds the words of the question, as they stand on the command line, with blanks or tabs between them; or a JSON
object with its fields, which are stronger than the options. An empty line asks nothing.
"""

import sys
from collections.abc import Callable

import click

from pipeline.asking.forms import Form, Values
from pipeline.asking.messages import message_of
from pipeline.asking.reading import json_object
from pipeline.commands.base import print_json
from pipeline.printable import printable
from storage.errors import FirthError, InputError, SettingError, UnknownWord, UnusableQuestion

FROM_STANDARD_INPUT = ("-",)
"""What stands on the command line in place of the words."""

_OF_ONE_LINE = (InputError, SettingError, UnknownWord, UnusableQuestion)  # any other error is one of all lines


def ask_each(form: Form, show: Callable[[Values], None], *, as_json: bool) -> int:
    """Answer each line of standard input, and tell what is wrong with a line where it is its turn.

    Args:
        form: how a line is read.
        show: takes what a line says, and prints the answer.
        as_json: also print a line of JSON for a line that could not be answered.

    Returns:
        How many could not be answered.
    """
    lines = enumerate(sys.stdin.buffer, start=1)
    return sum(not _answered(number, line, form, show, as_json=as_json) for number, line in lines)


def _answered(number: int, line: bytes, form: Form, show: Callable[[Values], None], *, as_json: bool) -> bool:
    try:
        text = decoded(line).strip("\r\n\ufeff")
        if text.strip():
            show(values_of(text, form))
    except _OF_ONE_LINE as error:
        if as_json:
            print_json(problem(error), indent=None)
        click.echo(f"line {number}: {printable(message_of(error))}", err=True)
        return False
    return True


def decoded(line: bytes) -> str:
    """A line of standard input as text.

    Raises:
        InputError: it is not in the encoding of standard input.
    """
    try:
        return line.decode(sys.stdin.encoding or "utf-8")
    except UnicodeDecodeError as error:
        raise InputError(f"not {error.encoding}: {error.reason} at byte {error.start}") from None


def values_of(text: str, form: Form) -> Values:
    """What a line says.

    Raises:
        SettingError: it is not as the form has it.
    """
    return json_object(text) if text.lstrip().startswith("{") else form.read(form.split(text))


def problem(error: FirthError) -> dict[str, object]:
    """An error as JSON, with the keys that it has over HTTP but those of HTTP itself."""
    near = error.near if isinstance(error, UnknownWord) else {}
    subwords = isinstance(error, UnknownWord) and error.subwords
    return {"error": {"message": message_of(error), "missing": list(near), "subwords": subwords, "near": near}}
