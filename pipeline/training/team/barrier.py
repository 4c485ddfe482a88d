"""A barrier for processes that meet every few hundred microseconds.

The standard library's wakes sleepers, which takes about as long as the work between two meetings. Here a process first
tries again and again, and sleeps only where another is late; a semaphore also orders memory, so what a process wrote
before the barrier is seen by the others behind it.
"""

import multiprocessing
import os
from multiprocessing.synchronize import Semaphore
from typing import NamedTuple

from storage.errors import FirthError

TRIES = 3000
"""Before sleeping: about half a millisecond."""
SLEEP_SECONDS = 0.5
"""A longer wait is time to see whether the others are alive."""


class ForemanGone(FirthError):
    """Nobody is left to work for."""


class Signals(NamedTuple):
    """A semaphore for each ordered pair of processes: signals[i][j] says that i has come, to j."""

    of: list[list[Semaphore]]

    @classmethod
    def between(cls, count: int) -> "Signals":
        """For so many processes."""
        context = multiprocessing.get_context("spawn")
        return cls([[context.Semaphore(0) for _ in range(count)] for _ in range(count)])


class Barrier:
    """One process's side of it."""

    def __init__(self, signals: Signals, me: int) -> None:
        others = [other for other in range(len(signals.of)) if other != me]
        self._tell = [signals.of[me][other] for other in others]
        self._hear = [signals.of[other][me] for other in others]
        self._parent = os.getppid()

    def wait(self) -> None:
        """Return when all have come.

        Raises:
            ForemanGone: the process that started this one is gone.
        """
        self.come()
        for semaphore in self._hear:
            self._wait_for(semaphore)

    def come(self) -> None:
        """Tell the others, without waiting for them."""
        for semaphore in self._tell:
            semaphore.release()

    def _wait_for(self, semaphore: Semaphore) -> None:
        for _ in range(TRIES):
            if semaphore.acquire(False):
                return
        while not semaphore.acquire(True, SLEEP_SECONDS):
            self.check()

    def check(self) -> None:
        """Look whether the others are alive; a worker can see only the process that started it."""
        if os.getppid() != self._parent:
            raise ForemanGone("the process that started this worker is gone")
