"""`Hand`: takes the steps of tiles on factors that it shares with other processes; `divide` says which are whose."""

from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.training.glove.factors import Factors
from pipeline.training.glove.fast import cost
from pipeline.training.glove.side import Side, sides
from pipeline.training.glove.tiles import Tile, Tiles
from pipeline.training.team.shared import Block, Layout, padded

Place = tuple[int, int]
"""The bands of a tile's rows and of its columns."""


class TileTrainer(Protocol):
    """What the reference and the fast trainer have in common."""

    def step(self, tile: Tile, rows: Side, columns: Side, rate: float) -> float:
        """Move the sides of a tile in place; return its summed loss before the step."""

    def loss(self, tile: Tile, rows: Side, columns: Side) -> float:
        """A tile's summed loss; moves nothing."""


@dataclass(frozen=True, eq=False)
class SharedFactors:
    """Factors in memory that all processes see."""

    block: Block
    layout: Layout

    @classmethod
    def of(cls, factors: Factors) -> "SharedFactors":
        """A copy."""
        arrays = list(factors.arrays.values())
        block = Block(sum(padded(array.nbytes) for array in arrays))
        return cls(block, block.write(arrays))

    @property
    def factors(self) -> Factors:
        """Views."""
        return Factors(*self.block.read(self.layout))


@dataclass(frozen=True, eq=False)
class Hand:
    """One process's.

    Attributes:
        trainer: takes the steps.
        factors: are moved.
    """

    trainer: TileTrainer
    factors: Factors

    def take(self, tiles: Tiles, places: Sequence[Place], rate: float | None) -> list[float]:
        """Take steps at a rate, or without one only measure; each tile's summed loss before."""
        with np.errstate(over="ignore", invalid="ignore"):
            return [self._take(tiles, place, rate) for place in places]

    def _take(self, tiles: Tiles, place: Place, rate: float | None) -> float:
        tile, both = tiles.tile(*place), sides(self.factors, tiles, *place)
        return self.trainer.loss(tile, *both) if rate is None else self.trainer.step(tile, *both, rate)


def work(trainer: TileTrainer, shared: SharedFactors, tiles: Tiles, connection: Connection) -> None:
    """The life of another process: take what comes out of the pipe, and answer with the losses, until it is closed.

    A message is what `Hand.take` takes, with None for the tiles that were meant before.
    """
    hand = Hand(trainer, shared.factors)
    with threadpool_limits(1, "blas"):
        try:
            while True:
                others, places, rate = connection.recv()
                tiles = others or tiles
                connection.send(hand.take(tiles, places, rate))
        except (EOFError, ConnectionError):  # the first process has closed the connection, or is gone
            return


def divide(places: Sequence[Place], tiles: Tiles, shares: int) -> list[list[int]]:
    """Numbers of places for each of so many processes, who then have about as much to do: large tiles first.

    Those of a share are in order.
    """
    found: list[list[int]] = [[] for _ in range(shares)]
    loads, costs = [0.0] * shares, [_cost(tiles, *place) for place in places]
    for number in sorted(range(len(places)), key=lambda each: -costs[each]):
        share = loads.index(min(loads))
        found[share].append(number)
        loads[share] += costs[number]
    return [sorted(numbers) for numbers in found]


def _cost(tiles: Tiles, a: int, b: int) -> float:
    rows, columns = (span.stop - span.start for span in (tiles.span(a), tiles.span(b)))
    return cost(tiles.size(a, b), rows, columns)
