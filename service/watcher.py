"""Keeps a library up to date while nobody asks: looks at the store now and then, and at once when told."""

import contextlib
import logging
from queue import Empty, SimpleQueue
from threading import Thread

from service.library import Library
from storage.errors import FirthError

log = logging.getLogger(__name__)


class Watcher:
    """A thread that lets a library catch up; threads do not survive a fork, so each process starts its own.

    Args:
        library: what it watches for.
        interval: seconds between two looks; one costs a few system calls where nothing has changed.
    """

    def __init__(self, library: Library, interval: float) -> None:
        self._library = library
        self._interval = interval
        self._told: SimpleQueue[bool] = SimpleQueue()  # unlike an Event, it may be used by a handler of signals

    def start(self) -> None:
        """Begin to watch, until told to stop or until the process ends."""
        Thread(target=self._watch, name="watcher", daemon=True).start()

    def look(self) -> None:
        """Have a look now; may be called from a handler of signals."""
        self._told.put(True)

    def stop(self) -> None:
        """Look no more."""
        self._told.put(False)

    def _watch(self) -> None:
        while True:
            self._catch_up()
            with contextlib.suppress(Empty):
                if not self._told.get(timeout=self._interval):
                    return

    def _catch_up(self) -> None:
        try:
            self._library.catch_up()
        except FirthError as error:
            log.warning("the models cannot be looked up: %s", error)
        except Exception:
            log.exception("the models cannot be looked up")
