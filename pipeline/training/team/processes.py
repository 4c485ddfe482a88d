"""`Processes`: those that a training starts beside its own, each at the other end of a pipe.

On Linux they are forked from a server, a process that does nothing but import what they need: once for all of them, and
while the training is still being prepared. It stays until this program ends, with the environment of its start; where
the program has such a server already, that is used, and imports nothing early. Where none can be started, they are
spawned.
"""

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

from pipeline.training.interrupt import SIGNALS, held_back
from storage.errors import FirthError

NEEDED = ["pipeline.training.team.worker", "pipeline.training.glove.hands"]
"""What the server imports: where the others work."""
SAFE = sys.version_info >= (3, 11)
"""Whether a process can be kept from importing what lies in the current folder, in the place of Firth."""


@cache
def method() -> str:
    """How processes are started. The server, if it is not yet there, is started by the first call."""
    if sys.platform != "linux":  # NumPy's libraries may not bear a fork elsewhere
        return "spawn"
    multiprocessing.set_forkserver_preload(NEEDED if SAFE else [])
    try:
        with held_back(), _environment():
            forkserver.ensure_running()
    except OSError:  # no room for its socket, whose path may be too long
        return "spawn"
    return "forkserver"


@contextmanager
def _environment() -> Iterator[None]:
    """That in which the server imports what this process would, and NumPy's libraries have no threads."""
    paths = os.pathsep.join(filter(None, sys.path))
    wanted = {"PYTHONSAFEPATH": "1", "PYTHONPATH": paths, "OPENBLAS_NUM_THREADS": "1"}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


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
        context: Any = multiprocessing.get_context(method())  # typed as one that starts no processes
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
