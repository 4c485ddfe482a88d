"""The two services that answer neighbors over HTTP, as processes: `firth serve`, and Flask with gensim.

Both have the same vectors, the same number of gunicorn workers and threads, and one BLAS thread a worker.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.common import ROOT
from service.loading import derive
from storage.embeddings import Embeddings
from storage.store import Store

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}

Service = Callable[[Path, int, int, int], tuple[list[str], str]]
"""From folder, port, workers and threads to the module with its arguments, and the path up to the word."""


def prepare(folder: Path, embeddings: Embeddings) -> None:
    """Write what both services read, so that neither has anything left to derive."""
    from gensim.models import KeyedVectors

    with Store.open(folder / "firth.db", create=True) as store:
        derive(store, store.publish("vectors", embeddings, {}), embeddings, None)
    vectors = KeyedVectors(embeddings.dimensions)
    vectors.add_vectors(list(embeddings.words), embeddings.matrix)
    vectors.save(str(folder / "gensim.kv"))


def firth(folder: Path, port: int, workers: int, threads: int) -> tuple[list[str], str]:
    """Firth's own service."""
    command = ["pipeline", "serve", "--db", str(folder / "firth.db"), "--port", str(port), "--quiet"]
    command += ["--http-workers", str(workers), "--threads", str(threads)]
    return command, "/api/v1/models/vectors/neighbors?topn=10&word="


def gensim(folder: Path, port: int, workers: int, threads: int) -> tuple[list[str], str]:
    """What people write who need neighbors over HTTP."""
    command = ["benchmarks.gensim_service", str(folder / "gensim.kv"), str(port), str(workers), str(threads)]
    return command, "/neighbors?topn=10&word="


SERVICES: dict[str, Service] = {"gensim": gensim, "firth": firth}


@contextmanager
def running(service: Service, folder: Path, workers: int, threads: int) -> Iterator[tuple[int, str]]:
    """A service that answers: its process, and its address up to the word."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command, path = service(folder, port, workers, threads)
    with subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=os.environ | ONE_THREAD) as process:
        address = f"http://127.0.0.1:{port}{path}"
        try:
            _wait_for(f"{address}word0", process)
            yield process.pid, address
        finally:
            process.send_signal(signal.SIGTERM)


def ask(address: str) -> bytes:
    """The body of what is at an address."""
    with urllib.request.urlopen(address, timeout=300) as response:  # noqa: S310 - our own server
        body: bytes = response.read()
        return body


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            ask(address)
            return
        time.sleep(0.005)
    sys.exit("the service ended before it answered")
