"""gunicorn as this service runs it: one process that forks the workers, which share what it has loaded."""

import contextlib
import ctypes
import gc
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from service.gunicorn_worker import HELD_BACK, REQUEST_LINE, Worker
from service.metrics import FOLDER, forget_process
from service.running import Running

_M_ARENA_MAX = -8  # of glibc's malloc.h
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
        "worker_class": Worker,
        "threads": running.threads,
        "worker_connections": max(_MOST_CONNECTIONS, 2 * running.threads),
        "keepalive": running.keep_alive,
        "graceful_timeout": running.stop_timeout,
        "preload_app": True,
        "limit_request_line": REQUEST_LINE,
        "loglevel": "warning",
        "child_exit": lambda _server, worker: forget_process(worker.pid),
        "control_socket_disable": True,
    }
    forget_process(os.getpid())  # the models are the workers'
    _one_blas_thread()
    _one_heap()
    gc.collect()
    gc.freeze()  # what is loaded by now is never collected, so collecting does not touch, and so copy, its pages
    parent = os.getpid()
    try:
        Gunicorn(app, running, settings).run()
    except SystemExit as end:
        if end.code or os.getpid() != parent:  # a forked worker ends here too, and has nothing more to do
            raise


class Gunicorn(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn with our settings instead of its command line and files; the workers know it as `app`."""

    def __init__(self, app: Flask, running: Running, settings: dict[str, Any]) -> None:
        self.flask = app
        self.running = running
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Take the settings that this release of gunicorn knows: those before 25 have no control socket."""
        for name in self._settings.keys() & self.cfg.settings.keys():
            self.cfg.set(name, self._settings[name])

    def load(self) -> Flask:
        """Hand over the application."""
        return self.flask

    def run(self) -> None:
        """Run until told to stop."""
        Server(self).run()


class Server(Arbiter):  # type: ignore[misc] # gunicorn has no types
    """The process that watches over the workers."""

    def handle_hup(self) -> None:
        """Have the workers look for new models; gunicorn would replace them, which the models do not need."""
        self.kill_workers(signal.SIGHUP)

    def spawn_worker(self) -> None:
        """Fork; a signal that the new worker cannot handle yet waits for it instead of being lost."""
        signal.pthread_sigmask(signal.SIG_BLOCK, HELD_BACK)
        try:
            super().spawn_worker()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, HELD_BACK)


def _one_blas_thread() -> None:
    """Leave the cores to the workers: BLAS threads of several processes would fight for them."""
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1)


def _one_heap() -> None:
    """Let all threads of a process take memory from one heap; glibc's of their own keep what each once needed.

    Four processes that scan 400,000 words so hold 20 MB each to themselves, and not 80.
    """
    with contextlib.suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)
