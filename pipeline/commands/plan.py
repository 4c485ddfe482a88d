"""`firth plan`: what a corpus will take, before anything long starts."""

import logging
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.asking import json_option
from pipeline.commands.base import print_json, print_line, print_table
from pipeline.commands.tokenizing import WorkSettings
from pipeline.commands.word2vec_spellings import SpelledCommand
from pipeline.options import collect, settings_options
from pipeline.settings import PhraseSettings, TokenSettings, TrainSettings, VocabularySettings, WorkerSettings

if TYPE_CHECKING:
    from pipeline.plan.planning import Number, Plan

EXAMPLES = {
    "firth plan books/": "with the defaults",
    "firth plan dump.txt.xz --vector-size 300 --epochs 10 --workers 2": "with the settings of the training",
    "firth plan books/ --json": "for a program",
}
_LOG = logging.getLogger(__name__)


@click.command("plan", cls=SpelledCommand, examples=EXAMPLES)
@click.argument("paths", metavar="PATH...", nargs=-1, required=True)
@settings_options(TokenSettings, PhraseSettings, WorkSettings, VocabularySettings, TrainSettings, WorkerSettings)
@json_option
def command(*, paths: tuple[str, ...], as_json: bool, **params: object) -> None:
    """Estimate counts, memory, disk and time of a training.

    PATH is a file or a folder, as for `firth tokenize`. A corpus of up to 32 MB of text is counted exactly; of a larger
    one a part is read, from everywhere in it, or where it is compressed from its beginning. Then some seconds of
    training are tried on this machine. Nothing is written. The estimates are meant to be within a quarter of what
    `firth tokenize` and `firth train` with the same settings find and take, as long as the machine is as busy as now.
    """
    from pipeline.plan.memory import available_memory
    from pipeline.plan.planning import plan

    tokens, processes = collect(TokenSettings, params), collect(WorkSettings, params).processes
    vocabulary, training = collect(VocabularySettings, params), collect(TrainSettings, params)
    if phrases := collect(PhraseSettings, params).phrases:
        _LOG.warning("this plan is for --phrases 0: what %d passes would join cannot be told from a sample", phrases)
    made = plan(paths, tokens, vocabulary, training, collect(WorkerSettings, params), processes=processes or None)
    memory, disk = available_memory(), shutil.disk_usage(Path.cwd()).free
    if as_json:
        print_json({**made.as_dict(), "free": {"memory": memory, "disk": disk}})
    else:
        _show(made, training)
    needed = max(number.value for number in made.memory.values())
    if memory is not None and needed > memory:
        _LOG.warning("this takes %s of memory, and %s are free", _bytes(needed), _bytes(memory))
    needed = sum(number.value for number in made.disk.values())
    if needed > disk:
        _LOG.warning("this takes %s of disk, and %s are free in this folder", _bytes(needed), _bytes(disk))


def _show(made: "Plan", training: TrainSettings) -> None:
    share = "all of it" if made.bytes_read == made.bytes else f"{made.bytes_read / made.bytes:.0%} of it"
    files = "1 file" if made.files == 1 else f"{made.files:,} files"
    print_line(f"{made.bytes:,} bytes in {files}; read for this: {share}")
    print_line("")
    epochs = f"{training.epochs} {'epoch' if training.epochs == 1 else 'epochs'}"
    rows = [
        _row("tokens", made.tokens, _count(made.tokens)),
        _row("lines", made.sentences, _count(made.sentences)),
        *(_row(f"words by --min-count {each}", size, _count(size)) for each, size in made.sizes.items()),
        _row("words of the model", made.words, _count(made.words)),
        _row("tokens of these words", made.trained_tokens, _count(made.trained_tokens)),
        *(_row(f"memory to {stage}", size, _bytes(size.value)) for stage, size in made.memory.items()),
        *(_row(f"disk for the {what}", size, _bytes(size.value)) for what, size in made.disk.items()),
        _row("time to tokenize", made.seconds["tokenize"], _time(made.seconds["tokenize"].value)),
        _row(f"time to train, {epochs}", made.seconds["train"], _time(made.seconds["train"].value)),
    ]
    print_table(("what", "how much", "how sure"), rows, right=(1,))


def _row(name: str, number: "Number", shown: str) -> tuple[str, str, str]:
    return name, shown, "exact" if number.exact else "estimated"


def _count(number: "Number") -> str:
    return f"{number.value:,}"


def _bytes(size: float) -> str:
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"


def _time(seconds: float) -> str:
    """Such as 8 s, 3 min 20 s, 2 h 5 min."""
    whole = round(seconds)
    if whole < 100:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {whole % 60} s"
