"""The process that starts the others and takes part itself; `free` and `shards` say how the work is shared."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker
from pipeline.training.crew import Done, Pause, never
from pipeline.training.parameters import Parameters
from pipeline.training.stream import Part
from pipeline.training.team.member import Member
from pipeline.training.team.processes import Processes, send
from pipeline.training.team.team import STOPPED, Team
from pipeline.training.team.worker import work


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
        self.me = self.kind(self.team, 0, self.maker)
        self._others = Processes()
        self.connections = self._others.connections
        try:
            for number in range(1, size):
                self._others.start(work, self.kind, self.team, number)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Foreman":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let the others end, wherever they are."""
        self.me.state[0] = STOPPED
        self._others.close()

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:
        """Take all steps of a pass but for the first `skip` parts."""
        raise NotImplementedError

    def loss(self, batch: Batch) -> float:
        """A batch's summed loss, in nats, by this process alone; moves nothing."""
        return self.me.trainer.loss(self.parameters, batch)

    def hand_over(self, part: Part, member: int, number: int) -> None:
        """Send a member the part that it is to see to, its `number`-th: it may have INBOXES of them at a time."""
        layout = self.team.inboxes.write(part.stream.arrays, self.team.inbox(member, number))
        send(self.connections[member - 1], (layout, part.key))
