"""Quality on the whole of english.txt, where bursts of one word spoil careless trainers: three seeds each.

Firth trains on one thread, gensim on two (its quality does not depend on that, its time does).
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, clean, english, in_child, save, table
from pipeline.crosscheck.scores import compare_scores
from pipeline.evaluation.evaluate import evaluate
from pipeline.text.token_files import TokenCorpus
from storage.embeddings import Embeddings

SETTINGS = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 3}
SEEDS = (1, 2, 3)


def measure() -> None:
    """Train in turn, then evaluate and compare."""
    tokens = english()
    kept = clean(WORK / "quality")
    runs: list[dict[str, Any]] = []
    for seed in SEEDS:
        for trainer, workers in (("firth", 1), ("gensim", 2)):
            file = _file(kept, trainer, seed)
            arguments = (trainer, str(tokens), json.dumps(SETTINGS | {"seed": seed}))
            figures = in_child("benchmarks.one_training", *arguments, "--workers", str(workers), "--keep", str(file))
            runs.append({"trainer": trainer, "seed": seed, "largest_norm": _largest_norm(file)} | figures)
            print(f"{trainer}: trained with seed {seed}", flush=True)
    save("quality", {"settings": SETTINGS, "runs": runs, "scores": compare(tokens, kept)})


def compare(tokens: Path, kept: Path) -> dict[str, Any]:
    """Each score of both trainers, with the standard error of the difference (as in the cross-check's level 3)."""
    vocabulary = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    evaluations = [
        [
            evaluate(Embeddings(vocabulary.words, vocabulary.counts, np.load(_file(kept, trainer, seed))))
            for seed in SEEDS
        ]
        for trainer in ("firth", "gensim")
    ]
    return {name: score.as_dict() for name, score in compare_scores(*evaluations).items()}


def _file(kept: Path, trainer: str, seed: int) -> Path:
    return kept / f"{trainer}-{seed}.npy"


def _largest_norm(file: Path) -> float:
    return float(np.linalg.norm(np.load(file), axis=1).max())


def report(figures: dict[str, Any]) -> str:
    """The README's table: each score's mean over the seeds and its range."""
    rows = []
    for key, name in {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}.items():
        score = figures["scores"][key]
        means = [_mean_and_range(score[trainer]["seeds"]) for trainer in ("firth", "gensim")]
        rows.append([name, *means, f"{score['difference']:+.3f}", f"{score['standard_error']:.3f}"])
    norms = [
        _mean_and_range([run["largest_norm"] for run in figures["runs"] if run["trainer"] == trainer])
        for trainer in ("firth", "gensim")
    ]
    rows.append(["length of the longest vector", *norms, "", ""])
    return table(["", "Firth, one thread", "gensim 4.4", "difference", "standard error of it"], rows)


def _mean_and_range(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
