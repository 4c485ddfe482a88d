"""`firth train`: token ids in, vectors out."""

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pipeline.commands.base import FILE, force_option, out_option, tell
from pipeline.commands.word2vec_spellings import SpelledCommand
from pipeline.options import Setting, collect, settings_options
from pipeline.progress import Meter, ProgressFile, of_counting, of_training
from pipeline.settings import TrainSettings, VocabularySettings, WatchSettings, WorkerSettings
from storage.errors import Interrupted

if TYPE_CHECKING:
    from pipeline.training.ledger import Progress
    from pipeline.training.probes import Probed
    from pipeline.training.wishes import Wishes

EXAMPLES = {
    "firth train work/tokens --out work/model": "train with the defaults, which are gensim's",
    "firth train work/tokens --out work/model --vector-size 300 --epochs 10": "larger vectors, more passes",
    "firth train work/tokens --out work/pieces --model fasttext": "fastText: vectors for unknown words, too",
    "firth train work/tokens --out work/glove --model glove": "GloVe, with the defaults of its authors' program",
    "firth train work/tokens --out work/model --workers 2 --resume": "on two cores; go on where it was interrupted",
    "firth train work/tokens --out work/model --held-out 0.02 --patience 2": "stop when nothing more is learned",
    "firth train more/tokens --out more/model --continue-from work/model": "go on with a model and new text",
    "firth train work/tokens --out work/model --progress-jsonl progress.jsonl": "progress for a program, too",
}

LEARNED = 0.99
"""A loss above this share of that of knowing nothing is no learning."""
_LOG = logging.getLogger(__name__)
Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_SETTINGS = (VocabularySettings, TrainSettings, WatchSettings, WorkerSettings)
_OPTIONS = (
    click.option(
        "--probe",
        cls=Setting,
        multiple=True,
        metavar="WORD",
        help="Log the nearest words of this one about every tenth of the training; repeat for several.",
    ),
    click.option(
        "--continue-from",
        cls=Setting,
        type=FILE,
        metavar="MODEL",
        help="Go on with this model, a folder that `firth train` wrote: old words keep their vectors, new ones join.",
    ),
    click.option(
        "--start-vectors",
        cls=Setting,
        type=FILE,
        metavar="FILE",
        help="Start from the vectors in this file, of any format that `firth import` reads, packed or not.",
    ),
    click.option("--resume", is_flag=True, help="Go on from the last checkpoint of this training, if there is one."),
    click.option(
        "--progress-jsonl",
        cls=Setting,
        type=FILE,
        metavar="FILE",
        help="Write progress here as well, one JSON object a line.",
    ),
)


def training_options(function: Decorated) -> Decorated:
    """Give a command the options of a training."""
    for option in reversed((settings_options(*_SETTINGS), *_OPTIONS)):  # click lists the nearest decorator last
        function = option(function)
    return function


@dataclass(frozen=True)
class Training:
    """What `training_options` say."""

    vocabulary: VocabularySettings
    settings: TrainSettings
    wishes: "Wishes"
    jsonl: Path | None

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "Training":
        """From a command's parameters."""
        from pipeline.training.wishes import Wishes

        wishes = Wishes(
            watch=collect(WatchSettings, params),
            work=collect(WorkerSettings, params),
            probes=params["probe"],
            parent=params["continue_from"],
            start_vectors=params["start_vectors"],
            resume=params["resume"],
        )
        vocabulary, settings = collect(VocabularySettings, params), collect(TrainSettings, params)
        return cls(vocabulary, settings, wishes, params["progress_jsonl"])


@click.command("train", cls=SpelledCommand, examples=EXAMPLES)
@click.argument("tokens", metavar="DIR", type=FILE)
@out_option("the vectors")
@training_options
@force_option
def command(*, tokens: Path, out: Path, force: bool, **params: Any) -> None:
    """Train a vector for each frequent word.

    DIR is what `firth tokenize` wrote. The same tokens, settings and seed give the same bytes, with one worker, or
    with any number of them that are --deterministic.

    Checkpoints are kept in the output folder. After an interruption by Ctrl-C (exit code 130), a crash or a power cut
    the same command with --resume goes on from the last one, to the same bytes.
    """
    train_into(out, tokens, Training.of(params), force=force)


