"""`Team`: the memory that all members of a training share, and what all of them know."""

from dataclasses import dataclass

import numpy as np

from pipeline.settings import TrainSettings
from pipeline.training.parameters import Parameters
from pipeline.training.step_shape import StepShape
from pipeline.training.team.barrier import Signals
from pipeline.training.team.shared import Block

GOING, STOPPED = 0, 1


@dataclass(frozen=True, eq=False)
class Team:
    """What all members know: made once, before the others start.

    Attributes:
        size: how many members, the one that starts the others included.
        lockstep: whether they share every step, for the same bytes as one alone, or each takes its own.
        settings: of the training.
        shape: of a step.
        counts: of the vocabulary's words, (V,) int64.
        tokens: of a pass over the text.
        matrices: both, (2, V, D) float32.
        gradients: of all lanes of a step, and their lengths and curvatures.
        losses: (L,) float64, of the step's lanes.
        state: (1,) int64, GOING or STOPPED.
        inboxes: for each member the part of the text that it is to make into steps.
        outboxes: for each member the steps it has made.
        signals: for the barrier.
    """

    size: int
    lockstep: bool
    settings: TrainSettings
    shape: StepShape
    counts: Block
    tokens: int
    matrices: Block
    gradients: Block
    losses: Block
    state: Block
    inboxes: list[Block]
    outboxes: list[Block]
    signals: Signals

    @property
    def words(self) -> int:
        """V."""
        return self.counts.size // 8

    def parameters(self) -> Parameters:
        """Both matrices, as views of the shared memory."""
        both = self.matrices.array(np.float32, (2, self.words, self.settings.vector_size))
        return Parameters(both[0], both[1])
