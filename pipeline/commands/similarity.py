"""`firth similarity`: the cosine of two words."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pipeline.commands.asking import asks_a_model, open_engine, print_answer
from pipeline.commands.base import FirthCommand, print_line
from service import questions

if TYPE_CHECKING:
    from service.answers import Similarity

EXAMPLES = {
    "firth similarity king queen": "how near the two words are",
    "firth similarity king queen --json": "the same, for a program",
}


@click.command("similarity", cls=FirthCommand, examples=EXAMPLES)
@click.argument("a")
@click.argument("b")
@asks_a_model
def command(*, a: str, b: str, db: Path, model: str | None, as_json: bool) -> None:
    """Print the cosine of two words.

    It is 1 for the same direction, 0 for words that have nothing to do with each other, and -1 at the least.
    """
    info, engine = open_engine(db, model)
    answer = cast("Similarity", engine.answer(questions.Similarity(a=a, b=b)))
    if as_json:
        print_answer(info, answer)
    else:
        print_line(f"{a} and {b}: cosine {answer.score:.4f}, in {info}")
