"""What `firth run` shows of a new model: where it is, some neighbors and analogies, and how to ask for more."""

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pipeline.commands.base import print_line
from service import questions

if TYPE_CHECKING:
    from service.answers import Analogy, Neighbor, Neighbors
    from service.engine import Engine
    from storage.models import ModelInfo

WORDS = ("war", "music", "computer", "government", "city", "science", "king", "water", "money", "family")
ANALOGIES = (
    ("france", "paris", "germany"),
    ("man", "king", "woman"),
    ("germany", "german", "france"),
    ("father", "mother", "son"),
    ("small", "large", "low"),
    ("city", "cities", "country"),
    ("he", "his", "she"),
    ("is", "was", "are"),
    ("have", "had", "do"),
    ("he", "his", "they"),
)
"""a is to b as c is to ?, the more famous first."""

SHOWN = 3
ENOUGH = 1000
"""A word that stands so often has been learned; below that, the more frequent ones have more to say."""

LITTLE_TEXT = 10_000_000


def show(db: Path, info: "ModelInfo") -> None:
    """Print the first look at a model that has just been stored."""
    from service.engine import Engine
    from storage.store import Store

    with Store.open(db) as store:
        engine = Engine(store.load(info))
    click.echo(f"\nThe vectors are in {db}, as the model {info}.")
    words = _telling(engine, [(word,) for word in WORDS]) or [(word,) for word in _frequent(engine.words)]
    click.echo("\nNearest words, with their cosines")
    for (word,) in words:
        near = cast("Neighbors", engine.answer(questions.Neighbors(word=word, topn=6)))
        print_line(f"  {word}: {_listed(near.neighbors)}")
    if analogies := _telling(engine, ANALOGIES):
        click.echo("\nAnalogies, a is to b as c is to ?, by b - a + c")
    for a, b, c in analogies:
        answer = cast("Analogy", engine.answer(questions.Analogy(a=a, b=b, c=c, topn=4)))
        print_line(f"  {answer.formula}: {_listed(answer.neighbors)}")
    if (tokens := int(engine.counts.sum())) < LITTLE_TEXT:
        click.echo(f"\n{tokens:,} tokens are little text: with more, rarer words and analogies get better.")
    _how_to_ask(db, words[0][0])


def _telling(engine: "Engine", questions: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """The first few questions whose words have all been learned, else those with the most frequent words."""
    counts = dict(zip(engine.words, engine.counts.tolist(), strict=True))
    rarest = {words: min(counts.get(word, 0) for word in words) for words in questions}
    covered = [words for words in questions if rarest[words]]
    return sorted(covered, key=lambda words: -min(ENOUGH, rarest[words]))[:SHOWN]


def _frequent(words: Sequence[str]) -> list[str]:
    """Frequent words, if possible longer ones than any text is full of."""
    longer = [word for word in words[:1000] if len(word) >= 5]
    return [*longer, *words][:SHOWN]


def _listed(neighbors: "tuple[Neighbor, ...]") -> str:
    return ", ".join(f"{each.word} {each.score:.2f}" for each in neighbors) or "no other word"


def _how_to_ask(db: Path, word: str) -> None:
    where = "" if db == Path("firth.db") else f" --db {shlex.quote(str(db))}"
    nearest, serve = f"similar {shlex.quote(word)}{where}", f"serve{where}"
    lines = {nearest: "the nearest words", serve: "answer over HTTP, with a page to look around"}
    width = max(map(len, lines))
    click.echo("\nAsk more")
    for line, meaning in lines.items():
        click.echo(f"  {_invocation()} {line:<{width}}  # {meaning}")


def _invocation() -> str:
    """How to call firth from here: by its name if the shell would find it."""
    if shutil.which("firth"):
        return "firth"
    python, here = Path(sys.executable), Path.cwd()
    return f"{shlex.quote(str(python.relative_to(here) if python.is_relative_to(here) else python))} -m pipeline"
