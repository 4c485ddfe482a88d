"""Training GloVe: the text is counted, the counts are arranged in tiles, and a crew takes these through its course."""

import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from threadpoolctl import threadpool_limits

from pipeline.cooccurrence.cells import Cells
from pipeline.cooccurrence.counting import Counting, count
from pipeline.settings import TrainSettings, WatchSettings, WorkerSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.course import Course, Passes, Trained, nothing_to_learn
from pipeline.training.crew import Done, Pause, expect_others
from pipeline.training.divergence import TIMES, Bounds
from pipeline.training.glove.arranging import arrange
from pipeline.training.glove.bands import band_edges
from pipeline.training.glove.crew import GloveCrew
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.hands import TileTrainer
from pipeline.training.glove.hint import hint
from pipeline.training.glove.kept_counts import KeptCounts
from pipeline.training.glove.tiles import Tiles
from pipeline.training.held_out import Text
from pipeline.training.interrupt import Interrupt
from pipeline.training.keeping import Keeping
from pipeline.training.ledger import Ledger, Progress, ignore
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.probes import Probes
from storage.errors import InputError, Interrupted

CELL_BYTES = 64
"""Of each cell that is looked at, with what that needs besides."""
_LOG = logging.getLogger(__name__)


def uncounted(_: int) -> None:
    """Tell nobody how far the counting is."""


@dataclass(frozen=True, kw_only=True)
class Watching:
    """Who is told of a training, and may end it.

    Attributes:
        probes: looks at some words.
        keeping: writes checkpoints, and can end it.
        report: is told how far it is.
        counted: is told while the text is counted how many tokens have been passed over.
    """

    probes: Probes | None = None
    keeping: Keeping | None = None
    report: Callable[[Progress], None] = ignore
    counted: Callable[[int], None] = uncounted


def train_glove(
    text: Text,
    vocabulary: Vocabulary,
    settings: TrainSettings,
    scratch: Path,
    *,
    work: WorkerSettings = WorkerSettings(),  # noqa: B008 - it is frozen
    watch: WatchSettings = WatchSettings(),  # noqa: B008 - it is frozen
    watching: Watching = Watching(),
    start: Factors | None = None,
    tokens: int | None = None,
    trainer: TileTrainer | None = None,
) -> Trained:
    """Train; the same arguments give the same bytes, whatever the number of workers and the memory.

    Args:
        text: it is counted by `work.workers` processes, and trained by as many.
        vocabulary: its words, which are the rows of the factors.
        settings: how to train.
        scratch: a folder for the counts and the tiles; it is made, and removed in the end. Where checkpoints are kept,
            the counts move there.
        work: how many workers, and how much memory the counting may use.
        watch: which share of the pairs is held out, and when that ends the training.
        watching: who is told.
        start: factors to start from, which one worker moves, and several copy; by default `Factors.start`.
        tokens: of the vocabulary in the text, where that is not the sum of its counts.
        trainer: instead of the fast one.

    Raises:
        Diverged: a number left the finite ones, or the loss is far above that of knowing nothing.
        InputError: no two words stand near each other; or a checkpoint cannot be written.
        Interrupted: what was done is kept in a checkpoint, with the counts beside it.
    """
    tokens = int(vocabulary.counts.sum()) if tokens is None else tokens
    scratch.mkdir(parents=True)
    try:
        cells = _cells(text, len(vocabulary), settings, work, scratch=scratch / "counts", watching=watching)
        if said := hint(cells, settings.x_max):
            _LOG.warning(said)
        expect_others(work.workers)
        tiles, held = divided(cells, work.count_memory, watch.held_out, scratch)
        _LOG.info("%s pairs of words stand together, in %d x %d tiles", f"{tiles.pairs:,}", tiles.bands, tiles.bands)
        start = start or Factors.start(len(vocabulary), settings.vector_size, settings.seed)
        with threadpool_limits(1, "blas"), GloveCrew(settings, tiles, start, work.workers, trainer) as crew:
            del start  # several workers have copied it
            return _run(crew, held, watch.patience, watching, tokens)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _run(crew: GloveCrew, held: Tiles | None, patience: int, watching: Watching, tokens: int) -> Trained:
    """Take a crew through its course."""
    settings, factors, nothing = crew.settings, crew.factors, crew.ignorance()
    bounds = Bounds(nothing.mean, TIMES * nothing.largest, settings.alpha)
    position = watching.keeping.begin(factors) if watching.keeping else Position()
    ledger = Ledger(settings, tokens, position, watching.report)
    Course(_passes(crew, held), ledger, bounds, watching.probes, watching.keeping).to_its_end(patience)
    parameters = Parameters(*factors.combined(settings.combine))
    return Trained.of(parameters, ledger=ledger, bounds=bounds, tokens=tokens, held_out_tokens=0, biases=factors.biases)


def counted_cells(
    text: Text,
    size_v: int,
    settings: TrainSettings,
    work: WorkerSettings,
    scratch: Path,
    *,
    counted: Callable[[int], None] = uncounted,
) -> Cells:
    """Count a text as the settings say.

    Raises:
        InputError: no two words stand near each other.
    """
    memory = int(work.count_memory * 1e9)
    cells = count(text, Counting(size_v, settings.window, settings.symmetric, memory, work.workers), scratch, counted)
    if not len(cells):
        raise nothing_to_learn()
    return cells


def divided(cells: Cells, memory: float, held_out: float, scratch: Path) -> tuple[Tiles, Tiles | None]:
    """The pairs in tiles: those to train on, and where there are any, those that are held out.

    Raises:
        InputError: one of them has no pair.
    """
    edges = band_edges(cells.pairs(max(1, int(memory * 1e9) // CELL_BYTES)))
    tiles = arrange(cells, edges, scratch / "tiles", held_out=held_out)
    held = arrange(cells, edges, scratch / "held", held_out=held_out, held=True) if held_out else None
    for side, what in ((tiles, "to train on"), (held, "held out")):
        if side and not side.pairs:
            raise InputError(f"no pair of words is left {what}: the text has too few for --held-out {held_out}")
    return tiles, held


def _cells(
    text: Text, size_v: int, settings: TrainSettings, work: WorkerSettings, *, scratch: Path, watching: Watching
) -> Cells:
    """The counts: those that are kept beside the checkpoints, or else new ones, which are then kept there."""
    keeping = watching.keeping
    kept = KeptCounts.beside(keeping.checkpoints) if keeping and keeping.checkpoints.minutes else None
    if kept and (found := kept.load(size_v, settings.symmetric)) is not None:
        return found
    scratch.mkdir()
    told = partial(_counted, watching.counted, keeping.interrupt if keeping else None)
    cells = counted_cells(text, size_v, settings, work, scratch, counted=told)
    return kept.keep(cells) if kept else cells


def _counted(tell: Callable[[int], None], interrupt: Interrupt | None, tokens: int) -> None:
    """Between two chunks of the counting."""
    if interrupt and interrupt.number is not None:
        raise Interrupted("The text was still being counted; nothing is kept of that.", interrupt.number)
    tell(tokens)


def _passes(crew: GloveCrew, held: Tiles | None) -> Passes:
    def take(epoch: int, skip: int, _: Pause) -> Iterator[Done]:
        return crew.epoch(epoch, skip)

    return Passes(crew.factors, take, partial(crew.loss, held) if held else None)
