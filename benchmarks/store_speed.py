"""Keeping a model and opening it: time and memory of the store against gensim's files, each step in its own process.

`FIRTH_BENCH_SIZES=400000` measures only that many words; results of other sizes are kept. Three million words take
about 25 GB of disk.
"""

import os
from typing import Any

from benchmarks.common import RESULTS, WORK, clean, in_child, load, save, table
from benchmarks.one_storing import STEPS, prepare

SIZES, DIMENSIONS = (400_000, 3_000_000), 300
ROWS = (  # what, Firth's step, gensim's
    ("store: SQLite, hashed, sealed; gensim: save", "firth_store", "gensim_save"),
    ("and the files that answer questions; gensim: save_word2vec_format", "firth_derive", "gensim_save_word2vec"),
    ("read everything; gensim: load", "firth_load", "gensim_load"),
    ("gensim: load_word2vec_format", "", "gensim_load_word2vec"),
    ("open and answer a first question; gensim: load(mmap) and most_similar", "firth_open", "gensim_open"),
    ("the same for the first time, where these files are missing", "firth_open_first", ""),
)


def measure() -> None:
    """Each step once, at each size."""
    kept = {run["words"]: run for run in load("store_speed")["runs"]} if (RESULTS / "store_speed.json").exists() else {}
    for words in map(int, os.environ.get("FIRTH_BENCH_SIZES", ",".join(map(str, SIZES))).split(",")):
        kept[words] = {"words": words, "dimensions": DIMENSIONS, "steps": _steps(words)}
        save("store_speed", {"runs": [kept[words] for words in sorted(kept)]})


def _steps(words: int) -> dict[str, Any]:
    folder, found = clean(WORK / f"store_speed-{words}"), {}
    prepare(folder, words, DIMENSIONS)
    for step in STEPS:
        found[step] = in_child("benchmarks.one_storing", step, str(folder))
        print(f"  {words:,}  {step}: {_shown(found[step])}", flush=True)
    clean(folder)
    return found


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = []
    for run in figures["runs"]:
        rows.append([f"**{run['words']:,} x {run['dimensions']}**, {_matrix(run):.1f} GB", "", ""])
        rows += [[what, *(_shown(run["steps"].get(step)) for step in steps)] for what, *steps in ROWS]
    columns = [f"{program}: seconds (of processor), own memory" for program in ("Firth", "gensim")]
    return table(["", *columns], rows)


def _matrix(run: dict[str, Any]) -> float:
    return float(4 * run["words"] * run["dimensions"] / 1e9)


def _shown(step: dict[str, Any] | None) -> str:
    if not step:
        return ""
    return f"{step['wall']:.1f} s ({step['processor']:.1f}), {step['own_bytes'] / 1e9:.2f} GB"
