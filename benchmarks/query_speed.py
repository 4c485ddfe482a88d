"""Exact top 10 on one core: Firth against gensim's `most_similar` on the same vectors, verified, then timed in turn.

Three sets of vectors: those that Firth learns from the whole of english.txt; clusters with axes of unequal length, as
trained vectors have; and random ones, the hardest case, in which no part of a row tells anything of the rest.
"""

import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.common import WORK, english, in_child, median, save, table

KINDS = {
    "trained": "trained on english.txt",
    "clustered": "clusters, synthetic",
    "random": "random",
}
WAYS = {"gensim": "gensim 4.4", "int8": "Firth", "float32": "Firth, NumPy alone"}


def measure() -> None:
    """Each kind of vectors in a process of its own, with one BLAS thread."""
    kinds = {}
    for kind in KINDS:
        vectors = [str(_trained())] if kind == "trained" else []
        kinds[kind] = in_child("benchmarks.one_core", kind, *vectors)
        print(f"{kind}: {_ratios(kinds[kind])}", flush=True)
    save("query_speed", {"kinds": kinds})


def _trained() -> Path:
    """Vectors of every word of english.txt, 300 dimensions, one epoch."""
    model = WORK / "query_speed" / "model"
    if not model.is_dir():
        options = ["--vector-size", "300", "--min-count", "1", "--epochs", "1"]
        command = [sys.executable, "-m", "pipeline", "train", str(english()), "--out", str(model), *options]
        subprocess.run(command, check=True, capture_output=True)
    return model


def _ratios(figures: dict[str, Any]) -> str:
    one, many = (f"{_ratio(figures, size):.1f}" for size in ("one", "batch"))
    return f"{one} times gensim's speed for one question, {many} for {figures['batch']}"


def _ratio(figures: dict[str, Any], size: str) -> float:
    """The median of the rounds' ratios."""
    rounds = figures["rounds"]
    return median([run["gensim"][size] / run["int8"][size] for run in rounds])


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = []
    for kind, about in KINDS.items():
        measured = figures["kinds"][kind]
        shape = f"{about}, {measured['rows']:,} x {measured['dimensions']}"
        for size, name in (("one", "one question"), ("batch", f"{measured['batch']} questions")):
            times = [f"{median([run[way][size] for run in measured['rounds']]):.1f} ms" for way in WAYS]
            looks = f"{measured['second_looks']} of {measured['asked']}"
            rows.append([shape, name, *times, f"{_ratio(measured, size):.1f}", looks])
            shape = ""
    return table(["vectors", "", *WAYS.values(), "ratio", "second looks"], rows)
