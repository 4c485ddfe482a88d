"""Quality on the whole of english.txt, where bursts of one word spoil careless trainers: three seeds each.

Firth trains on one thread, gensim on two (its quality does not depend on that, its time does).
"""

import json
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, clean, english, in_child, save, table
from pipeline.evaluation.evaluate import evaluate
from pipeline.text.token_files import TokenCorpus
from storage.embeddings import Embeddings

SETTINGS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 3}
SEEDS = (1, 2, 3)


def measure() -> None:
    """Train and evaluate in turn."""
    tokens = english()
    vocabulary = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    kept = clean(WORK / "quality")
    runs: list[dict[str, Any]] = []
    for seed in SEEDS:
        for trainer, workers in (("firth", 1), ("gensim", 2)):
            file = kept / f"{trainer}-{seed}.npy"
            arguments = (trainer, str(tokens), json.dumps(SETTINGS | {"seed": seed}))
            figures = in_child("benchmarks.one_training", *arguments, "--workers", str(workers), "--keep", str(file))
            vectors = np.load(file)
            scores = _scores(Embeddings(vocabulary.words, vocabulary.counts, vectors))
            norm = float(np.sqrt((vectors**2).sum(axis=1).max()))
            runs.append({"trainer": trainer, "seed": seed, "largest_norm": norm, "scores": scores} | figures)
            print(trainer, seed, json.dumps(scores), flush=True)
    save("quality", {"settings": SETTINGS, "runs": runs})


def _scores(embeddings: Embeddings) -> dict[str, float | None]:
    found = evaluate(embeddings)
    return {
        "wordsim353": found.wordsim353.spearman,
        "simlex999": found.simlex999.spearman,
        "analogies": found.analogies.total.accuracy,
    }


def report(figures: dict[str, Any]) -> str:
    """The README's table: each score's mean over the seeds and its range."""
    names = {"firth": "Firth, one thread", "gensim": "gensim 4.4"}
    header = ["whole of english.txt", "WordSim-353", "SimLex-999", "Google analogies", "longest vector"]
    rows = []
    for trainer, name in names.items():
        runs = [run for run in figures["runs"] if run["trainer"] == trainer]
        columns = [[run["scores"][test] for run in runs] for test in ("wordsim353", "simlex999", "analogies")]
        columns.append([run["largest_norm"] for run in runs])
        rows.append([name, *(f"{np.mean(column):.3f} ({min(column):.3f} to {max(column):.3f})" for column in columns)])
    return table(header, rows)
