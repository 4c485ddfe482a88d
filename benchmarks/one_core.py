"""Exact top 10 of one kind of vectors, verified against float64, then timed against gensim; prints the figures.

`python -m benchmarks.one_core random|clustered|trained [MODEL]`
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from service.nearest import Doubles, Found, Index, Wanted, quantized, unit_rows
from service.nearest.units import ROWS_AT_ONCE
from storage.embeddings import Floats

ROWS, DIMENSIONS, BATCH, TOPN, ROUNDS = 400_000, 300, 64, 10, 5
FREQUENT = 50_000  # people ask for words of these ranks


def random() -> Floats:
    """(V, D) without any structure."""
    return np.random.default_rng(0).standard_normal((ROWS, DIMENSIONS), np.float32)


def clustered(rows: int = ROWS, dimensions: int = DIMENSIONS) -> Floats:
    """(V, D): topics, groups of about 50 within them, single words; variance falls with the axis as (i + 8)^-1.5."""
    generator = np.random.default_rng(0)
    topics, groups = (generator.standard_normal((count, dimensions), np.float32) for count in (400, rows // 50))
    groups += topics[generator.integers(0, len(topics), len(groups))]
    words = generator.standard_normal((rows, dimensions), np.float32) + groups[generator.integers(0, len(groups), rows)]
    axes = np.linalg.qr(generator.standard_normal((dimensions, dimensions)))[0]  # so that no axis is a coordinate
    mixed: Floats = words @ ((np.arange(dimensions) + 8.0) ** -0.75 * axes).T.astype(np.float32)
    return mixed


def trained(model: str) -> Floats:
    """(V, D): the most frequent words of a trained model."""
    from pipeline.training.model import load_model

    return load_model(Path(model)).embeddings.matrix[:ROWS]


def brute_force(unit: Floats, vectors: Doubles) -> Doubles:
    """(n, V) cosines in float64."""
    blocks = (unit[start : start + ROWS_AT_ONCE].astype(np.float64) for start in range(0, len(unit), ROWS_AT_ONCE))
    return np.hstack([vectors @ (block / np.linalg.norm(block, axis=1, keepdims=True)).T for block in blocks])


def verify(unit: Floats, wanted: list[Wanted], found: list[Found]) -> None:
    """Compare each answer with plain float64.

    Raises:
        SystemExit: a score that is off, or a row left out that is nearer than one that was found.
    """
    for scores, each, answer in zip(
        brute_force(unit, np.stack([each.vector for each in wanted])), wanted, found, strict=True
    ):
        scores[list(each.banned)] = -np.inf
        best = np.sort(scores)[::-1][:TOPN]
        if np.abs(answer.scores - best).max() > 1e-12 or np.abs(answer.scores - scores[answer.rows]).max() > 1e-12:
            raise SystemExit(f"the answer for row {each.banned} is not that of float64: nothing to time")


def timed(do: Callable[[Any], Any], what: Any) -> float:
    """Milliseconds of this one core: what else the machine does adds little."""
    started = time.process_time()
    do(what)
    return (time.process_time() - started) * 1000


def main(kind: str, *arguments: str) -> None:
    """Verify, time in turn, print."""
    from gensim.models import KeyedVectors

    kinds: dict[str, Callable[..., Floats]] = {"random": random, "clustered": clustered, "trained": trained}
    matrix = kinds[kind](*arguments)
    unit = unit_rows(matrix)
    vectors = KeyedVectors(unit.shape[1])
    vectors.add_vectors([str(row) for row in range(len(unit))], matrix)
    vectors.fill_norms()
    indexes = {"int8": Index(unit, quantized(unit)), "float32": Index(unit)}
    rows = np.random.default_rng(1).integers(0, FREQUENT, BATCH).tolist()
    wanted = [Wanted(unit[row] / np.linalg.norm(unit[row].astype(np.float64)), TOPN, (row,)) for row in rows]
    for index in indexes.values():
        verify(unit, wanted, index.nearest(wanted))
    looks = indexes["int8"].second_looks
    rounds = [_round(vectors, indexes, wanted, rows) for _ in range(ROUNDS)]
    about = {"rows": len(unit), "dimensions": unit.shape[1], "batch": BATCH, "int8": indexes["int8"].int8}
    print(json.dumps(about | {"second_looks": looks, "asked": BATCH, "rounds": rounds}))


def _round(vectors: Any, indexes: dict[str, Index], wanted: list[Wanted], rows: list[int]) -> dict[str, Any]:
    """Every question by every way in turn, then the batch by each; one: the median question, batch: all of them."""
    times: dict[str, list[float]] = {name: [] for name in ("gensim", *indexes)}
    for row, each in zip(rows, wanted, strict=True):
        times["gensim"].append(timed(vectors.most_similar, str(row)))
        for name, index in indexes.items():
            times[name].append(timed(index.nearest, [each]))
    batch = {name: timed(index.nearest, wanted) for name, index in indexes.items()}
    batch["gensim"] = sum(times["gensim"])
    return {name: {"one": float(np.median(times[name])), "batch": batch[name]} for name in times}


if __name__ == "__main__":
    main(*sys.argv[1:])
