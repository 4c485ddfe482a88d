"""Training of models that predict words: a text, divided, and a crew that takes it through its course."""

from collections.abc import Callable, Iterator
from functools import partial

from pipeline.settings import TrainSettings, WatchSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.course import Course, Passes, Trained
from pipeline.training.crew import Crew, Done, Pause, Trainer, at_work, crew_for, expect_others
from pipeline.training.divergence import Bounds
from pipeline.training.held_out import Divided, Text, divide, mean_loss, require_pairs, tokens_of
from pipeline.training.keeping import Keeping
from pipeline.training.ledger import Ledger, Progress, ignore
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.probes import Probes


def train(
    corpus: Text,
    vocabulary: Vocabulary,
    settings: TrainSettings,
    *,
    workers: int = 1,
    deterministic: bool = False,
    trainer: Trainer | None = None,
    start: Parameters | None = None,
    tokens: int | None = None,
    watch: WatchSettings | None = None,
    probes: Probes | None = None,
    keeping: Keeping | None = None,
    report: Callable[[Progress], None] = ignore,
) -> Trained:
    """Train; one worker gives the same bytes for the same arguments, and so does any number that is deterministic.

    Args:
        corpus: the text.
        vocabulary: its words, which are the rows of the parameters.
        settings: how to train.
        workers: processes that train at once.
        deterministic: train in shards, whose bytes do not depend on the workers.
        trainer: instead of the fast one, for one worker.
        start: parameters to start from, which are moved; by default `Parameters.for_settings`.
        tokens: of the vocabulary in a pass over the text, where that is not the sum of its counts.
        watch: what is held out, and when that ends the training.
        probes: looks at some words.
        keeping: writes checkpoints, and can end it.
        report: is told how far it is.

    Raises:
        Diverged: a score or a parameter left the finite numbers.
        InputError: the text, or what is held out of it, holds no pair of words; or a checkpoint cannot be written.
        Interrupted: what was done is kept in a checkpoint.
    """
    expect_others(workers)
    watch, counts = watch or WatchSettings(), vocabulary.counts
    text = divide(corpus, len(counts), watch.held_out)
    tokens = tokens_of(text.trained, len(counts)) if text.held_out else int(counts.sum()) if tokens is None else tokens
    start = start or Parameters.for_settings(vocabulary.words, settings)
    with (
        at_work(),
        crew_for(workers, deterministic, settings, counts, start, trainer=trainer, tokens=tokens) as crew,
    ):
        del start  # several workers have copied it
        bounds = Bounds.of(crew.maker.objective, settings, counts)
        ledger = Ledger(settings, tokens, keeping.begin(crew.parameters) if keeping else Position(), report)
        Course(_passes(crew, text), ledger, bounds, probes, keeping).to_its_end(watch.patience)
        return _left(crew, text, ledger, bounds)


def _left(crew: Crew, text: Divided, ledger: Ledger, bounds: Bounds) -> Trained:
    """What a crew has left."""
    held_out = tokens_of(text.held_out, crew.parameters.size) if text.held_out else 0
    tokens = crew.maker.tokens
    return Trained.of(crew.parameters, ledger=ledger, bounds=bounds, tokens=tokens, held_out_tokens=held_out)


def _passes(crew: Crew, text: Divided) -> Passes:
    """What a course runs over.

    Raises:
        InputError: what is held out has no pair.
    """
    size, held_out = crew.parameters.size, text.held_out
    if held_out:
        require_pairs(crew, held_out)

    def take(epoch: int, skip: int, pause: Pause) -> Iterator[Done]:
        return crew.epoch(text.trained.chunks(size), epoch, skip, pause)

    return Passes(crew.parameters, take, partial(mean_loss, crew, held_out) if held_out else None)
