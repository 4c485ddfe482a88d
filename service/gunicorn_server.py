"""gunicorn as this service runs it: its threaded worker, with deadlines for slow clients and a signal for new models.

gunicorn's own threads wait for a client as long as it likes once the first byte is there, so a few dozen connections
that send a byte now and then would hold all of them. Here each connection has a deadline.
"""

import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from types import FrameType
from typing import Any

from flask import Flask, Response
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter
from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException
from gunicorn.workers.gthread import ThreadWorker

from service.app import secured
from service.deadlines import Deadlines
from service.exchanges import unreadable
from service.metrics import FOLDER, forget_process
from service.problems import problem
from service.running import Running
from service.watcher import Watcher

log = logging.getLogger(__name__)

_REQUEST_LINE = (
    8190  # bytes, gunicorn's largest: three words of LONGEST_WORD characters, four bytes each, percent-encoded
)
_MOST_CONNECTIONS = 2048  # of a process, most of them idle


@contextlib.contextmanager
def shared_numbers() -> Iterator[None]:
    """A folder where processes that are forked in its time keep their metrics together; it goes afterwards."""
    parent = os.getpid()
    folder = tempfile.mkdtemp(prefix="firth-metrics-")  # a TemporaryDirectory would go with the first process that ends
    os.environ[FOLDER] = folder
    try:
        yield
    finally:
        if os.getpid() == parent:
            del os.environ[FOLDER]
            shutil.rmtree(folder, ignore_errors=True)


def run(app: Flask, listener: socket.socket, running: Running, processes: int) -> None:
    """Answer with gunicorn until SIGTERM or SIGINT; SIGHUP makes all workers look for new models at once."""
    settings: dict[str, Any] = {
        "bind": f"fd://{listener.detach()}",  # already bound, so that a port in use was an error of ours
        "workers": processes,
        "worker_class": _worker_class(app, running),
        "threads": running.threads,
        "worker_connections": max(_MOST_CONNECTIONS, 2 * running.threads),
        "keepalive": running.keep_alive,
        "graceful_timeout": running.stop_timeout,
        "preload_app": True,
        "limit_request_line": _REQUEST_LINE,
        "loglevel": "warning",
        "child_exit": lambda _server, worker: forget_process(worker.pid),
        "control_socket_disable": True,
    }
    forget_process(os.getpid())  # the models are the workers'
    gc.collect()
    gc.freeze()  # what is loaded by now is never collected, so collecting does not touch, and so copy, its pages
    parent = os.getpid()
    try:
        _application(app, settings).run()
    except SystemExit as end:
        if end.code or os.getpid() != parent:  # a forked worker ends here too, and has nothing more to do
            raise


def _application(app: Flask, settings: dict[str, Any]) -> BaseApplication:
    class Server(Arbiter):  # type: ignore[misc] # gunicorn has no types
        """The process that watches over the workers."""

        def handle_hup(self) -> None:
            """Have the workers look for new models; gunicorn would replace them, which the models do not need."""
            self.kill_workers(signal.SIGHUP)

    class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
        """gunicorn with our settings instead of its command line and files."""

        def load_config(self) -> None:
            for name, value in settings.items():
                if name in self.cfg.settings:  # releases before 25 have no control socket
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

        def run(self) -> None:
            Server(self).run()

    return Gunicorn()


def _worker_class(app: Flask, running: Running) -> type:
    class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
        """A process that answers, each request in a thread."""

        def init_process(self) -> None:
            """Begin to watch for new models; then wait for requests until told to stop."""
            _one_blas_thread()
            self.watcher = Watcher(app.extensions["library"])
            self.watcher.start()
            self.deadlines = Deadlines()
            super().init_process()

        def init_signals(self) -> None:
            """SIGHUP means new models."""
            super().init_signals()
            signal.signal(signal.SIGHUP, self.handle_hup)
            signal.siginterrupt(signal.SIGHUP, False)

        def handle_hup(self, _signal: int, _frame: FrameType | None) -> None:
            """Look for new models."""
            self.watcher.look()

        def notify(self) -> None:
            """Tell the parent process that all is well, each second, and cut off who is too slow."""
            self.deadlines.enforce()
            super().notify()

        def handle(self, conn: Any) -> Any:
            """Read one request of a connection and answer it, in a thread."""
            with self.deadlines.of(conn.sock, running.request_timeout):
                result = super().handle(conn)
                if result is False:  # to be closed: waiting for the client's end of it is for this thread, too
                    _close(conn)
            return result

        def handle_request(self, req: Any, conn: Any) -> bool:
            """Answer a request whose headers are read."""
            self.deadlines.extend(conn.sock, running.answer_timeout)
            return bool(super().handle_request(req, conn))

        def handle_error(self, _req: object, client: socket.socket, _addr: object, exc: Exception) -> None:
            """Say in the service's one shape that a request could not be read; gunicorn then closes the connection."""
            with app.app_context():
                response = secured(_refusal(exc))
                unreadable(app, response)
            response.headers["Connection"] = "close"
            client.setblocking(False)  # who does not read must not hold a thread
            with contextlib.suppress(OSError):
                client.sendall(f"HTTP/1.1 {response.status}\r\n{response.headers}".encode("latin-1") + response.data)

    return Worker


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
        return problem(414, "too_long", f"the request line is longer than {_REQUEST_LINE} bytes")
    if isinstance(error, LimitRequestHeaders):
        return problem(431, "headers_too_large", f"the headers of the request are too large: {error}")
    return problem(400, "malformed", f"not a request of HTTP, with its words percent-encoded as UTF-8: {error}")


def _one_blas_thread() -> None:
    """Leave the cores to the workers: BLAS threads of several processes would fight for them."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)
