"""Deadlines for connections: who sends or reads too slowly is cut off, and its thread is free again."""

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from threading import Lock

log = logging.getLogger(__name__)


class Deadlines:
    """When each of the connections that threads work on has to be done."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: dict[socket.socket, float] = {}

    @contextlib.contextmanager
    def of(self, connection: socket.socket, seconds: float) -> Iterator[None]:
        """While this lasts the connection has a deadline, so many seconds from now."""
        self.extend(connection, seconds)
        try:
            yield
        finally:
            with self._lock:
                self._ends.pop(connection, None)

    def extend(self, connection: socket.socket, seconds: float) -> None:
        """Another deadline, so many seconds from now."""
        with self._lock:
            self._ends[connection] = time.monotonic() + seconds

    def enforce(self) -> None:
        """Cut off the connections that are late; the threads that wait for them find them closed."""
        now = time.monotonic()
        with self._lock:  # held until all are cut off: a thread that is done meanwhile may not hand on its socket
            late = [connection for connection, end in self._ends.items() if end < now]
            for connection in late:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                del self._ends[connection]
        if late:
            log.warning("%d connections were too slow and are cut off", len(late))
