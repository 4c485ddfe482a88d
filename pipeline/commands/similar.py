"""`firth similar`: the words nearest to a word."""

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from pipeline.commands.asking import AnswerSettings, asks_a_model, named, open_engine, print_answer, print_neighbors
from pipeline.commands.base import FirthCommand
from pipeline.options import settings_options
from service import questions

if TYPE_CHECKING:
    from service.answers import Neighbors

EXAMPLES = {
    "firth similar war": "the ten words nearest to war, in the newest model of firth.db",
    "firth similar war --topn 3 --json": "the same, for a program",
    "firth similar war --db books.db --model books@2": "in the second version of the model books",
}


@click.command("similar", cls=FirthCommand, examples=EXAMPLES)
@click.argument("word")
@settings_options(AnswerSettings)
@asks_a_model
def command(*, word: str, topn: int, db: Path, model: str | None, as_json: bool) -> None:
    """Print the words nearest to a word.

    They are those with the largest cosine, which is 1 for the same direction and 0 for words that have nothing to do
    with each other.
    """
    info, engine = open_engine(db, model)
    answer = cast("Neighbors", engine.answer(questions.Neighbors(word=word, topn=topn)))
    if as_json:
        print_answer(info, answer)
    else:
        print_neighbors(f"Nearest to {word}, in {named(info)}:", answer.neighbors)
