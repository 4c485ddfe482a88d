"""The life of a process of a team that is not the foreman."""

from multiprocessing.connection import Connection

import numpy as np
from threadpoolctl import threadpool_limits

from pipeline.training.team.barrier import ForemanGone
from pipeline.training.team.free import FreeMember
from pipeline.training.team.lockstep import LockstepMember
from pipeline.training.team.member import Member
from pipeline.training.team.team import Team


def member_of(team: Team, me: int) -> Member:
    """A member of the team's kind."""
    return LockstepMember(team, me) if team.lockstep else FreeMember(team, me)


def work(team: Team, me: int, connection: Connection) -> None:
    """Take part in round after round, until the team is to end."""
    member = member_of(team, me)
    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        try:
            while member.round(connection):
                pass
        except (EOFError, ConnectionError, ForemanGone):  # the foreman has closed the connection, or is gone
            return
