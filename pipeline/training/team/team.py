"""`Team`: the memory that all members of a training share, and what all of them know."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.training.batches import BatchMaker
from pipeline.training.parameters import Parameters
from pipeline.training.step_shape import StepShape
from pipeline.training.team.barrier import Signals
from pipeline.training.team.shared import Block
from pipeline.training.team.sizes import bytes_of_gradients, bytes_of_part, bytes_of_steps

GOING, STOPPED = 0, 1
INBOXES = 2
"""So that a member's next part is there when it has finished one."""


@dataclass(frozen=True, eq=False)
class Team:
    """What all members know: made once, before the others start.

    Attributes:
        size: how many members, the one that starts the others included.
        settings: of the training.
        shape: of a step.
        counts: of the vocabulary's words, (V,) int64.
        tokens: of a pass over the text.
        matrices: both, (2, V, D) float32.
        gradients: of all lanes of a step, and their lengths and curvatures.
        losses: (L,) float64, of the step's lanes.
        state: (1,) int64, GOING or STOPPED.
        inboxes: for each member the parts of the text that it is to see to, INBOXES of them at a time.
        outboxes: for each member the steps it has made.
        signals: for the barrier.
    """

    size: int
    settings: TrainSettings
    shape: StepShape
    counts: Block
    tokens: int
    matrices: Block
    gradients: Block
    losses: Block
    state: Block
    inboxes: list[list[Block]]
    outboxes: list[Block]
    signals: Signals

    @classmethod
    def of(cls, size: int, maker: BatchMaker, counts: NDArray[np.int64]) -> "Team":
        """The memory for so many members, who make the same batches as `maker`, over words with these counts, (V,)."""
        settings, shape = maker.settings, maker.shape
        team = cls(
            size,
            settings,
            shape,
            Block(counts.nbytes),
            maker.tokens,
            Block(8 * len(counts) * settings.vector_size),
            Block(bytes_of_gradients(maker, len(counts))),
            Block(8 * shape.lanes),
            Block(8),
            [[Block(bytes_of_part(maker)) for _ in range(INBOXES)] for _ in range(size)],
            [Block(bytes_of_steps(maker)) for _ in range(size)],
            Signals.between(size),
        )
        team.counts.write([counts])
        return team

    @property
    def words(self) -> int:
        """V."""
        return self.counts.size // 8

    def parameters(self) -> Parameters:
        """Both matrices, as views of the shared memory."""
        both = self.matrices.array(np.float32, (2, self.words, self.settings.vector_size))
        return Parameters(both[0], both[1])
