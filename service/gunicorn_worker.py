"""A process that answers: gunicorn's threaded worker, with deadlines for slow clients and a signal for new models.

gunicorn's own threads wait for a client as long as it likes once the first byte is there, so a few dozen connections
that send a byte now and then would hold all of them. Here each connection has a deadline.
"""

import contextlib
import logging
import select
import signal
import socket
from types import FrameType
from typing import Any

from flask import Response
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.deadlines import Deadlines
from service.exchanges import unreadable
from service.http.transport import secured
from service.problems import problem
from service.watcher import Watcher

log = logging.getLogger(__name__)

REQUEST_LINE = (
    8190  # bytes, gunicorn's largest: three words of LONGEST_WORD characters, four bytes each, percent-encoded
)
_LINGER = 5  # milliseconds that a thread waits for the next request of the same connection
HELD_BACK = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, signal.SIGHUP}
"""Signals that are held back while a worker begins."""


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
    """A process that answers, each request in a thread; its `app` is a `gunicorn_server.Gunicorn`."""

    def __init__(self, *args: Any, **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self.running = self.app.running
        self.watcher = Watcher(self.app.flask.extensions["library"], self.running.look_every)
        self.deadlines = Deadlines()

    def init_signals(self) -> None:
        """SIGHUP means new models; from now on signals need not be held back."""
        super().init_signals()
        signal.signal(signal.SIGHUP, self.handle_hup)
        signal.siginterrupt(signal.SIGHUP, False)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)

    def handle_hup(self, _signal: int, _frame: FrameType | None) -> None:
        """Look for new models."""
        self.watcher.look()

    def run(self) -> None:
        """Begin to watch for new models; then wait for requests until told to stop."""
        self.watcher.start()
        super().run()

    def notify(self) -> None:
        """Tell the parent process that all is well, each second, and cut off who is too slow."""
        self.deadlines.enforce()
        super().notify()

    def handle(self, conn: Any) -> Any:
        """Read a request of a connection and answer it, in a thread, and the next ones if they come at once."""
        result = True
        while result is True:
            with self.deadlines.of(conn.sock, self.running.request_timeout):
                result = super().handle(conn)
                if result is False:  # to be closed: waiting for the client's end of it is for this thread, too
                    _close(conn)
            if result is not True or not self._goes_on(conn):
                break
        return result

    def _goes_on(self, conn: Any) -> bool:
        """Whether the next request is there, or comes while nobody else needs this thread.

        Giving the connection back, and getting it again, costs more than reading a request.
        """
        if not self.alive or self.tpool._work_queue.qsize():
            return False
        waiting = select.poll()
        waiting.register(conn.sock, select.POLLIN)
        return bool(waiting.poll(_LINGER))

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Answer a request whose headers are read."""
        self.deadlines.extend(conn.sock, self.running.answer_timeout)
        return bool(super().handle_request(req, conn))

    def handle_error(self, _req: object, client: socket.socket, _addr: object, exc: Exception) -> None:
        """Say in the service's one shape that a request could not be read; gunicorn then closes the connection."""
        with self.app.flask.app_context():
            response = secured(_refusal(exc))
            unreadable(self.app.flask, response)
        response.headers["Connection"] = "close"
        client.setblocking(False)  # who does not read must not hold a thread
        with contextlib.suppress(OSError):
            client.sendall(f"HTTP/1.1 {response.status}\r\n{response.headers}".encode("latin-1") + response.data)


def _close(conn: Any) -> None:
    """Close a connection, so that closing it once more, as gunicorn does in its one main thread, takes no time."""
    conn.close(graceful=True)
    conn.close = lambda graceful=False: None  # noqa: ARG005 - as gunicorn calls it


def _refusal(error: Exception) -> Response:
    if not isinstance(error, ParseException):
        log.error("a request failed outside of the application", exc_info=error)
        return problem(500, "internal", "the service failed; its log says why")
    log.warning("a request could not be read: %s", error)
    if isinstance(error, LimitRequestLine):
        return problem(414, "too_long", f"the request line is longer than {REQUEST_LINE} bytes")
    if isinstance(error, LimitRequestHeaders):
        return problem(431, "headers_too_large", f"the headers of the request are too large: {error}")
    return problem(400, "malformed", f"not a request of HTTP, with its words percent-encoded as UTF-8: {error}")
