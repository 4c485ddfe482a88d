"""What the commands that ask a stored model share: --db, --model, --topn, --json, and how a model is found."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.commands.base import FILE, print_json, print_line, print_table
from pipeline.options import Setting
from storage.declared import Declared, setting
from storage.errors import StoreError

if TYPE_CHECKING:
    from service.answers import Answer, Neighbor
    from service.engine import Engine
    from storage.models import ModelInfo
    from storage.store import Store

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


@dataclass(frozen=True, kw_only=True)
class AnswerSettings(Declared):
    """How much is answered."""

    topn: int = setting(10, "How many words to answer with.", low=1, high=1000)


db_option = click.option(
    "--db", cls=Setting, type=FILE, metavar="FILE", default="firth.db", help="SQLite file with the models."
)
model_option = click.option(
    "--model",
    cls=Setting,
    metavar="NAME[@VERSION]",
    show_default="the newest in the file",
    help="Which model to ask; without a version, its latest.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def asks_a_model(function: Decorated) -> Decorated:
    """Give a command --db, --model and --json."""
    return db_option(model_option(json_option(function)))


def open_engine(db: Path, model: str | None) -> "tuple[ModelInfo, Engine]":
    """Load the model that is asked for, or the newest.

    Raises:
        StoreError: the file cannot be read, or holds no model.
        UnknownModel: it holds no such model.
    """
    from service.engine import Engine
    from service.loading import load_vectors_once
    from storage.store import Store

    with Store.open(db) as store:
        info = store.find(model) if model else newest(store)
    return info, Engine(load_vectors_once(db, info))


def newest(store: "Store") -> "ModelInfo":
    """The model that was published last."""
    from storage.models import newest_first

    models = newest_first(store.models())
    if not models:
        raise StoreError(f"{store.path} holds no model yet; `firth run` or `firth store` puts one in")
    return models[0]


def print_answer(info: "ModelInfo", answer: "Answer") -> None:
    """Print an answer as the JSON document that the HTTP API sends."""
    from service.answers import document

    print_json(document(info, answer))


def print_neighbors(title: str, neighbors: "tuple[Neighbor, ...]") -> None:
    """Print ranked words as a table."""
    print_line(title)
    click.echo()
    rows = [(str(rank), each.word, f"{each.score:.4f}", f"{each.count:,}") for rank, each in enumerate(neighbors, 1)]
    print_table(("", "word", "cosine", "count"), rows, right=(0, 2, 3))


def named(info: "ModelInfo") -> str:
    """A model in a title."""
    return f"{info} ({info.words:,} words, {info.dimensions} dimensions)"
