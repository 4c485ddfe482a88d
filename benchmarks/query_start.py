"""How long `firth similar` takes, start-up included, on a model of the whole of english.txt; gensim's way beside it.

gensim's way is a fresh Python that loads its own saved KeyedVectors and asks the same question. Both must answer with
the same words before anything is timed.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common import WORK, clean, english, median, save, table
from pipeline.training.model import load_model

ROUNDS = 5
GENSIM = """
import json, sys
from gensim.models import KeyedVectors
print(json.dumps([word for word, _ in KeyedVectors.load(sys.argv[1]).most_similar(sys.argv[2])]))
"""


def measure(word: str = "king") -> None:
    """Train for one epoch, store, ask in turn."""
    folder = clean(WORK / "query_start")
    model, db, kv = folder / "model", folder / "firth.db", folder / "gensim.kv"
    firth = [sys.executable, "-m", "pipeline"]
    _run([*firth, "train", str(english()), "--out", str(model), "--epochs", "1"])
    _run([*firth, "store", str(model), "--name", "english", "--db", str(db)])
    words, dimensions = _save_for_gensim(model, kv)
    ours = [*firth, "similar", word, "--db", str(db), "--json"]
    theirs = [sys.executable, "-c", GENSIM, str(kv), word]
    if [row["word"] for row in json.loads(_run(ours)[0])["neighbors"]] != json.loads(_run(theirs)[0]):
        raise SystemExit("Firth and gensim name different neighbors: nothing to time")
    rounds = [{"firth": _run(ours)[1], "gensim": _run(theirs)[1]} for _ in range(ROUNDS)]
    save("query_start", {"words": words, "dimensions": dimensions, "rounds": rounds})


def _save_for_gensim(model: Path, target: Path) -> tuple[int, int]:
    from gensim.models import KeyedVectors

    embeddings = load_model(model).embeddings
    vectors = KeyedVectors(embeddings.dimensions)
    vectors.add_vectors(list(embeddings.words), embeddings.matrix)
    vectors.save(str(target))
    return embeddings.matrix.shape


def _run(command: list[str]) -> tuple[str, float]:
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout, time.perf_counter() - started


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = [
        [name, f"{median([run[key] for run in figures['rounds']]):.2f} s"]
        for name, key in (("`firth similar king`", "firth"), ("Python + gensim `KeyedVectors.load`", "gensim"))
    ]
    return table([f"one question to {figures['words']:,} x {figures['dimensions']} vectors", "median of 5"], rows)
