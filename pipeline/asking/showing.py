"""How an answer is printed: as JSON, or for people."""

from typing import TYPE_CHECKING

import click

from pipeline.asking.bars import drawn
from pipeline.asking.session import Opened
from pipeline.commands.base import print_json, print_line, table_lines
from pipeline.printable import printable

if TYPE_CHECKING:
    from pipeline.asking.readable import Table
    from service.answers import Answer
    from storage.declared import Declared
    from storage.models import ModelInfo


def show_answer(opened: Opened, question: "Declared", *, as_json: bool, one_of_many: bool = False) -> None:
    """Ask, and print the answer: as the JSON document that the HTTP API sends, or as a sentence with a table below it.

    Args:
        opened: the model.
        question: what is asked.
        as_json: print JSON.
        one_of_many: print JSON on one line, and an empty line below a table.

    Raises:
        UnknownWord: the question names words that the model does not have.
        UnusableQuestion: it has no answer.
    """
    answer = opened.engine.answer(question)
    if as_json:
        from service.answers import document

        print_json(document(opened.info, answer), indent=None if one_of_many else 2)
        return
    has_more = _tell(opened.info, question, answer)
    if one_of_many and has_more:
        click.echo()


def named(info: "ModelInfo") -> str:
    """A model in a title."""
    return f"{info} ({info.words:,} words, {info.dimensions} dimensions)"


def _tell(info: "ModelInfo", question: "Declared", answer: "Answer") -> bool:
    """Print it; is it more than a sentence?"""
    from pipeline.asking.readable import notes, readable

    found = readable(answer)
    below = found.table or found.text
    print_line(f"{found.sentence}, in {named(info)}:" if below else f"{found.sentence}, in {info}")
    if below:
        click.echo()
        click.echo("\n".join(_lines(found.table)) if found.table else found.text)
    for note in notes(answer, folded=getattr(question, "case", "") == "fold"):
        print_line(note)
    return bool(below)


def _lines(table: "Table") -> list[str]:
    """The table, with bars where they can be shown; without rows it says so."""
    if not table.rows:
        return ["no word"]
    headers = list(map(printable, table.headers))
    rows = [list(map(printable, row)) for row in table.rows]
    plain = table_lines(headers, rows, right=table.right)
    bars = None if table.scored is None else drawn(table.scores, len(plain[1]))  # the rule under the headers
    if bars is None or table.scored is None:
        return plain
    at = table.scored + 1
    for row, bar in zip([headers, *rows], ["", *bars], strict=True):
        row.insert(at, bar)
    return table_lines(headers, rows, right=[column + (column >= at) for column in table.right])
