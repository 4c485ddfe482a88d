"""`Processes`: those that a training starts beside its own, each at the other end of a pipe."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from pipeline.training.interrupt import held_back
from storage.errors import FirthError


class Processes:
    """None at first.

    Attributes:
        connections: to each of them, in the order in which they were started.
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._processes: list[SpawnProcess] = []

    def start(self, work: Callable[..., None], *arguments: object) -> None:
        """Start one more: it does `work` with these arguments and its end of the pipe, until that is closed."""
        context = multiprocessing.get_context("spawn")
        here, there = context.Pipe()
        process = context.Process(target=work, args=(*arguments, there), daemon=True)
        with held_back():  # from it for good: who is told to end is this process, which then closes the pipe
            process.start()
        there.close()
        self.connections.append(here)
        self._processes.append(process)

    def close(self) -> None:
        """Let them end, wherever they are."""
        for connection in self.connections:
            connection.close()
        try:
            for process in self._processes:
                process.join(5)
        finally:  # also when this process is interrupted while it waits
            for process in self._processes:
                process.kill()


def send(connection: Connection, message: Any) -> None:
    """Tell the process at the other end something.

    Raises:
        FirthError: it has died.
    """
    try:
        connection.send(message)
    except OSError:  # a broken pipe
        raise _ended_early() from None


def receive(connection: Connection) -> Any:
    """Wait for what the process at the other end has to say.

    Raises:
        FirthError: it has died.
    """
    try:
        return connection.recv()
    except (EOFError, OSError):
        raise _ended_early() from None


def _ended_early() -> FirthError:
    return FirthError(
        "a training process ended early: memory ran out, it was killed, or the program that calls Firth lacks"
        ' `if __name__ == "__main__":`'
    )
