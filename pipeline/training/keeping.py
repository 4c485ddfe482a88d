"""`Keeping`: what happens between two parts of a training, so that it is never lost: checkpoints, and a clean end."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.training.checkpoint import Checkpoint, Checkpoints
from pipeline.training.interrupt import Interrupt
from pipeline.training.learned import Learned
from pipeline.training.position import Position
from storage.errors import Interrupted


@dataclass(frozen=True)
class Keeping:
    """How a training is kept.

    Attributes:
        checkpoints: where, and how often.
        begin_at: the checkpoint from which it goes on; None for its beginning.
        interrupt: what ends it between two parts, after a checkpoint.
    """

    checkpoints: Checkpoints
    begin_at: Checkpoint | None = None
    interrupt: Interrupt | None = None

    def begin(self, parameters: Learned) -> Position:
        """Where the training begins; the parameters become those it has there."""
        if not self.begin_at:
            return Position()
        self.begin_at.restore(parameters)
        return self.begin_at.position

    def due(self) -> bool:
        """Whether there is something to be done."""
        return self._number is not None or self.checkpoints.due

    @property
    def _number(self) -> int | None:
        return self.interrupt.number if self.interrupt else None

    def between_parts(self, parameters: Learned, position: Callable[[], Position]) -> None:
        """Write a checkpoint if it is time, or if this is the end.

        Raises:
            Interrupted: a signal came; the checkpoint is written.
            InputError: it cannot be written.
        """
        if not self.due():
            return
        number, now = self._number, position()
        kept = self.checkpoints.save(parameters, now)
        if number is not None:
            raise Interrupted(f"{now.progress:.0%} of the training is kept in {kept}.", number)
