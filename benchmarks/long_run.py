"""A long training on the whole of english.txt, where bursts of one word spoil careless trainers: ten seeds each.

gensim's trainings take an hour and a half on one core. They are not run again while results/long_run.json holds them
for the same settings and gensim; each run is kept with its own date.
"""

import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import RESULTS, VOCABULARY, english, load, save, table
from benchmarks.quality import SCORES, SETTINGS, trained
from pipeline.evaluation.evaluate import evaluate
from pipeline.text.token_files import TokenCorpus
from storage.embeddings import Embeddings

SEEDS = range(1, 11)


def measure() -> None:
    """Train Firth, and gensim where it is not kept; evaluate each."""
    tokens, kept = english(), _kept_of_gensim()
    runs = [_run("firth", tokens, seed) for seed in SEEDS]
    runs += [kept[seed] if seed in kept else _run("gensim", tokens, seed) for seed in SEEDS]
    save("long_run", {"settings": SETTINGS, "runs": runs})


def _kept_of_gensim() -> dict[int, dict[str, Any]]:
    """Those runs, by seed."""
    if not (RESULTS / "long_run.json").is_file():
        return {}
    found = load("long_run")
    same = found["settings"] == SETTINGS and found["versions"]["gensim"] == version("gensim")
    return {run["seed"]: run for run in found["runs"] if same and run["trainer"] == "gensim"}


def _run(trainer: str, tokens: Path, seed: int) -> dict[str, Any]:
    file, figures = trained(trainer, tokens, SETTINGS | {"seed": seed})
    vocabulary = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    found = evaluate(Embeddings(vocabulary.words, vocabulary.counts, np.load(file)))
    scores = {
        "wordsim353": found.wordsim353.spearman,
        "simlex999": found.simlex999.spearman,
        "analogies": found.analogies.total.accuracy,
    }
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    print(f"{trainer}, seed {seed}: {scores}", flush=True)
    return {"trainer": trainer, "seed": seed, "date": today} | figures | {"scores": scores}


def report(figures: dict[str, Any]) -> str:
    """The README's table: each score's mean over the seeds and its range, and by how much the means differ."""
    rows = []
    for key, name in SCORES.items():
        both = [_of(figures, trainer, lambda run, key=key: run["scores"][key]) for trainer in ("firth", "gensim")]
        difference = np.mean(both[0]) - np.mean(both[1])
        error = np.sqrt(sum(np.var(values, ddof=1) / len(values) for values in both))
        rows.append([name, *map(_mean_and_range, both), f"{difference:+.3f}", f"{error:.3f}"])
    norms = (_of(figures, trainer, lambda run: run["largest_norm"]) for trainer in ("firth", "gensim"))
    rows.append(["length of the longest vector", *map(_mean_and_range, norms), "", ""])
    header = ["", "Firth, one thread", "gensim 4.4", "difference", "standard error of it, from the seeds"]
    return table(header, rows)


def _of(figures: dict[str, Any], trainer: str, value: Any) -> list[float]:
    return [value(run) for run in figures["runs"] if run["trainer"] == trainer]


def _mean_and_range(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
