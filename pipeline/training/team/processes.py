"""`Processes`: those that a training starts beside its own, each at the other end of a pipe.

Where the system can fork, they are forked from a server, a process that does nothing but import what they need: once
for all of them, and while the training is still being prepared.
"""

import multiprocessing
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from pipeline.training.interrupt import SIGNALS, held_back
from storage.errors import FirthError

METHOD = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
NEEDED = ["pipeline.training.team.worker", "pipeline.training.glove.hands"]


def expect() -> None:
    """Say early that processes are going to be started."""
    if METHOD == "forkserver":
        from multiprocessing import forkserver

        multiprocessing.set_forkserver_preload(NEEDED)
        with held_back():
            forkserver.ensure_running()


class Processes:
    """None at first.

    Attributes:
        connections: to each of them, in the order in which they were started.
    """

    def __init__(self) -> None:
        self.connections: list[Connection] = []
        self._processes: list[BaseProcess] = []

    def start(self, work: Callable[..., None], *arguments: object) -> None:
        """Start one more: it does `work` with these arguments and its end of the pipe, until that is closed."""
        context: Any = multiprocessing.get_context(METHOD)  # typed as one that starts no processes
        here, there = context.Pipe()
        process = context.Process(target=_undisturbed, args=(work, *arguments, there), daemon=True)
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


def _undisturbed(work: Callable[..., None], *arguments: object) -> None:
    """Work, with the signals held back also where the server lets them through."""
    if hasattr(signal, "pthread_sigmask"):  # not on Windows
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    work(*arguments)


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
