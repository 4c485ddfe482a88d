"""The process that starts the others and takes part itself; `free` and `shards` say how the work is shared."""

import multiprocessing
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker, Part
from pipeline.training.crew import Done, Pause, never
from pipeline.training.interrupt import held_back
from pipeline.training.parameters import Parameters
from pipeline.training.team.member import Member
from pipeline.training.team.team import INBOXES, STOPPED, Team
from pipeline.training.team.worker import work
from storage.errors import FirthError


class Foreman:
    """Takes all steps of a training with several processes, as a `crew.Solo` does.

    Attributes:
        kind: of every member, this process included.
        most: how many of them would have something to do.

    Args:
        size: how many members are asked for.
        settings: of the training.
        counts: (V,) of the vocabulary's words.
        start: the parameters to start from; they are copied, and `parameters` are those that move.
        tokens: of a pass over the text, where that is not the sum of the counts.
    """

    kind: ClassVar[type[Member]]
    most: ClassVar[int] = 256

    def __init__(
        self,
        size: int,
        settings: TrainSettings,
        counts: NDArray[np.int64],
        start: Parameters,
        *,
        tokens: int | None = None,
    ) -> None:
        size = min(size, self.most)
        self.maker = BatchMaker(counts, settings, tokens=tokens)
        self.team = Team.of(size, self.maker, counts, start)
        self.parameters = self.team.parameters()
        self.me = self.kind(self.team, 0)
        self.connections: list[Connection] = []
        self._processes: list[SpawnProcess] = []
        try:
            for number in range(1, size):
                self._start(number)
        except BaseException:
            self.close()
            raise

    def _start(self, number: int) -> None:
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=work, args=(self.kind, self.team, number, there), daemon=True)
        with held_back():  # from the worker for good: who is told to end is the foreman, who then tells the others
            process.start()
        there.close()
        self.connections.append(here)
        self._processes.append(process)

    def __enter__(self) -> "Foreman":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the others end, wherever they are."""
        self.me.state[0] = STOPPED
        for connection in self.connections:
            connection.close()
        try:
            for process in self._processes:
                process.join(5)
        finally:  # also when this process is interrupted while it waits
            for process in self._processes:
                process.kill()

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:
        """Take all steps of a pass but for the first `skip` parts."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> float:
        """A batch's summed loss, in nats, by this process alone; moves nothing."""
        return self.me.trainer.loss(self.parameters, batch)

    def hand_over(self, part: Part, member: int, number: int) -> None:
        """Send a member the part that it is to see to, its `number`-th: it may have INBOXES of them at a time."""
        layout = self.team.inboxes[member][number % INBOXES].write(part.stream.arrays)
        self.send(self.connections[member - 1], (number, layout, part.key))

    def send(self, connection: Connection, message: Any) -> None:
        """Tell a member something.

        Raises:
            FirthError: it has died.
        """
        try:
            connection.send(message)
        except OSError:  # a broken pipe
            raise _ended_early() from None

    def receive(self, connection: Connection) -> Any:
        """Wait for what a member has to say.

        Raises:
            FirthError: it has died.
        """
        try:
            return connection.recv()
        except (EOFError, OSError):
            raise _ended_early() from None


def _ended_early() -> FirthError:
    return FirthError(
        "a training process ended early: memory ran out, it was killed, or the program that calls Firth lacks"
        ' `if __name__ == "__main__":`'
    )
