"""`firth show`: a model's card, from the files of its text to its seals."""

from pathlib import Path

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, json_option
from pipeline.commands.base import FirthCommand, print_json, print_line

EXAMPLES = {
    "firth show news": "where the latest version of news comes from",
    "firth show news@1 --db books.db --json": "the whole card, for a program",
}


@click.command("show", cls=FirthCommand, examples=EXAMPLES)
@click.argument("model", metavar="NAME[@VERSION]", shell_complete=complete_model)
@db_option
@json_option
def command(*, model: str, db: Path, as_json: bool) -> None:
    """Show where a model comes from.

    The chain from text to vectors: the files with their sha256, the settings of each stage with theirs, the versions
    of what computed and the machine, the hash of the vocabulary, losses, the hash of the vectors, the results of the
    cross-check and of the evaluation, and the seal over everything. `firth verify` recomputes it, and `firth reproduce`
    trains it again.
    """
    from pipeline.asking.lineage import lineage_rows
    from storage.card import whole_card
    from storage.store import Store

    with Store.open(db) as store:
        info = store.find(model)
        card = whole_card(store, info)
    if as_json:
        print_json(card)
        return
    print_line(f"{'model':<11} {info}: {info.words:,} words of {info.dimensions} dimensions")
    for stage, line in lineage_rows(card["chain"]):
        print_line(f"{stage:<11} {line}")
