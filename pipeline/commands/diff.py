"""`firth diff`: two models beside each other."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FILE, FirthCommand, print_json, print_line, print_table

if TYPE_CHECKING:
    from storage.managing.difference import Difference, Vocabularies

EXAMPLES = {
    "firth diff news@2 news@3": "what has changed from one version to the next",
    "firth diff news@3 news@3 --other backup.db": "the second one is in another file",
}
_LONGEST = 44  # characters of a value in the table; --json has all


@click.command("diff", cls=FirthCommand, examples=EXAMPLES)
@click.argument("a", metavar="A", shell_complete=complete_model)
@click.argument("b", metavar="B", shell_complete=complete_model)
@click.option("--other", type=FILE, metavar="FILE", help="SQLite file with B, where that is another one.")
@db_option
@json_option
def command(*, a: str, b: str, other: Path | None, db: Path, as_json: bool) -> None:
    """Compare the cards and vocabularies of two models.

    Settings, hashes, losses and evaluation: whatever stands in their cards and is not the same. `firth similar` and the
    page's view of two models compare what they answer.
    """
    from storage.managing.difference import difference
    from storage.store import Store

    with Store.open(db) as store, Store.open(other or db) as store_b:
        found = difference(store, store.find(a), store_b, store_b.find(b))
    if as_json:
        print_json(found.as_dict())
        return
    _show(found)


def _show(found: "Difference") -> None:
    names = (str(found.a), str(found.b))
    vectors = "the same vectors, byte for byte" if found.same_vectors else "other vectors"
    print_line(f"{names[0]} and {names[1]}: {vectors}")
    print_table(("", *names), [(name, *map(_short, values)) for name, values in _facts(found)])
    for part, values in found.card.items():
        print_line("")
        print_table((part, *names), [(place or part, *map(_short, pair)) for place, pair in values.items()])


def _facts(found: "Difference") -> Iterator[tuple[str, tuple[Any, Any]]]:
    a, b = found.a, found.b
    yield "published", (a.created, b.created)
    yield "dimensions", (a.dimensions, b.dimensions)
    yield "kept as", (a.dtype, b.dtype)
    yield "vectors sha256", (a.vectors_sha256, b.vectors_sha256)
    yield from _words(found.vocabulary)


def _words(words: "Vocabularies") -> Iterator[tuple[str, tuple[Any, Any]]]:
    yield "words", (f"{words.a:,}", f"{words.b:,}")
    yield "shared", (_share(words.shared, words.a), _share(words.shared, words.b))
    yield "not shared, for example", (", ".join(words.only_a) or "none", ", ".join(words.only_b) or "none")


def _share(shared: int, words: int) -> str:
    return f"{shared:,} ({shared / words:.1%})"


def _short(value: Any) -> str:
    from storage.json_text import json_text

    text = value if isinstance(value, str) else "" if value is None else json_text(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
