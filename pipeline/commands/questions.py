"""The commands that ask a stored model: one for each question, made from the question itself."""

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click

from pipeline.asking.batch import FROM_STANDARD_INPUT, ask_each
from pipeline.asking.completing import complete_word
from pipeline.asking.reading import question_from
from pipeline.asking.showing import show_answer
from pipeline.asking.spoken import COMMANDS
from pipeline.commands.asking import asks_a_model, opened
from pipeline.commands.base import FirthCommand
from pipeline.options import Setting, field_option
from service.questions import QUESTIONS, Ranking
from storage.declared import Declared
from storage.errors import SettingError

SETTINGS = {"case", "on_missing"}
"""Fields that a file and the environment can set too, as `topn` of a ranking; the others are asked this once."""

_BATCH = """In place of words, - takes a question from each line of standard input: words with blanks or tabs between
them, or a JSON object with the fields that the question has over HTTP. With --json each answer is one line."""

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class QuestionCommand(FirthCommand):
    """A command whose arguments are words of a model, which may begin with a dash."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse, and say what to do about a word that looks like an option."""
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            message = f"{error.message} A word that begins with a dash can stand behind --."
            raise click.NoSuchOption(error.option_name, message, error.possibilities, error.ctx) from None


def command_named(name: str) -> click.Command:
    """The command that asks one question: its words are arguments, its other fields options."""
    spoken = COMMANDS[name]

    @click.command(
        name, cls=QuestionCommand, help=f"{inspect.cleandoc(spoken.help)}\n\n{_BATCH}", examples=spoken.examples
    )
    @click.argument(
        "words", nargs=-1, metavar=spoken.form.usage, shell_complete=partial(complete_word, form=spoken.form)
    )
    @_options(spoken.question, without=spoken.form.fields)
    @asks_a_model
    @click.pass_context
    def command(
        context: click.Context,
        /,
        *,
        words: tuple[str, ...],
        db: Path,
        model: str | None,
        as_json: bool,
        **given: object,
    ) -> None:
        def question(values: Mapping[str, object]) -> Declared:
            return question_from(spoken.question, {**given, **values})

        if words == FROM_STANDARD_INPUT and not context.obj:  # the shell reads its lines itself
            asked = opened(context, db, model, for_long=True)
            failed = ask_each(
                spoken.form,
                lambda values: show_answer(asked, question(values), as_json=as_json, one_of_many=True),
                as_json=as_json,
            )
            context.exit(1 if failed else 0)
        try:
            one = question(spoken.form.read(words))
        except SettingError as error:
            raise click.UsageError(str(error), context) from None
        show_answer(opened(context, db, model), one, as_json=as_json)

    return command


def _options(question: str, without: tuple[str, ...]) -> Callable[[Decorated], Decorated]:
    """An option for each field that the form does not fill."""
    cls = QUESTIONS[question]
    fields = [field for field in _own_first(cls) if field.name not in without]

    def decorate(function: Decorated) -> Decorated:
        for field in reversed(fields):  # click lists the decorator nearest to the function last
            lasting = field.name in SETTINGS or (field.name == "topn" and issubclass(cls, Ranking))
            completed = {"shell_complete": complete_word} if isinstance(field.default, tuple) else {}
            function = field_option(field, Setting if lasting else click.Option, **completed)(function)
        return function

    return decorate


def _own_first(cls: type[Declared]) -> list["dataclasses.Field[Any]"]:
    """The fields of a question, its own before those that many have."""
    fields = {field.name: field for field in dataclasses.fields(cls)}
    return [fields[name] for owner in cls.__mro__ for name in inspect.get_annotations(owner) if name in fields]
