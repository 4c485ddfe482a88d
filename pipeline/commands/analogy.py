"""`firth analogy`: a is to b as c is to ?."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pipeline.commands.asking import AnswerSettings, asks_a_model, named, open_engine, print_answer, print_neighbors
from pipeline.commands.base import FirthCommand
from pipeline.options import settings_options
from service import questions

if TYPE_CHECKING:
    from service.answers import Analogy

EXAMPLES = {
    "firth analogy man king woman": "man is to king as woman is to ?",
    "firth analogy france paris germany --topn 3": "the capital of Germany, three guesses",
    "firth analogy man king woman --json": "the same answer as the HTTP API gives",
}


@click.command("analogy", cls=FirthCommand, examples=EXAMPLES)
@click.argument("a")
@click.argument("b")
@click.argument("c")
@settings_options(AnswerSettings)
@asks_a_model
def command(*, a: str, b: str, c: str, topn: int, db: Path, model: str | None, as_json: bool) -> None:
    """A is to B as C is to what?

    Prints the words nearest to the vector b - a + c. A, B and C themselves are left out of the answer. Mind the
    order: other tools take the words in another one.
    """
    info, engine = open_engine(db, model)
    answer = cast("Analogy", engine.answer(questions.Analogy(a=a, b=b, c=c, topn=topn)))
    if as_json:
        print_answer(info, answer)
    else:
        title = f"{a} is to {b} as {c} is to ?   ({answer.formula}, {answer.method}, in {named(info)})"
        print_neighbors(title, answer.neighbors)
