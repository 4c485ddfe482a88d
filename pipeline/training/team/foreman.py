"""The process that starts the others, cuts the text for them, and takes part itself."""

import multiprocessing
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker, Part
from pipeline.training.crew import Done
from pipeline.training.interrupt import held_back
from pipeline.training.parameters import Parameters
from pipeline.training.schedule import learning_rate
from pipeline.training.team.barrier import Signals
from pipeline.training.team.free import FreeMember
from pipeline.training.team.lockstep import LockstepMember
from pipeline.training.team.shared import Block
from pipeline.training.team.sizes import bytes_of_gradients, bytes_of_part, bytes_of_steps
from pipeline.training.team.team import STOPPED, Team
from pipeline.training.team.worker import member_of, work
from storage.errors import FirthError


class Foreman:
    """Trains with several processes; takes all steps of a training as a `crew.Solo` does.

    Args:
        size: processes, this one included; in lockstep no more than there are lanes in a step.
        settings: of the training.
        counts: (V,) of the vocabulary's words.
        start: the parameters to start from; they are copied, and `parameters` are those that move.
        lockstep: share every step, for the same bytes as one process alone.
        tokens: of a pass over the text, where that is not the sum of the counts.
    """

    def __init__(
        self,
        size: int,
        settings: TrainSettings,
        counts: NDArray[np.int64],
        start: Parameters,
        lockstep: bool,
        *,
        tokens: int | None = None,
    ) -> None:
        self.maker = BatchMaker(counts, settings, tokens=tokens)
        self._team = _team(min(size, self.maker.shape.lanes) if lockstep else size, lockstep, self.maker, counts)
        self.parameters = self._team.parameters()
        self.parameters.vectors[...], self.parameters.contexts[...] = start.vectors, start.contexts
        self._member = member_of(self._team, 0)
        self._member.barrier.check = self._require_all_alive  # type: ignore[method-assign]  # it can see its children
        self._connections: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        self._in_steps = False
        try:
            for me in range(1, self._team.size):
                self._start(me)
        except BaseException:
            self.close()
            raise

    def _start(self, me: int) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=work, args=(self._team, me, there), daemon=True)
        with held_back():  # from the worker for good: who is told to end is the foreman, who then tells the others
            process.start()
        there.close()
        self._connections.append(here)
        self._processes.append(process)

    def __enter__(self) -> "Foreman":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the others end, wherever they are."""
        self._member.state[0] = STOPPED
        if self._in_steps:
            self._member.barrier.come()
        for connection in self._connections:
            connection.close()
        try:
            for process in self._processes:
                process.join(5)
        finally:  # also when this process is interrupted while it waits
            for process in self._processes:
                process.kill()

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0) -> Iterator[Done]:
        """Take all steps of a pass but for the first `skip` parts, in rounds with a part for each member."""
        parts = islice(self.maker.parts(chunks, epoch), skip, None)
        while round_of := list(islice(parts, self._team.size)):
            skip += len(round_of)
            self._share_out(round_of)
            done = Done(0.0, 0, 0.0, self.maker.settings.alpha)
            for done in self._round(round_of):
                yield done
            yield done._replace(loss=0.0, pairs=0, parts=skip)

    def loss(self, batch: Batch) -> float:
        """A batch's summed loss, in nats, by this process alone; moves nothing."""
        return self._member.trainer.loss(self.parameters, batch)

    def _share_out(self, parts: list[Part]) -> None:
        """Send each other member the part it is to see to, or nothing where there are too few."""
        others = parts[1:] + [None] * (self._team.size - len(parts))
        for me, (connection, part) in enumerate(zip(self._connections, others, strict=True), start=1):
            layout = self._team.inboxes[me].write(part.stream.arrays) if part else []
            self._send(connection, (layout, part.key if part else None))

    def _round(self, parts: list[Part]) -> Iterator[Done]:
        if isinstance(self._member, LockstepMember):
            return self._together(self._member, parts)
        if isinstance(self._member, FreeMember):
            return self._each_alone(self._member, parts)
        raise TypeError(f"{type(self._member).__name__} takes part in no rounds")

    def _each_alone(self, member: FreeMember, parts: list[Part]) -> Iterator[Done]:
        """This process's own steps, then what the others report of theirs."""
        done = Done(0.0, 0, 0.0, 0.0)
        for done in member.train(parts[0]):
            yield done
        for connection in self._connections[: len(parts) - 1]:
            loss, pairs = self._receive(connection)
            yield done._replace(loss=loss, pairs=pairs)

    def _together(self, member: LockstepMember, parts: list[Part]) -> Iterator[Done]:
        """All members' steps, one after the other."""
        layouts = [member.make(parts[0]), *map(self._receive, self._connections[: len(parts) - 1])]
        for connection in self._connections:
            self._send(connection, layouts)
        self._in_steps = True
        for by, layout in enumerate(layouts):
            for batch in member.made(by, layout):
                loss = member.step(batch)
                if loss is not None:
                    yield Done(loss, batch.pairs, batch.progress, learning_rate(self.maker.settings, batch.progress))
        self._in_steps = False

    def _send(self, connection: Connection, message: Any) -> None:
        try:
            connection.send(message)
        except OSError:  # a broken pipe
            raise _ended_early() from None

    def _receive(self, connection: Connection) -> Any:
        try:
            return connection.recv()
        except (EOFError, OSError):
            raise _ended_early() from None

    def _require_all_alive(self) -> None:
        if not all(process.is_alive() for process in self._processes):
            raise _ended_early()


def _ended_early() -> FirthError:
    return FirthError(
        "a training process ended early: memory ran out, it was killed, or the program that calls Firth lacks"
        ' `if __name__ == "__main__":`'
    )


def _team(size: int, lockstep: bool, maker: BatchMaker, counts: NDArray[np.int64]) -> Team:
    settings, shape = maker.settings, maker.shape
    team = Team(
        size,
        lockstep,
        settings,
        shape,
        Block(counts.nbytes),
        maker.tokens,
        Block(8 * len(counts) * settings.vector_size),
        Block(bytes_of_gradients(maker, len(counts))),
        Block(8 * shape.lanes),
        Block(8),
        [Block(bytes_of_part(maker)) for _ in range(size)],
        [Block(bytes_of_steps(maker)) for _ in range(size)],
        Signals.between(size),
    )
    team.counts.write([counts])
    return team
