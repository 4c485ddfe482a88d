"""Lockstep: one process's share of every step, its lanes' gradients first, then its rows of both matrices.

    compute    a member scores its lanes and writes their gradients and losses where all can read them
    barrier
    apply      a member adds the gradients of all lanes to the rows that are its own, those of every n-th word
    barrier

A row's gradients are added by one member in the order of the lanes, as a single process does, and a lane's gradients
depend on that lane alone; so the bytes are the same for any number of members.
"""

import math
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.training.batch import Batch
from pipeline.training.batches import Part
from pipeline.training.fast.blocks import Float32s
from pipeline.training.fast.pulls import Pull, apply_share, lengths_of
from pipeline.training.schedule import learning_rate
from pipeline.training.steps import Steps
from pipeline.training.team.member import Member
from pipeline.training.team.shared import Layout, padded
from pipeline.training.team.team import STOPPED, Team


class Shared(NamedTuple):
    """A pull of all lanes, and how long each of its gradients is."""

    pull: Pull
    lengths: Float32s


class LockstepMember(Member):
    """Makes steps of its own parts of the text, and does its share of everybody's."""

    def __init__(self, team: Team, me: int) -> None:
        super().__init__(team, me)
        lanes = team.shape.lanes
        self.lanes = slice(lanes * me // team.size, lanes * (me + 1) // team.size)
        self.losses = team.losses.array(np.float64, (lanes,))
        self._places: dict[tuple[Any, ...], list[tuple[Shared, list[NDArray[Any] | None]]]] = {}

    def step(self, batch: Batch) -> float | None:
        """Do this member's share of a step; returns the loss of all lanes, or nothing when the team is to end."""
        shared = self._compute(batch)
        self.barrier.wait()
        if self.state[0] == STOPPED:
            return None
        loss = math.fsum(self.losses)  # now: behind the next barrier the lanes' losses are those of another step
        if math.isfinite(loss):
            rate = learning_rate(self.team.settings, batch.progress)
            for pull, lengths in shared:
                apply_share(pull, lengths, self.parameters, rate, (self.me, self.team.size))
        self.barrier.wait()
        return loss

    def make(self, part: Part) -> Layout:
        """Make a part's steps, and put them where all can read them."""
        return self.team.outboxes[self.me].write(self.maker.steps(part).arrays)

    def made(self, by: int, layout: Layout) -> Steps:
        """The steps that a member made."""
        settings = self.team.settings
        return Steps.rebuilt(settings.model, settings.loss, settings.negative, self.team.outboxes[by].read(layout))

    def round(self, connection: Connection) -> bool:
        """Make the steps of a part, then do this member's share of everybody's steps; says whether to go on."""
        if part := self.receive(connection):
            connection.send(self.make(part))
        made = [self.made(by, layout) for by, layout in enumerate(connection.recv())]
        return all(self.step(batch) is not None for steps in made for batch in steps)

    def _compute(self, batch: Batch) -> list[Shared]:
        """Write what this member's lanes pull; returns views of what all lanes do."""
        mine = batch.lanes(self.lanes)
        self.losses[self.lanes] = self.trainer.lane_losses(self.parameters, mine)
        pulls = self.trainer.pulls(mine)
        sizes = tuple((pull.ids.shape, pull.pulls.shape) for pull in pulls)
        if sizes not in self._places:
            self._places[sizes] = _placed(self.team, pulls, self.lanes)
        for part, (_, own) in zip(pulls, self._places[sizes], strict=True):
            for place, values in zip(own, (*part[1:], lengths_of(part)), strict=True):
                if place is not None:
                    place[...] = values
        return [shared for shared, _ in self._places[sizes]]


def _placed(team: Team, pulls: list[Pull], lanes: slice) -> list[tuple[Shared, list[NDArray[Any] | None]]]:
    """Where pulls of these shapes lie among the gradients: of all lanes, and the part of this member's."""
    places, offset = [], 0
    for pull in pulls:
        arrays: list[Any] = []
        for value in (*pull[1:], 0.0):  # the last for the lengths
            if value is None:
                arrays.append(None)
                continue
            tail = np.shape(value)[1:] if np.ndim(value) else pull.ids.shape[1:]
            kind = np.int32 if np.asarray(value).dtype == np.int32 else np.float32
            arrays.append(team.gradients.array(kind, (team.shape.lanes, *tail), offset))
            offset += padded(arrays[-1].nbytes)
        own = [None if array is None else array[lanes] for array in arrays]
        places.append((Shared(Pull(pull.matrix, *arrays[:-1]), arrays[-1]), own))
    return places
