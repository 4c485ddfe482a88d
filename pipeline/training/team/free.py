"""Free running: every process takes its own steps on the shared parameters, without waiting for the others.

Hogwild (Recht, Re, Wright and Niu 2011): two steps that meet in a row at the same moment may lose a little of one,
which is rare among many words; so the bytes differ from run to run. The loss is whole: each member sums up its own.

The foreman cuts the text and hands parts to whoever has room for one, itself included, so nobody waits, not even for a
process that has just been started. From time to time all parts that were handed out are waited for: there a training
can be looked at and left.
"""

import math
from collections.abc import Iterable, Iterator
from itertools import islice
from multiprocessing.connection import Connection

from pipeline.text.chunk import Chunk
from pipeline.training.crew import Done, Pause, never
from pipeline.training.schedule import learning_rate
from pipeline.training.stream import Part
from pipeline.training.team.foreman import Foreman
from pipeline.training.team.member import Member
from pipeline.training.team.processes import receive
from pipeline.training.team.team import INBOXES, STOPPED

PARTS_OF_A_ROUND = 64
"""For each member, before all are waited for: a few seconds at the usual speed."""


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
        losses: list[float] = []
        pairs: float = 0
        for done in self.train(self.receive(connection)):
            losses.append(done.loss)
            pairs += done.pairs
            if self.state[0] == STOPPED:
                return False
        connection.send((math.fsum(losses), pairs))
        return True


class FreeForeman(Foreman):
    """The process that hands out the parts."""

    me: FreeMember
    kind = FreeMember

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:
        """Take all steps of a pass but for the first `skip` parts, in rounds that end early when `pause` says so."""
        self._handed = [0] * self.team.size  # parts that each member was given
        self._awaited = [0] * self.team.size  # those of them that it has not reported yet
        self._last = Done(0.0, 0, 0.0, self.maker.settings.alpha)
        begun = skip
        for part, last in and_whether_last(islice(self.maker.parts(chunks, epoch), skip, None)):
            skip += 1
            ends = last or skip - begun == PARTS_OF_A_ROUND * self.team.size
            yield from self._reported()
            yield from self._see_to(part, last=ends)
            if ends or pause():
                yield from self._reported(wait=True)
                yield self._last._replace(loss=0.0, pairs=0, parts=skip)
                begun = skip

    def _see_to(self, part: Part, *, last: bool) -> Iterator[Done]:
        """Hand a part to a member that has room for it, or else do it here.

        The last of a round goes to who comes to it first: to a member only if that has nothing else to do.
        """
        member = min(range(1, self.team.size), key=self._awaited.__getitem__)
        if self._awaited[member] < (1 if last else INBOXES):
            self.hand_over(part, member, self._handed[member])
            self._handed[member] += 1
            self._awaited[member] += 1
        else:
            for done in self.me.train(part):
                self._last = done
                yield done

    def _reported(self, *, wait: bool = False) -> Iterator[Done]:
        """What the others have done since, or all that they have been given."""
        for member, connection in enumerate(self.connections, start=1):
            while self._awaited[member] and (wait or connection.poll()):
                loss, pairs = receive(connection)
                self._awaited[member] -= 1
                yield self._last._replace(loss=loss, pairs=pairs)


def and_whether_last(parts: Iterable[Part]) -> Iterator[tuple[Part, bool]]:
    """Each part, and whether no other comes after it."""
    before: Part | None = None
    for part in parts:
        if before is not None:
            yield before, False
        before = part
    if before is not None:
        yield before, True
