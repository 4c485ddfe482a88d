"""`GloveCrew`: takes the rounds of an epoch, the tiles of each by several processes, to the same bytes as by one."""

import itertools
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple

from pipeline.settings import TrainSettings
from pipeline.training.crew import Done
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.fast import GloveTrainer
from pipeline.training.glove.hands import Hand, Place, SharedFactors, TileTrainer, divide, work
from pipeline.training.glove.rounds import rounds
from pipeline.training.glove.side import sides
from pipeline.training.glove.tiles import Tiles
from pipeline.training.schedule import learning_rate
from pipeline.training.team.processes import Processes, receive, send


class Ignorance(NamedTuple):
    """The loss where all scores are zero: the mean of all pairs, and the largest mean of a tile."""

    mean: float
    largest: float


class GloveCrew:
    """Takes all steps of a training.

    Attributes:
        settings: of the training.
        tiles: what is trained on.
        factors: those that move.

    Args:
        settings: of the training.
        tiles: what is trained on.
        start: the factors to start from; by one worker they are moved, several copy them into memory that they share.
        workers: processes, this one included.
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
        self.settings, self.tiles = settings, tiles
        trainer, self._others, self._told = trainer or GloveTrainer(settings), Processes(), tiles
        if workers == 1:
            self._me = Hand(trainer, start)
            return
        shared = SharedFactors.of(start)
        self._me = Hand(trainer, shared.factors)
        try:
            for _ in range(1, workers):
                self._others.start(work, trainer, shared, tiles)
        except BaseException:
            self._others.close()
            raise

    @property
    def factors(self) -> Factors:
        """Those that move."""
        return self._me.factors

    def __enter__(self) -> "GloveCrew":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._others.close()

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
        places = [(a, b) for a in range(tiles.bands) for b in range(tiles.bands)]
        return sum(self._take(tiles, places, None)) / max(tiles.pairs, 1)

    def ignorance(self) -> Ignorance:
        """What the loss is to be measured by."""
        total, largest, zeros = 0.0, 0.0, Factors.zeros(len(self.factors.words))
        for a, b in itertools.product(range(self.tiles.bands), repeat=2):
            tile = self.tiles.tile(a, b)
            loss = self._me.trainer.loss(tile, *sides(zeros, self.tiles, a, b))
            total, largest = total + loss, max(largest, loss / max(len(tile.logs), 1))
        return Ignorance(total / max(self.tiles.pairs, 1), largest)

    def _round(self, tiles: list[tuple[int, int]], pairs: int, progress: float) -> tuple[float, int, float, float]:
        rate = learning_rate(self.settings, progress)
        return sum(self._take(self.tiles, tiles, rate)), pairs, progress, rate

    def _take(self, tiles: Tiles, places: Sequence[Place], rate: float | None) -> list[float]:
        """The loss of each of some tiles, of which all processes take some."""
        mine, *others = divide(places, tiles, 1 + len(self._others.connections))
        told, self._told = None if tiles is self._told else tiles, tiles
        for connection, numbers in zip(self._others.connections, others, strict=True):
            send(connection, (told, [places[number] for number in numbers], rate))
        losses = dict(zip(mine, self._me.take(tiles, [places[number] for number in mine], rate), strict=True))
        for connection, numbers in zip(self._others.connections, others, strict=True):
            losses |= zip(numbers, receive(connection), strict=True)
        return [losses[number] for number in range(len(places))]
