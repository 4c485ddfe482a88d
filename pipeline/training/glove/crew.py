"""`GloveCrew`: takes the rounds of an epoch, the tiles of each by several threads, to the same bytes as by one."""

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import NamedTuple, Protocol

import numpy as np

from pipeline.settings import TrainSettings
from pipeline.training.crew import Done
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.fast import GloveTrainer
from pipeline.training.glove.rounds import rounds
from pipeline.training.glove.side import Side, sides
from pipeline.training.glove.tiles import Tile, Tiles
from pipeline.training.schedule import learning_rate


class TileTrainer(Protocol):
    """What the reference and the fast trainer have in common."""

    def step(self, tile: Tile, rows: Side, columns: Side, rate: float) -> float:
        """Move the sides of a tile in place; return its summed loss before the step."""

    def loss(self, tile: Tile, rows: Side, columns: Side) -> float:
        """A tile's summed loss; moves nothing."""


class Ignorance(NamedTuple):
    """The loss where all scores are zero: the mean of all pairs, and the largest mean of a tile."""

    mean: float
    largest: float


class GloveCrew:
    """Takes all steps of a training.

    Args:
        settings: of the training.
        tiles: what is trained on.
        start: the factors to start from; they are moved.
        workers: threads; NumPy lets go of the interpreter in every product.
        trainer: by default the fast one.
    """

    def __init__(
        self,
        settings: TrainSettings,
        tiles: Tiles,
        start: Factors,
        workers: int = 1,
        trainer: TileTrainer | None = None,
    ) -> None:
        self.settings, self.tiles, self.factors = settings, tiles, start
        self._trainer = trainer or GloveTrainer(settings)
        self._pool = ThreadPoolExecutor(workers) if workers > 1 else None

    def __enter__(self) -> "GloveCrew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def epoch(self, epoch: int, skip: int = 0) -> Iterator[Done]:
        """Take all rounds of an epoch but for the first `skip`."""
        done, total = 0, max(self.tiles.pairs, 1)
        for number, tiles in enumerate(rounds(self.tiles.bands, self.settings.seed, epoch), start=1):
            pairs = sum(self.tiles.size(a, b) for a, b in tiles)
            if number > skip:
                progress = (epoch + done / total) / self.settings.epochs
                yield Done(*self._round(tiles, pairs, progress), parts=number)
            done += pairs

    def loss(self, tiles: Tiles) -> float:
        """The mean loss of a pair, of other tiles with the same bands; moves nothing."""
        places = itertools.product(range(tiles.bands), repeat=2)
        losses = self._map([(tiles, a, b, None) for a, b in places])
        return sum(losses) / max(tiles.pairs, 1)

    def ignorance(self) -> Ignorance:
        """What the loss is to be measured by."""
        total, largest, zeros = 0.0, 0.0, Factors.zeros(len(self.factors.words))
        for a, b in itertools.product(range(self.tiles.bands), repeat=2):
            tile = self.tiles.tile(a, b)
            loss = self._trainer.loss(tile, *sides(zeros, self.tiles, a, b))
            total, largest = total + loss, max(largest, loss / max(len(tile.logs), 1))
        return Ignorance(total / max(self.tiles.pairs, 1), largest)

    def _round(self, tiles: list[tuple[int, int]], pairs: int, progress: float) -> tuple[float, int, float, float]:
        rate = learning_rate(self.settings, progress)
        losses = self._map([(self.tiles, a, b, rate) for a, b in tiles])
        return sum(losses), pairs, progress, rate

    def _map(self, work: list[tuple[Tiles, int, int, float | None]]) -> Iterator[float]:
        return self._pool.map(self._work, work) if self._pool else map(self._work, work)

    def _work(self, what: tuple[Tiles, int, int, float | None]) -> float:
        """Take a tile's step at a rate, or only measure it; returns its loss."""
        tiles, a, b, rate = what
        tile, both = tiles.tile(a, b), sides(self.factors, tiles, a, b)
        with np.errstate(over="ignore", invalid="ignore"):  # each thread has its own
            return self._trainer.loss(tile, *both) if rate is None else self._trainer.step(tile, *both, rate)
