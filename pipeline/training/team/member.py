"""What every member of a team has: its own maker of batches and trainer, on the shared parameters."""

from multiprocessing.connection import Connection

import numpy as np

from pipeline.training.batches import BatchMaker
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.stream import Part, Stream
from pipeline.training.team.team import Team


class Member:
    """One process of a team.

    Args:
        team: what is shared.
        me: its number; 0 is the foreman.
        maker: of the batches, where there is one already.
    """

    def __init__(self, team: Team, me: int, maker: BatchMaker | None = None) -> None:
        self.team, self.me = team, me
        counts = team.counts.array(np.int64, (team.words,))
        self.maker = maker or BatchMaker(counts, team.settings, team.shape, team.tokens)
        self.trainer = FastTrainer(self.maker.objective)
        self.parameters = team.parameters()
        self.state = team.state.array(np.int64, (1,))

    def receive(self, connection: Connection) -> Part:
        """The next part that the foreman has cut for this member."""
        layout, key = connection.recv()
        return Part(Stream(*self.team.inboxes.read(layout)), key)

    def round(self, connection: Connection) -> bool:
        """Do what the foreman asks for next; says whether to go on."""
        raise NotImplementedError
