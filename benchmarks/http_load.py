"""Requests per second and latencies under wrk: `firth serve`, and a plain Flask + gensim service, in one run.

Both have the same vectors, the same number of gunicorn workers and threads, and one BLAS thread a worker; wrk has the
same cores as they. Before anything is timed, both must name the same neighbors.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from benchmarks.common import WORK, clean, save, table
from benchmarks.one_core import FREQUENT, clustered
from benchmarks.services import SERVICES, Service, ask, prepare, running
from storage.embeddings import Embeddings

SIZES = ((100_000, 100), (400_000, 300))
CLIENTS = (1, 16, 64)
SECONDS = int(os.environ.get("FIRTH_LOAD_SECONDS", "20"))
ROUNDS = 3
WORKERS, THREADS = 2, 32
ASKED = 20_000  # different words
CHECKED = 50  # of them compared first


def measure() -> None:
    """Make the models, compare the answers, then load both services in turn."""
    if not shutil.which("wrk"):
        sys.exit("wrk is not installed; on Debian: apt-get install wrk")
    figures = [_one_size(words, dimensions) for words, dimensions in SIZES]
    save("http_load", {"workers": WORKERS, "threads": THREADS, "seconds": SECONDS, "sizes": figures})


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = [
        _row(f"{size['words']:,} x {size['dimensions']}", clients, size["rounds"])
        for size in figures["sizes"]
        for clients in CLIENTS
    ]
    header = ["model", "clients", "Flask + gensim, requests/s", "p50, p99", "Firth, requests/s", "p50, p99", "ratio"]
    return table(header, rows)


def _row(size: str, clients: int, rounds: list[dict[str, Any]]) -> list[str]:
    cells, rates = [], []
    for service in ("gensim", "firth"):
        runs = sorted((run[service][str(clients)] for run in rounds), key=lambda run: float(run["rate"]))
        middle = runs[len(runs) // 2]
        rates.append(float(middle["rate"]))
        cells += [f"{middle['rate']:,.0f}", f"{middle['p50']:.1f} ms, {middle['p99']:.1f} ms"]
    return [size, str(clients), *cells, f"{rates[1] / rates[0]:.1f}"]


def _one_size(words: int, dimensions: int) -> dict[str, Any]:
    folder = clean(WORK / "http_load")
    embeddings = _embeddings(words, dimensions)
    asked = np.random.default_rng(1).choice(FREQUENT, ASKED, replace=False)  # (ASKED,)
    names = [embeddings.words[row] for row in asked]
    (folder / "words.txt").write_text("\n".join(map(quote, names)) + "\n", "utf-8")
    prepare(folder, embeddings)
    answers = {name: _answers(service, folder, names[:CHECKED]) for name, service in SERVICES.items()}
    _compare(answers["gensim"], answers["firth"])
    rounds = [{name: _load(service, folder) for name, service in SERVICES.items()} for _ in range(ROUNDS)]
    return {"words": words, "dimensions": dimensions, "rounds": rounds}


def _embeddings(words: int, dimensions: int) -> Embeddings:
    """Clusters with axes of unequal length, as trained vectors have."""
    vectors = clustered(words, dimensions)
    return Embeddings(tuple(f"word{row}" for row in range(words)), np.arange(words, 0, -1), vectors)


def _answers(service: Service, folder: Path, words: list[str]) -> list[list[dict[str, Any]]]:
    with running(service, folder, WORKERS, THREADS) as (_, address):
        return [json.loads(ask(address + quote(word)))["neighbors"] for word in words]


def _compare(theirs: list[list[dict[str, Any]]], ours: list[list[dict[str, Any]]]) -> None:
    for expected, found in zip(theirs, ours, strict=True):
        near = np.allclose([row["score"] for row in expected], [row["score"] for row in found], rtol=0, atol=1e-5)
        if {row["word"] for row in expected} != {row["word"] for row in found} or not near:
            sys.exit(f"the services name different neighbors, nothing to time: {expected} and {found}")


def _load(service: Service, folder: Path) -> dict[str, Any]:
    """The figures of one service for each number of clients; a first run that is not counted warms it up."""
    with running(service, folder, WORKERS, THREADS) as (_, address):
        _wrk(address, folder, CLIENTS[-1], seconds=3)
        return {str(clients): _wrk(address, folder, clients, SECONDS) for clients in CLIENTS}


def _wrk(address: str, folder: Path, clients: int, seconds: int) -> dict[str, float]:
    script = Path(__file__).with_name("http_load.lua")
    base, path = address[: address.index("/", 8)], address[address.index("/", 8) :]
    command = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--timeout", "60s", "-s", str(script), base, "--"]
    done = subprocess.run([*command, str(folder / "words.txt"), path], capture_output=True, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if figures["failed"]:
        sys.exit(f"{figures['failed']} requests failed at {clients} clients:\n{done.stdout}")
    print(f"  {clients} clients: {figures['requests'] / figures['seconds']:,.0f} requests/s, {figures}", flush=True)
    return {"rate": figures["requests"] / figures["seconds"], "p50": figures["p50"], "p99": figures["p99"]}
