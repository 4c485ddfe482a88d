"""`Team`: the memory that all members of a training share, and what all of them know."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.training.batches import PLACES_AT_ONCE, BatchMaker
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.step_shape import StepShape
from pipeline.training.team.shared import ALIGNMENT, Block, Layout, padded

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
        rows: of the first matrix, V or with fastText V + B.
        matrices: both, (rows, D) and (V, D) float32.
        pieces: of the words with fastText, its arrays; else nothing.
        layout: of these arrays.
        state: (1,) int64, GOING or STOPPED.
        inboxes: for each member the parts of the text that it is to see to, INBOXES of them at a time; all in one
            block, since a process can inherit few.
    """

    size: int
    settings: TrainSettings
    shape: StepShape
    counts: Block
    tokens: int
    rows: int
    matrices: Block
    pieces: Block
    layout: Layout
    state: Block
    inboxes: Block

    @classmethod
    def of(cls, size: int, maker: BatchMaker, counts: NDArray[np.int64], start: Parameters) -> "Team":
        """The memory for so many members, who make the same batches as `maker`, with the parameters to start from.

        Args:
            size: how many members.
            maker: of the batches.
            counts: (V,) of the words.
            start: is copied.
        """
        known, rows = Block(counts.nbytes), len(start.vectors)
        known.write([counts])
        matrices = Block(start.vectors.nbytes + start.contexts.nbytes)
        arrays = start.pieces.arrays if start.pieces else []
        pieces = Block(sum(padded(array.nbytes) for array in arrays))
        layout = pieces.write(arrays)
        inboxes = Block(size * INBOXES * _bytes_of_part(maker))
        shared = maker.settings, maker.shape, known, maker.tokens, rows, matrices, pieces, layout
        made = cls(size, *shared, Block(8), inboxes)
        parameters = made.parameters()
        parameters.vectors[...], parameters.contexts[...] = start.vectors, start.contexts
        return made

    @property
    def words(self) -> int:
        """V."""
        return self.counts.size // 8

    def inbox(self, member: int, number: int) -> int:
        """Where in `inboxes` a member's `number`-th part begins."""
        return (member * INBOXES + number % INBOXES) * (self.inboxes.size // (self.size * INBOXES))

    def parameters(self) -> Parameters:
        """Both matrices, as views of the shared memory."""
        both = self.matrices.array(np.float32, (self.rows + self.words, self.settings.vector_size))
        pieces = Pieces(*self.pieces.read(self.layout)) if self.layout else None
        return Parameters(both[: self.rows], both[self.rows :], pieces)


def _bytes_of_part(maker: BatchMaker) -> int:
    """Of the longest part's stream: an id and three numbers for each token."""
    window, step = maker.settings.window, maker.shape.step
    centers = PLACES_AT_ONCE // (2 * window + 1) + step
    return padded(28 * (centers + 2 * window) + 4 * ALIGNMENT)
