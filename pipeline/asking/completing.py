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
    from storage.catalog import Catalog

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
    """Names of models, and with an @ behind the name its versions and tags."""
    try:
        catalog = _catalog(context)
    except (FirthError, OSError):
        return []
    wanted = [asked for asked in sorted(catalog.references) if ("@" in asked) == ("@" in beginning)]
    return [asked for asked in wanted if asked.startswith(beginning)]


def quote_in_bash() -> None:
    """Let bash have words quoted: it would put them into the line as they are, and $(...) would be a command."""

    class Quoting(BashComplete):
        def format_completion(self, item: CompletionItem[str]) -> str:
            value = item.value if item.type != "plain" else shlex.quote(item.value).replace("\\", "\\\\")
            return f"{item.type},{value}"  # the script reads it with `read`, which takes one backslash of two

    add_completion_class(Quoting)


def _catalog(context: click.Context) -> "Catalog":
    from storage.glance import catalog_of

    session: Session | None = context.obj
    return session.catalog() if session else catalog_of(_db(context))


def _loaded_words(session: "Session", beginning: str) -> Iterable[str]:
    from service.questions import Words

    found = session.open().engine.answer(Words(prefix=beginning, topn=MOST))
    return [each.word for each in cast("answers.Words", found).words]


def _stored_words(context: click.Context, beginning: str) -> Iterable[str]:
    """Words as they are written, else in small letters."""
    from storage.glance import catalog_of, words_beginning

    path, model = _db(context), context.params.get("model")
    catalog = catalog_of(path)
    info = catalog.find(model) if model else catalog.usual()
    ways = dict.fromkeys((beginning, beginning.casefold()))
    found = (words_beginning(path, info, way, MOST) for way in ways if info)
    return next(filter(None, found), [])


def _db(context: click.Context) -> Path:
    return Path(context.params.get("db") or "firth.db")
