"""How long until the first answer, and how much memory several processes take together; gensim's way beside it.

A model of 400,000 x 300 whose derived files exist: seconds from the start of `firth serve` to its first answer over
HTTP, and of `firth similar` as a whole; and the proportional set sizes of all processes of the service, summed, while
sixteen clients ask for the neighbors of different words. gensim's way is the service of `http_load`, whose vectors are
memory-mapped too.
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
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, WORK, clean, median, save, table
from service.loading import derive
from storage.embeddings import Embeddings, Floats
from storage.store import Store

WORDS, DIMENSIONS = 400_000, 300
ROUNDS = 5
WORKERS = (1, 2, 4)
CLIENTS, QUESTIONS = 16, 4000  # questions for each worker
THREADS = 16
ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}


def measure() -> None:
    """Make the model, start each service again and again, then load each with more and more workers."""
    folder = clean(WORK / "startup")
    _make(folder)
    services = {"firth": _firth, "gensim": _gensim}
    starts = [{name: _first_answer(service, folder) for name, service in services.items()} for _ in range(ROUNDS)]
    asked = [_similar(folder) for _ in range(ROUNDS)]
    memory = {name: {str(n): _memory(service, folder, n) for n in WORKERS} for name, service in services.items()}
    model = {"words": WORDS, "dimensions": DIMENSIONS}
    save("startup", {**model, "starts": starts, "similar": asked, "megabytes": memory})


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    size = f"{figures['words']:,} x {figures['dimensions']}"
    starts = [f"{median([run[name] for run in figures['starts']]):.2f} s" for name in ("firth", "gensim")]
    rows = [
        ["from start to first answer over HTTP, median of 5", *starts],
        ["`firth similar`, whole, median of 5", f"{median(figures['similar']):.2f} s", ""],
        *(
            [f"memory of {n} workers under load, summed", *(_shared(figures, name, n) for name in ("firth", "gensim"))]
            for n in WORKERS
        ),
    ]
    return table([size, "Firth", "Flask + gensim"], rows)


def _shared(figures: dict[str, Any], name: str, workers: int) -> str:
    megabytes = figures["megabytes"][name]
    taken = megabytes[str(workers)]
    return f"{taken:,.0f} MB ({taken / megabytes['1']:.2f})"


def _make(folder: Path) -> None:
    from gensim.models import KeyedVectors

    generator = np.random.default_rng(1)
    spread = np.arange(1, DIMENSIONS + 1, dtype=np.float32) ** -0.5  # (D,) as unequally used as in trained vectors
    matrix: Floats = generator.standard_normal((WORDS, DIMENSIONS), np.float32) * spread
    embeddings = Embeddings(tuple(f"word{row}" for row in range(WORDS)), np.arange(WORDS, 0, -1), matrix)
    with Store.open(folder / "firth.db", create=True) as store:
        derive(store, store.publish("startup", embeddings, {}), embeddings, None)
    vectors = KeyedVectors(DIMENSIONS)
    vectors.add_vectors(list(embeddings.words), embeddings.matrix)
    vectors.save(str(folder / "gensim.kv"))


def _firth(folder: Path, port: int, workers: int) -> tuple[list[str], str]:
    command = ["pipeline", "serve", "--db", str(folder / "firth.db"), "--port", str(port), "--quiet"]
    command += ["--http-workers", str(workers), "--threads", str(THREADS)]
    return command, "/api/v1/models/startup/neighbors?topn=10&word="


def _gensim(folder: Path, port: int, workers: int) -> tuple[list[str], str]:
    command = ["benchmarks.gensim_service", str(folder / "gensim.kv"), str(port), str(workers), str(THREADS)]
    return command, "/neighbors?topn=10&word="


@contextmanager
def _running(service: Any, folder: Path, workers: int) -> Iterator[tuple[int, str]]:
    """A service that answers: its process, and its address up to the word."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command, path = service(folder, port, workers)
    with subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, env=os.environ | ONE_THREAD) as process:
        address = f"http://127.0.0.1:{port}{path}"
        try:
            _wait_for(f"{address}word0", process)
            yield process.pid, address
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(address: str, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            _ask(address)
            return
        time.sleep(0.005)
    sys.exit("the service ended before it answered")


def _ask(address: str) -> None:
    with urllib.request.urlopen(address, timeout=300) as response:  # noqa: S310 - our own server
        response.read()


def _first_answer(service: Any, folder: Path) -> float:
    started = time.perf_counter()
    with _running(service, folder, 1):
        return time.perf_counter() - started


def _similar(folder: Path) -> float:
    command = [sys.executable, "-m", "pipeline", "similar", "word7", "--db", str(folder / "firth.db")]
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _memory(service: Any, folder: Path, workers: int) -> float:
    """Megabytes of all processes of a service under load, each page divided among those that have it: the largest."""
    asked = np.random.default_rng(workers).integers(0, WORDS, QUESTIONS * workers).tolist()
    with _running(service, folder, workers) as (process, address), ThreadPoolExecutor(CLIENTS) as clients:
        waiting = {clients.submit(_ask, f"{address}word{row}") for row in asked}
        largest = 0.0
        while waiting:
            done, waiting = wait(waiting, timeout=0.5)
            for each in done:
                each.result()
            largest = max(largest, sum(map(_proportional_set, _with_children(process))) / 1e3)
    print(f"  {workers} workers: {largest:,.0f} MB", flush=True)
    return largest


def _with_children(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()
    return [process, *(found for child in children for found in _with_children(int(child)))]


def _proportional_set(process: int) -> int:
    """Kilobytes of a process, shared pages divided by the number of those who share them."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
