"""Shards: a training in which any number of processes gives the same bytes.

Two shards of the text, a part each, are trained side by side from the same parameters, each on a copy of the rows that
it meets; then what each has moved is added to the shared parameters, one shard after the other:

    copy        the rows of the part's words
    train       all steps of the part, on the copy
    (all shards are done)
    subtract    the shared rows, which nobody has moved meanwhile, from the copy
    add         what is left to the shared rows, in the order of the shards

Nothing of this depends on who does it, so one process that does both shards writes the same bytes as two. The sum of
both moves is nearly as good as steps in turn; with more shards it would overshoot (frequent words would move too far),
so there are two, and more than two processes would have nothing to do.

With negative sampling a part meets a fraction of the rows; the other output sides meet all, and a shard copies all.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import islice
from multiprocessing.connection import Connection
from typing import NamedTuple

import numpy as np

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.crew import Done, Pause, never
from pipeline.training.drawn import Ids, Noise
from pipeline.training.fast.scatter import add_rows
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.schedule import learning_rate
from pipeline.training.steps import Steps
from pipeline.training.stream import Part
from pipeline.training.team.foreman import Foreman
from pipeline.training.team.member import Member
from pipeline.training.team.processes import receive, send
from pipeline.training.team.team import STOPPED

SHARDS = 2


class Shard:
    """A part's steps on a copy of the rows that they meet.

    Args:
        shared: the parameters of all.
        steps: of the part.
    """

    def __init__(self, shared: Parameters, steps: Steps) -> None:
        self._shared = shared
        met = _compacted(steps, shared)
        self._steps, self._vectors, self._contexts = met.steps, met.vectors, met.contexts
        self._rows = Parameters(
            shared.vectors.take(self._vectors, axis=0), shared.contexts.take(self._contexts, axis=0), met.pieces
        )

    def train(self, trainer: FastTrainer, settings: TrainSettings) -> Iterator[Done]:
        """Take all steps."""
        for batch in self._steps:
            rate = learning_rate(settings, batch.progress)
            yield Done(trainer.step(self._rows, batch, rate), batch.pairs, batch.progress, rate)

    def subtract(self) -> None:
        """Leave of the copy what it has moved."""
        rows, shared = self._rows, self._shared
        rows.vectors[...] -= shared.vectors.take(self._vectors, axis=0)
        rows.contexts[...] -= shared.contexts.take(self._contexts, axis=0)

    def add(self) -> None:
        """Move the shared rows as far."""
        add_rows(self._shared.vectors, self._vectors, np.ones(len(self._vectors), np.float32), self._rows.vectors)
        add_rows(self._shared.contexts, self._contexts, np.ones(len(self._contexts), np.float32), self._rows.contexts)


class _Met(NamedTuple):
    """Steps with the words that they meet numbered anew.

    Attributes:
        steps: the same with these numbers.
        vectors: which rows of the first matrix they mean.
        contexts: which rows of the second.
        pieces: of these words, with fastText.
    """

    steps: Steps
    vectors: Ids
    contexts: Ids
    pieces: Pieces | None


def _compacted(steps: Steps, shared: Parameters) -> _Met:
    size = shared.size
    if not isinstance(steps.drawn, Noise):
        vectors, contexts = (np.arange(len(rows), dtype=np.int32) for rows in (shared.vectors, shared.contexts))
        return _Met(steps, vectors, contexts, shared.pieces)
    met = np.zeros(size, np.bool_)
    met[steps.tokens] = True
    tokens = np.flatnonzero(met)
    noise = np.zeros(size, np.bool_)
    noise[steps.drawn.words] = True
    words = np.concatenate([tokens, np.flatnonzero(noise & ~met)]).astype(np.int32)
    numbers = np.zeros(size, np.int32)
    numbers[words] = np.arange(len(words))
    drawn = replace(steps.drawn, words=numbers.take(steps.drawn.words))
    anew, inputs = replace(steps, tokens=numbers.take(steps.tokens), drawn=drawn), words[: len(tokens)]
    pieces, rows = shared.pieces.only(inputs) if shared.pieces else (None, inputs)
    return _Met(anew, rows, words, pieces)


class ShardMember(Member):
    """Does one shard of each round, at the foreman's word."""

    def round(self, connection: Connection) -> bool:
        """Train, subtract or add; says whether to go on."""
        match connection.recv():
            case "train":
                self.shard = Shard(self.parameters, self.maker.steps(self.receive(connection)))
                steps = []
                for done in self.shard.train(self.trainer, self.team.settings):
                    steps.append(done)
                    if self.state[0] == STOPPED:
                        return False
                connection.send(steps)
            case "subtract":
                self.shard.subtract()
                connection.send(None)
            case "add":
                self.shard.add()
                connection.send(None)
        return True


class ShardForeman(Foreman):
    """The process that cuts the text and gives the word; alone it does both shards."""

    kind, most = ShardMember, SHARDS

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:  # noqa: ARG002 - every round ends soon
        """Take all steps of a pass but for the first `skip` parts, an even number."""
        parts = islice(self.maker.parts(chunks, epoch), skip, None)
        while round_of := list(islice(parts, SHARDS)):
            skip += len(round_of)
            done = Done(0.0, 0, 0.0, self.maker.settings.alpha)
            for done in self._round(round_of):
                yield done
            yield done._replace(loss=0.0, pairs=0, parts=skip)

    def _round(self, parts: list[Part]) -> Iterator[Done]:
        others = self.connections if len(parts) == SHARDS else []  # where a part is left over, it is this process's
        for member, connection in enumerate(others, start=1):
            send(connection, "train")
            self.hand_over(parts[member], member, 0)
        shards = []
        for part in parts[: len(parts) - len(others)]:
            shards.append(Shard(self.parameters, self.maker.steps(part)))
            yield from shards[-1].train(self.me.trainer, self.maker.settings)
        for connection in others:
            yield from receive(connection)
        self._merge(shards, others)

    def _merge(self, shards: list[Shard], others: list[Connection]) -> None:
        for connection in others:
            send(connection, "subtract")
        for shard in shards:
            shard.subtract()
        for connection in others:
            receive(connection)
        for shard in shards:
            shard.add()
        for connection in others:
            send(connection, "add")
            receive(connection)
