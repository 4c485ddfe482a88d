"""Free running: every process takes its own steps on the shared parameters, without waiting for the others.

Hogwild (Recht, Re, Wright and Niu 2011): two steps that meet in a row at the same moment may lose a little of one,
which is rare among many words; so the bytes differ from run to run. The loss is whole: each member sums up its own.
"""

import math
from collections.abc import Iterator
from multiprocessing.connection import Connection

from pipeline.training.batches import Part
from pipeline.training.crew import Done
from pipeline.training.schedule import learning_rate
from pipeline.training.team.member import Member
from pipeline.training.team.team import STOPPED


class FreeMember(Member):
    """Trains on its own parts of the text."""

    def train(self, part: Part) -> Iterator[Done]:
        """Take all steps of a part."""
        for batch in self.maker.steps(part):
            rate = learning_rate(self.team.settings, batch.progress)
            loss = self.trainer.step(self.parameters, batch, rate)
            yield Done(loss, batch.pairs, batch.progress, rate)

    def round(self, connection: Connection) -> bool:
        """Train on a part, and report the sums of its steps; says whether to go on."""
        if part := self.receive(connection):
            losses, pairs = [], 0
            for done in self.train(part):
                losses.append(done.loss)
                pairs += done.pairs
                if self.state[0] == STOPPED:
                    return False
            connection.send((math.fsum(losses), pairs))
        return True
