"""The life of a process of a team that is not the foreman."""

from multiprocessing.connection import Connection

from pipeline.training.crew import at_work
from pipeline.training.team.member import Member
from pipeline.training.team.team import Team


def work(kind: type[Member], team: Team, me: int, connection: Connection) -> None:
    """Take part in round after round, until the team is to end."""
    member = kind(team, me)
    with at_work():
        try:
            while member.round(connection):
                pass
        except (EOFError, ConnectionError):  # the foreman has closed the connection, or is gone
            return