def train_into(out: Path, tokens: Path, training: Training, *, force: bool) -> None:
    """Run the stage with a progress bar and tell what came out."""
    from pipeline.stages import StageFolder
    from pipeline.training.interrupt import Interrupt
    from pipeline.training.stage import train_stage

    wishes, jsonl = training.wishes, training.jsonl
    with ExitStack() as opened:
        interrupt = opened.enter_context(Interrupt()) if wishes.work.checkpoint_minutes else None
        file = opened.enter_context(ProgressFile(jsonl, go_on=wishes.resume)) if jsonl else None
        teller = _Teller(opened.enter_context(Meter("train")), opened.enter_context(Meter("count")), file)
        manifest, ran = train_stage(
            tokens,
            StageFolder(out),
            training.vocabulary,
            training.settings,
            wishes=wishes,
            force=force,
            interrupt=interrupt,
            report=teller.report,
            probed=teller.probed,
            counted=teller.counted,
        )
    tell("train", out, ran, _facts(manifest.report, training))
    if manifest.report["losses"][-1] > LEARNED * manifest.report["ignorance"]:
        _LOG.warning("the loss has not fallen: these vectors know nothing yet; more text or --epochs would help")
    if interrupt and interrupt.number is not None:
        raise Interrupted("The training had just ended, and is kept.", interrupt.number)


class _Teller:
    """Tells how far the training is, to all who want to know."""

    def __init__(self, meter: Meter, counting: Meter, file: ProgressFile | None) -> None:
        self.meter, self.file = meter, file
        self.show, self.counted = of_training(meter), of_counting(counting)

    def report(self, now: "Progress") -> None:
        self.show(now)
        if self.file:
            self.file.write(now)

    def probed(self, seen: "Probed") -> None:
        near = ", ".join(f"{word} {cosine:.2f}" for word, cosine in seen.neighbors)
        self.meter.say(f"near {seen.word}: {near}")
        if self.file:
            self.file.write_probe(seen)


def _facts(found: Mapping[str, Any], training: Training) -> list[str]:
    """What came out, in a few lines."""
    facts = [
        *_raised(found["min_count"], training.vocabulary),
        f"{found['words']:,} words of {training.settings.dimensions} dimensions from {found['tokens']:,} tokens"
        f" at {found['words_per_s']:,} tokens/s, {found['pairs_per_s']:,} pairs/s",
        f"loss of each epoch: {_curve(found['losses'])}",
    ]
    if buckets := found.get("buckets"):
        facts.append(f"rows for pieces of words: {buckets:,}, of {training.settings.bucket:,} buckets")
    if parent := found.get("parent"):
        facts.append(
            f"continued: {parent['words']:,} words of {parent['key'][:12]} and {parent['new_words']:,} new ones"
        )
    if start := found.get("start_vectors"):
        facts.append(f"started from {start['file']}: it has {start['found']:,} of the words")
    if "held_out_losses" in found:
        stopped = f", stopped before epoch {len(found['losses']) + 1}" if found["stopped_early"] else ""
        facts.append(f"loss of held-out text: {_curve(found['held_out_losses'])}{stopped}")
    return facts


def _raised(min_count: int, vocabulary: VocabularySettings) -> list[str]:
    """What --max-final-vocab has done, if anything."""
    if min_count == vocabulary.min_count:
        return []
    return [f"--min-count is {min_count}, raised by --max-final-vocab {vocabulary.max_final_vocab}"]


def _curve(losses: Sequence[float]) -> str:
    """The losses, or the first and the last of many; the manifest has them all."""
    numbers = [f"{loss:.4f}" for loss in losses]
    return " ".join(numbers if len(numbers) <= 10 else [*numbers[:4], "...", *numbers[-4:]])
