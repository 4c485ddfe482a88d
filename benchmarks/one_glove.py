"""Count and train GloVe for some iterations, alone in a process; prints seconds, pairs, losses and memory.

`python -m benchmarks.one_glove TOKENS SETTINGS-JSON [--workers N] [--iterations N] [--export FILE]`
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common import VOCABULARY
from pipeline.cooccurrence.cells import Cells
from pipeline.plan.memory import peak_bytes
from pipeline.settings import TrainSettings, WorkerSettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.glove.crew import GloveCrew
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.training import counted_cells, divided

RECORD = np.dtype([("row", "<i4"), ("column", "<i4"), ("weight", "<f8")])
"""Of a pair in the files of GloVe's program; its words are numbered from 1 on."""


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    """What comes out, with the seconds and the processor's seconds that it took."""
    began, used = time.perf_counter(), time.process_time()
    made = work()
    return made, {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - used}


def export(cells: Cells, path: Path) -> None:
    """All pairs as GloVe's program reads them, in a random order: what its `shuffle` writes."""
    rows, columns, weights = cells.piece(0, len(cells))
    off = rows != columns
    records = np.empty(len(rows) + int(off.sum()), RECORD)
    records["row"] = 1 + np.concatenate([rows, columns[off]])
    records["column"] = 1 + np.concatenate([columns, rows[off]])
    records["weight"] = np.concatenate([weights, weights[off]])
    np.random.default_rng(1).shuffle(records)
    records.tofile(path)


def _iterate(crew: GloveCrew, epoch: int) -> float:
    return sum(done.loss for done in crew.epoch(epoch))


def main() -> None:
    """Parse, count, train, print one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokens", type=Path)
    parser.add_argument("settings", type=json.loads)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--export", type=Path)
    chosen = parser.parse_args()
    settings, work = TrainSettings(**chosen.settings), WorkerSettings(workers=chosen.workers)
    corpus = TokenCorpus.open(chosen.tokens)
    words = corpus.vocabulary(VOCABULARY)
    with tempfile.TemporaryDirectory() as folder, threadpool_limits(1, "blas"):
        scratch = Path(folder)
        cells, counting = timed(lambda: counted_cells(corpus, len(words), settings, work, scratch))
        (tiles, _), arranging = timed(lambda: divided(cells, work.count_memory, 0.0, scratch))
        if chosen.export:
            export(cells, chosen.export)
        start = Factors.start(len(words), settings.vector_size, settings.seed)
        with GloveCrew(settings, tiles, start, work.workers) as crew:
            took = [timed(partial(_iterate, crew, epoch)) for epoch in range(chosen.iterations)]
    print(
        json.dumps(
            {
                "words": len(words),
                "tokens": int(words.counts.sum()),
                "pairs": tiles.pairs,
                "counting": counting,
                "arranging": arranging,
                "iterations": [seconds for _, seconds in took],
                "losses": [loss / tiles.pairs for loss, _ in took],
                "peak_bytes": peak_bytes(),
            }
        )
    )


if __name__ == "__main__":
    main()
