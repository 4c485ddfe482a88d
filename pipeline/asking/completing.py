"""Completion of words and of models, for click: in the shells of the system and in `firth shell`."""

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click
from click.shell_completion import BashComplete, CompletionItem, add_completion_class

from pipeline.asking.forms import Form
from pipeline.printable import printable
from storage.errors import FirthError

if TYPE_CHECKING:
    from pipeline.asking.session import Session
    from service import answers
    from storage.models import ModelInfo

MOST = 50
"""How many words are offered."""


def complete_word(context: click.Context, _: click.Parameter, typed: str, form: Form | None = None) -> list[str]:
    """Words of the model that is asked which begin so, the most frequent first.

    Where the store cannot be read there are none: in the middle of a line nobody wants to be told why.
    """
    before, beginning = form.word_in(typed) if form else ("", typed)
    try:
        found = _loaded_words(context.obj, beginning) if context.obj else _stored_words(context, beginning)
    except (FirthError, OSError):
        return []
    return [before + word for word in found if word == printable(word)]


def complete_model(context: click.Context, _: click.Parameter, beginning: str) -> list[str]:
    """Names of models, and with an @ behind the name its versions."""
    try:
        models = _models(context)
    except (FirthError, OSError):
        return []
    names = {str(info) if "@" in beginning else info.name: None for info in models}
    return [name for name in names if name.startswith(beginning)]


def quote_in_bash() -> None:
    """Let bash have words quoted: it would put them into the line as they are, and $(...) would be a command."""

    class Quoting(BashComplete):
        def format_completion(self, item: CompletionItem[str]) -> str:
            value = item.value if item.type != "plain" else shlex.quote(item.value).replace("\\", "\\\\")
            return f"{item.type},{value}"  # the script reads it with `read`, which takes one backslash of two

    add_completion_class(Quoting)


def _models(context: click.Context) -> "list[ModelInfo]":
    from storage.glance import models_of

    session: Session | None = context.obj
    return session.models() if session else models_of(_db(context))


def _loaded_words(session: "Session", beginning: str) -> Iterable[str]:
    from service.questions import Words

    found = session.open().engine.answer(Words(prefix=beginning, topn=MOST))
    return [each.word for each in cast("answers.Words", found).words]


def _stored_words(context: click.Context, beginning: str) -> Iterable[str]:
    """Words as they are written, else in small letters."""
    from storage.glance import models_of, words_beginning
    from storage.models import find_model, newest_first

    path, model = _db(context), context.params.get("model")
    models = models_of(path)
    asked = [find_model(model, models)] if model else newest_first(models)[:1]
    ways = dict.fromkeys((beginning, beginning.casefold()))
    found = (words_beginning(path, info, way, MOST) for info in asked for way in ways)
    return next(filter(None, found), [])


def _db(context: click.Context) -> Path:
    return Path(context.params.get("db") or "firth.db")
