"""How long until the first answer, and how much memory several processes take together; gensim's way beside it.

A model of 400,000 x 300 whose derived files exist: seconds from the start of `firth serve` to its first answer over
HTTP, and of `firth similar` as a whole; and the proportional set sizes of all processes of the service, summed, while
sixteen clients ask for the neighbors of different words. gensim's way is the service of `http_load`, whose vectors are
memory-mapped too.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import ROOT, WORK, clean, median, save, table
from benchmarks.services import SERVICES, Service, ask, prepare, running
from storage.embeddings import Embeddings, Floats

WORDS, DIMENSIONS = 400_000, 300
ROUNDS = 5
WORKERS = (1, 2, 4)
CLIENTS, QUESTIONS = 16, 1000  # the same for any number of workers: each reads other rows of what is mapped
THREADS = 16


def measure() -> None:
    """Make the model, start each service again and again, then load each with more and more workers."""
    folder = clean(WORK / "startup")
    prepare(folder, _embeddings())
    starts = [{name: _first_answer(service, folder) for name, service in SERVICES.items()} for _ in range(ROUNDS)]
    asked = [_similar(folder) for _ in range(ROUNDS)]
    memory = {name: {str(n): _memory(service, folder, n) for n in WORKERS} for name, service in SERVICES.items()}
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
            [
                f"memory of {n} worker{'s' * (n > 1)} under load, summed",
                *(_shared(figures, name, n) for name in ("firth", "gensim")),
            ]
            for n in WORKERS
        ),
    ]
    return table([size, "Firth", "Flask + gensim"], rows)


def _shared(figures: dict[str, Any], name: str, workers: int) -> str:
    megabytes = figures["megabytes"][name]
    taken = megabytes[str(workers)]
    return f"{taken:,.0f} MB ({taken / megabytes['1']:.2f})"


def _embeddings() -> Embeddings:
    generator = np.random.default_rng(1)
    spread = np.arange(1, DIMENSIONS + 1, dtype=np.float32) ** -0.5  # (D,) as unequally used as in trained vectors
    matrix: Floats = generator.standard_normal((WORDS, DIMENSIONS), np.float32) * spread
    return Embeddings(tuple(f"word{row}" for row in range(WORDS)), np.arange(WORDS, 0, -1), matrix)


def _first_answer(service: Service, folder: Path) -> float:
    started = time.perf_counter()
    with running(service, folder, 1, THREADS):
        return time.perf_counter() - started


def _similar(folder: Path) -> float:
    command = [sys.executable, "-m", "pipeline", "similar", "word7", "--db", str(folder / "firth.db")]
    started = time.perf_counter()
    subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _memory(service: Service, folder: Path, workers: int) -> float:
    """Megabytes of all processes of a service under load, each page divided among those that have it: the largest."""
    asked = np.random.default_rng(workers).integers(0, WORDS, QUESTIONS).tolist()
    with running(service, folder, workers, THREADS) as (process, address), ThreadPoolExecutor(CLIENTS) as clients:
        waiting = {clients.submit(ask, f"{address}word{row}") for row in asked}
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
