"""`serve` runs the application under a real WSGI server: gunicorn where it runs, waitress elsewhere.

Nothing is printed; what happens is logged, first of all the address.
"""

import importlib.util
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Literal, NoReturn

from flask import Flask

from service.app import create_app
from service.heap import share_heap
from service.running import Running
from service.settings import ServiceSettings
from service.watcher import Watcher
from storage.errors import FirthError

log = logging.getLogger(__name__)

_MOST_WORKERS = 8
_SILENCE = 5  # seconds


def serve(
    db: Path,
    host: str = "127.0.0.1",
    running: Running | None = None,
    settings: ServiceSettings | None = None,
    *,
    server: Literal["gunicorn", "waitress"] | None = None,
) -> None:
    """Answer from a store until the process is told to stop (SIGTERM, SIGINT); what is in flight is finished.

    The models are loaded before gunicorn forks its workers, which so share one copy. Models that are published later
    are loaded when that is noticed, within seconds, or at once at SIGHUP.

    Args:
        db: the store's file.
        host: address to listen on.
        running: port, processes, threads and so on.
        settings: limits and switches of the service.
        server: gunicorn or waitress; by default gunicorn where it runs. waitress has one process, and knows neither
            `keep_alive` nor `stop_timeout`.

    Raises:
        StoreError: there is no usable store at `db`.
        FirthError: the address cannot be listened on, for example because the port is in use.
    """
    share_heap()
    running, settings = running or Running(), settings or ServiceSettings()
    listener = _listen(host, running.port)
    try:
        _run(listener, running, server or _usual_server(), lambda: _application(db, listener, running, settings))
    finally:
        listener.close()
    log.info("Firth has stopped")


def _run(listener: socket.socket, running: Running, server: str, application: Callable[[], Flask]) -> None:
    if server == "gunicorn":
        from service.gunicorn_server import run, shared_numbers

        with shared_numbers():
            run(application(), listener, running, running.http_workers or _cores())
    else:
        _run_waitress(application(), listener, running)


def _application(db: Path, listener: socket.socket, running: Running, settings: ServiceSettings) -> Flask:
    app = create_app(db, settings, running=running, preload=True)
    log.info("Firth answers at %s", _address(listener))
    return app


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        why = error.strerror or str(error)
        raise FirthError(f"cannot listen on {host} port {port}: {why}; choose another with --host or --port") from error
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a body does not wait until its head has arrived
    if hasattr(socket, "TCP_DEFER_ACCEPT"):  # who connects and says nothing does not get as far as a thread
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, _SILENCE)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _cores() -> int:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(usable, _MOST_WORKERS)


def _usual_server() -> Literal["gunicorn", "waitress"]:
    runs = hasattr(os, "fork") and importlib.util.find_spec("gunicorn") is not None
    return "gunicorn" if runs else "waitress"


def _run_waitress(app: Flask, listener: socket.socket, running: Running) -> None:
    import waitress

    watcher = Watcher(app.extensions["library"], running.look_every)
    watcher.start()
    signal.signal(signal.SIGTERM, _exit)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, lambda *_: watcher.look())
    try:
        waitress.serve(
            app,
            sockets=[listener],
            threads=running.threads,
            ident=None,
            channel_timeout=running.answer_timeout,
        )
    except SystemExit as end:
        if end.code:
            raise


def _exit(_signal: int, _frame: FrameType | None) -> NoReturn:
    sys.exit(0)
