"""`firth train`: token ids in, vectors out."""

import logging
import math
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.commands.base import FILE, force_option, out_option, tell
from pipeline.commands.word2vec_spellings import SpelledCommand
from pipeline.options import Setting, collect, settings_options
from pipeline.progress import Meter, ProgressFile, of_training
from pipeline.settings import TrainSettings, VocabularySettings

if TYPE_CHECKING:
    from pipeline.training.training import Progress

EXAMPLES = {
    "firth train work/tokens --out work/model": "train with the defaults, which are gensim's",
    "firth train work/tokens --out work/model --vector-size 300 --epochs 10": "larger vectors, more passes",
    "firth train work/tokens --out work/model --progress-jsonl progress.jsonl": "progress for a program, too",
}

LEARNED = 0.99
"""A loss above this share of that of zero scores, log 2 for each pair and each of its noise words, is no learning."""
_LOG = logging.getLogger(__name__)

progress_option = click.option(
    "--progress-jsonl",
    cls=Setting,
    type=FILE,
    metavar="FILE",
    help="Write progress here as well, one JSON object a line.",
)


@click.command("train", cls=SpelledCommand, examples=EXAMPLES)
@click.argument("tokens", metavar="DIR", type=FILE)
@out_option("the vectors")
@settings_options(VocabularySettings, TrainSettings)
@progress_option
@force_option
def command(*, tokens: Path, out: Path, progress_jsonl: Path | None, force: bool, **params: object) -> None:
    """Train a vector for each frequent word.

    DIR is what `firth tokenize` wrote. The model is skip-gram with negative sampling. The same tokens, settings and
    seed give the same bytes.
    """
    chosen = collect(VocabularySettings, params), collect(TrainSettings, params)
    train_into(out, tokens, *chosen, progress_jsonl, force=force)


def train_into(
    out: Path,
    tokens: Path,
    vocabulary: VocabularySettings,
    settings: TrainSettings,
    jsonl: Path | None,
    *,
    force: bool,
) -> None:
    """Run the stage with a progress bar and tell what came out."""
    from pipeline.stages import StageFolder
    from pipeline.training.stage import train_stage

    with ExitStack() as open_things:
        shown = of_training(open_things.enter_context(Meter("train")))
        file = open_things.enter_context(ProgressFile(jsonl)) if jsonl else None

        def report(now: "Progress") -> None:
            shown(now)
            if file:
                file.write(now)

        manifest, ran = train_stage(tokens, StageFolder(out), vocabulary, settings, force=force, report=report)
    found = manifest.report
    facts = [
        *_raised(found["min_count"], vocabulary),
        f"{found['words']:,} words of {settings.vector_size} dimensions from {found['tokens']:,} tokens"
        f" at {found['words_per_s']:,} tokens/s",
        f"loss of each epoch: {_curve(found['losses'])}",
    ]
    tell("train", out, ran, facts)
    if found["losses"][-1] > LEARNED * (1 + settings.negative) * math.log(2):
        _LOG.warning("the loss has not fallen: these vectors know nothing yet; more text or --epochs would help")


def _raised(min_count: int, vocabulary: VocabularySettings) -> list[str]:
    """What --max-final-vocab has done, if anything."""
    if min_count == vocabulary.min_count:
        return []
    return [f"--min-count is {min_count}, raised by --max-final-vocab {vocabulary.max_final_vocab}"]


def _curve(losses: Sequence[float]) -> str:
    """The losses, or the first and the last of many; the manifest has them all."""
    numbers = [f"{loss:.4f}" for loss in losses]
    return " ".join(numbers if len(numbers) <= 10 else [*numbers[:4], "...", *numbers[-4:]])
