"""`serve` runs the application under a real WSGI server: gunicorn where it runs, waitress elsewhere.

Nothing is printed; what happens is logged, first of all the address.
"""

import contextlib
import importlib.util
import logging
import os
import signal
import socket
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Literal, NoReturn

from flask import Flask, Response

from service.app import create_app
from service.http.transport import secured
from service.problems import problem
from service.settings import ServiceSettings
from storage.errors import FirthError, SettingError

log = logging.getLogger(__name__)

_MOST_WORKERS = 8
_REQUEST_LINE = (
    8190  # bytes, gunicorn's largest: three words of LONGEST_WORD characters, four bytes each, percent-encoded
)


def serve(
    db: Path,
    host: str = "127.0.0.1",
    port: int = 8000,
    *,
    processes: int | None = None,
    threads: int = 16,
    server: Literal["gunicorn", "waitress"] | None = None,
    settings: ServiceSettings | None = None,
) -> None:
    """Answer from a store until the process is told to stop (SIGTERM, SIGINT); what is in flight is finished.

    The models are loaded before gunicorn forks its workers, which so share one copy.

    Args:
        db: the store's file.
        host: address to listen on.
        port: port to listen on; 0 takes a free one, which the log tells.
        processes: by default one for each core, at most eight. waitress has one.
        threads: threads of each process.
        server: gunicorn or waitress; by default gunicorn where it runs.
        settings: limits and switches of the service.

    Raises:
        StoreError: there is no usable store at `db`.
        SettingError: `port` is not a port.
        FirthError: the address cannot be listened on, for example because the port is in use.
    """
    listener = _listen(host, port)
    try:
        app = create_app(db, settings, preload=True)
    except BaseException:
        listener.close()
        raise
    log.info("Firth answers at %s", _address(listener))
    if (server or _usual_server()) == "gunicorn":
        _run_gunicorn(app, listener, processes or _cores(), threads)
    else:
        _run_waitress(app, listener, threads)
    log.info("Firth has stopped")


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise SettingError(f"port is {port}; allowed: 0 to 65535")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = error.strerror or str(error)
        raise FirthError(f"cannot listen on {host} port {port}: {why}; choose another with --host or --port") from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)


def _usual_server() -> Literal["gunicorn", "waitress"]:
    runs = hasattr(os, "fork") and importlib.util.find_spec("gunicorn") is not None
    return "gunicorn" if runs else "waitress"


def _run_gunicorn(app: Flask, listener: socket.socket, processes: int, threads: int) -> None:
    from gunicorn.app.base import BaseApplication

    settings: dict[str, Any] = {
        "bind": f"fd://{listener.detach()}",  # already bound, so that a port in use was an error of ours
        "workers": processes,
        "worker_class": _worker_class(app),
        "threads": threads,
        "preload_app": True,
        "limit_request_line": _REQUEST_LINE,
        "loglevel": "warning",
        "post_worker_init": _one_blas_thread,
        "control_socket_disable": True,
    }

    class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
        """gunicorn with our settings instead of its command line and files."""

        def load_config(self) -> None:
            for name, value in settings.items():
                if name in self.cfg.settings:  # releases before 25 have no control socket
                    self.cfg.set(name, value)

        def load(self) -> Flask:
            return app

    parent = os.getpid()
    try:
        Gunicorn().run()
    except SystemExit as end:
        if end.code or os.getpid() != parent:  # a forked worker ends here too, and has nothing more to do
            raise


def _worker_class(app: Flask) -> type:
    """gunicorn's threaded worker, which says in the service's one shape that it cannot read a request."""
    from gunicorn.workers.gthread import ThreadWorker

    class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn has no types
        """Answers in JSON also where a request never reached the application."""

        def handle_error(self, _req: object, client: socket.socket, _addr: object, exc: Exception) -> None:
            """Send the error if the client still listens; gunicorn then closes the connection."""
            with app.app_context():
                response = secured(_refusal(exc))
            response.headers["Connection"] = "close"
            client.setblocking(False)  # who does not read must not hold a thread
            with contextlib.suppress(OSError):
                client.sendall(f"HTTP/1.1 {response.status}\r\n{response.headers}".encode("latin-1") + response.data)

    return Worker


def _refusal(error: Exception) -> Response:
    from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

    if not isinstance(error, ParseException):
        log.error("a request failed outside of the application", exc_info=error)
        return problem(500, "internal", "the service failed; its log says why")
    log.warning("a request could not be read: %s", error)
    if isinstance(error, LimitRequestLine):
        return problem(414, "too_long", f"the request line is longer than {_REQUEST_LINE} bytes")
    if isinstance(error, LimitRequestHeaders):
        return problem(431, "headers_too_large", f"the headers of the request are too large: {error}")
    return problem(400, "malformed", f"not a request of HTTP, with its words percent-encoded as UTF-8: {error}")


def _one_blas_thread(_worker: object) -> None:
    """Leave the cores to the workers: BLAS threads of several processes would fight for them."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)


def _run_waitress(app: Flask, listener: socket.socket, threads: int) -> None:
    import waitress

    signal.signal(signal.SIGTERM, _exit)
    try:
        waitress.serve(app, sockets=[listener], threads=threads, ident=None)
    except SystemExit as end:
        if end.code:
            raise


def _exit(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
