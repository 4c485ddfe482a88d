"""The process that starts the others, cuts the text for them, and takes part itself."""

import multiprocessing
from collections.abc import Iterable, Iterator
from itertools import islice
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker, Part, StepShape
from pipeline.training.parameters import Parameters
from pipeline.training.team.barrier import Signals
from pipeline.training.team.member import STOPPED, Member, Team, work
from pipeline.training.team.shared import Block
from pipeline.training.team.sizes import bytes_of_gradients, bytes_of_part, bytes_of_steps
from storage.errors import FirthError


class Foreman:
    """Trains with several processes; makes batches as a `BatchMaker` does and takes steps as a `Trainer` does.

    Every batch must be stepped before the next is asked for: the others go on with the steps they were given.

    Args:
        size: processes, this one included.
        settings: of the training.
        counts: (V,) of the vocabulary's words.
        start: the parameters to start from; they are copied, and `parameters` are those that move.
        shape: of a step.
    """

    def __init__(
        self,
        size: int,
        settings: TrainSettings,
        counts: NDArray[np.int64],
        start: Parameters,
        shape: StepShape | None = None,
    ) -> None:
        maker = BatchMaker(counts, settings, shape)
        self._team = _team(min(size, maker.shape.lanes), maker, counts)
        self._member = Member(self._team, 0)
        self._member.barrier.check = self._require_all_alive  # type: ignore[method-assign]
        self.parameters = self._team.parameters()
        self.parameters.vectors[...], self.parameters.contexts[...] = start.vectors, start.contexts
        context = multiprocessing.get_context("spawn")
        self._connections, self._processes = [], []
        for me in range(1, self._team.size):
            here, there = context.Pipe()
            process = context.Process(target=work, args=(self._team, me, there), daemon=True)
            process.start()
            there.close()
            self._connections.append(here)
            self._processes.append(process)
        self._stepping = False

    def __enter__(self) -> "Foreman":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the others end, wherever they are."""
        self._member.state[0] = STOPPED
        if self._stepping:
            self._member.barrier.come()
        for connection in self._connections:
            connection.close()
        for process in self._processes:
            process.join(5)
            if process.is_alive():
                process.kill()

    def epoch(self, chunks: Iterable[Chunk], epoch: int) -> Iterator[Batch]:
        """The batches of one pass, in the order of the text."""
        parts = self._member.maker.parts(chunks, epoch)
        while round_of := list(islice(parts, self._team.size)):
            made = self._share_out(round_of)
            self._stepping = True
            for steps in made:
                for step in range(len(steps)):
                    yield steps[step]
            self._stepping = False

    def step(self, _: Parameters, batch: Batch, rate: float) -> float:
        """As in `FastTrainer`; the learning rate is the schedule's, which all members know."""
        loss = self._member.step(batch)
        if loss is None:
            raise ValueError("the team has ended")
        return loss

    def loss(self, _: Parameters, batch: Batch) -> float:
        """As in `FastTrainer`, by this process alone."""
        return self._member.trainer.loss(self.parameters, batch)

    def _share_out(self, parts: list[Part]) -> list[Any]:
        """Let each member make the steps of a part; returns those of all."""
        others = parts[1:] + [None] * (self._team.size - len(parts))
        for me, (connection, part) in enumerate(zip(self._connections, others, strict=True), start=1):
            stream = part.stream.arrays if part else []
            connection.send((self._team.inboxes[me].write(stream), part.key if part else None))
        layouts = [self._member.make(parts[0])]
        layouts += [self._receive(connection) for connection in self._connections[: len(parts) - 1]]
        for connection in self._connections:
            connection.send(layouts)
        return [self._member.made(by, layout) for by, layout in enumerate(layouts)]

    def _receive(self, connection: Any) -> Any:
        try:
            return connection.recv()
        except EOFError:
            raise _ended_early() from None

    def _require_all_alive(self) -> None:
        if not all(process.is_alive() for process in self._processes):
            raise _ended_early()


def _ended_early() -> FirthError:
    return FirthError(
        "a training process ended early: memory ran out, it was killed, or the program that calls Firth lacks"
        ' `if __name__ == "__main__":`'
    )


def _team(size: int, maker: BatchMaker, counts: NDArray[np.int64]) -> Team:
    settings, shape = maker.settings, maker.shape
    team = Team(
        size,
        settings,
        shape,
        Block(counts.nbytes),
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
