"""Numbers for Prometheus: requests, latencies, batches, loaded models; never a word, an address or a token in them.

Several processes write each to their own files, and whichever is asked for `/metrics` adds all of them up: where the
environment variable PROMETHEUS_MULTIPROC_DIR names a folder when the metrics are made.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from service.exchanges import Exchange
from storage.models import ModelInfo

FOLDER = "PROMETHEUS_MULTIPROC_DIR"

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)
_SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """The numbers of one application, over all processes that are forked from the one that makes them."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values

        # else the first import decides for the life of the process
        values.ValueClass = values.get_value_class()  # type: ignore[no-untyped-call] # it types only a part
        self._registry = registry = CollectorRegistry()
        self._requests = Counter(
            "firth_http_requests", "Requests answered.", ["method", "route", "status"], registry=registry
        )
        self._seconds = Histogram(
            "firth_http_request_seconds", "Time to answer.", ["route"], buckets=_SECONDS, registry=registry
        )
        self._batches = Histogram(
            "firth_batch_size", "Vectors ranked by one call of the index.", buckets=_SIZES, registry=registry
        )
        self._second_looks = Counter(
            "firth_index_second_looks", "Rankings that had to look at more rows than first chosen.", registry=registry
        )
        self._loaded = Gauge(
            "firth_models_loaded",
            "Models in memory, most of all processes.",
            registry=registry,
            multiprocess_mode="livemax",
        )
        self._version = Gauge(
            "firth_model_version",
            "Newest version in memory; lowest of all processes.",
            ["name"],
            registry=registry,
            multiprocess_mode="livemin",
        )
        self._names: set[str] = set()

    def exchange(self, exchange: Exchange) -> None:
        """Count a request that was answered."""
        self._requests.labels(exchange.method, exchange.route, str(exchange.status)).inc()
        self._seconds.labels(exchange.route).observe(exchange.seconds)

    def batch(self, size: int, second_looks: int) -> None:
        """Count a call of an index for this many vectors, some of which needed a second look."""
        self._batches.observe(size)
        if second_looks:
            self._second_looks.inc(second_looks)

    def models(self, loaded: Sequence[ModelInfo]) -> None:
        """Take down which models are in memory now; a name that has none any more gets version 0."""
        self._loaded.set(len(loaded))
        versions = dict.fromkeys(self._names, 0)
        for info in loaded:
            versions[info.name] = max(info.version, versions.get(info.name, 0))
        for name, version in versions.items():
            self._version.labels(name).set(version)
        self._names |= versions.keys()

    def text(self) -> tuple[bytes, str]:
        """All numbers in Prometheus' text format, with its content type; processes that have ended are included."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

        registry = self._registry
        if FOLDER in os.environ:
            registry = CollectorRegistry()
            registry.register(_AllProcesses(Path(os.environ[FOLDER])))
        return generate_latest(registry), CONTENT_TYPE_LATEST


class _AllProcesses:
    """The numbers that all processes have written down."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Any]:
        """Their sums; a file that a process has just begun, or was killed at beginning, is empty and says nothing."""
        from prometheus_client.multiprocess import MultiProcessCollector

        files = [str(file) for file in self._folder.glob("*.db") if _is_begun(file)]
        found: Iterable[Any] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call] # only partly typed
        return found


def _is_begun(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # that process has just ended
        return False


def forget_process(pid: int) -> None:
    """Leave a process that has ended out of what only living ones have: its loaded models, not what it counted."""
    from prometheus_client.multiprocess import mark_process_dead

    if FOLDER in os.environ and Path(os.environ[FOLDER]).is_dir():
        mark_process_dead(pid)  # type: ignore[no-untyped-call] # prometheus_client types only a part
