"""Quality of each objective that gensim has, over three seeds, on the first 10 million words of english.txt.

Firth also trains as many epochs as fit into gensim's time. Trainings are kept (FIRTH_BENCH_WORK) and not run again
while settings, text and Firth's code are the same. FIRTH_BENCH_GROUPS names groups to be measured, separated by
semicolons; the others stay as they were. `long_run` has the whole of the text.
"""

import datetime
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, english, in_child, load, save, table
from pipeline.crosscheck.scores import ScoreComparison, compare_scores, compare_word_pairs
from pipeline.evaluation import data
from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.word_pairs import PairResult, compare_pairs
from pipeline.stages import code_version
from pipeline.text.token_files import TokenCorpus
from storage.embeddings import Embeddings
from storage.files import sha256_of_json, write_json

SETTINGS: dict[str, Any] = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 3}
SEEDS = (1, 2, 3)
PART = 10_000_000
RARE = 50
SCORES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}


@dataclass(frozen=True)
class Group:
    """Trainings that are compared.

    Attributes:
        name: for people.
        change: of SETTINGS, for both.
        firth: of those, for Firth alone.
        words: of english.txt; None for all.
    """

    name: str
    change: dict[str, Any] = field(default_factory=dict)
    firth: dict[str, Any] = field(default_factory=dict)
    words: int | None = PART


GROUPS = (
    Group("skip-gram, negative sampling"),
    Group("CBOW, negative sampling", {"architecture": "cbow"}),
    Group("skip-gram, hierarchical softmax", {"loss": "hs"}),
    Group("skip-gram, hierarchical softmax, all 33 million words", {"loss": "hs"}, words=None),
    Group("CBOW, hierarchical softmax", {"architecture": "cbow", "loss": "hs"}),
    Group("fastText, skip-gram, negative sampling, 4 million words", {"model": "fasttext"}, words=4_000_000),
    Group("fastText, CBOW, negative sampling", {"model": "fasttext", "architecture": "cbow"}),
    Group("skip-gram, negative sampling: gensim 1 epoch, Firth 4 in less time", {"epochs": 1}, {"epochs": 4}),
)


def measure() -> None:
    """Train what is not kept yet, then evaluate and compare."""
    named = [name.strip() for name in os.environ.get("FIRTH_BENCH_GROUPS", "").split(";") if name.strip()]
    kept = {group["name"]: group for group in load("quality")["groups"]} if named else {}
    groups = [kept.get(group.name) if named and group.name not in named else _measured(group) for group in GROUPS]
    save("quality", {"settings": SETTINGS, "groups": list(filter(None, groups))})


def _measured(group: Group) -> dict[str, Any]:
    tokens = english(group.words)
    runs = {
        trainer: [trained(trainer, tokens, SETTINGS | change | {"seed": seed}) for seed in SEEDS]
        for trainer, change in (("firth", group.change | group.firth), ("gensim", group.change))
    }
    scores = _scores(tokens, *runs.values())
    print(f"{group.name}: " + ", ".join(f"{key} {score.difference:+.3f}" for key, score in scores.items()), flush=True)
    flat = [{"trainer": trainer} | figures for trainer, found in runs.items() for _, figures in found]
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    found = {key: score.as_dict() for key, score in scores.items()}
    return {"name": group.name, "date": today, "runs": flat, "scores": found}


def trained(trainer: str, tokens: Path, settings: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The vectors and figures of a training, by `one_training` or kept from an earlier time."""
    made_by = code_version() if trainer == "firth" else code_version()["gensim"]
    key = sha256_of_json([trainer, TokenCorpus.open(tokens).manifest.inputs, settings, made_by])
    vectors, figures = (WORK / "quality" / f"{trainer}-{key[:16]}{ending}" for ending in (".npy", ".json"))
    if not figures.is_file():
        vectors.parent.mkdir(parents=True, exist_ok=True)
        found = in_child("benchmarks.one_training", trainer, str(tokens), json.dumps(settings), "--keep", str(vectors))
        write_json(figures, found | {"largest_norm": float(np.linalg.norm(np.load(vectors), axis=1).max())})
        print(f"{trainer}: trained {settings}", flush=True)
    return vectors, json.loads(figures.read_text("utf-8"))


def _scores(
    tokens: Path, firth: Sequence[tuple[Path, dict[str, Any]]], gensim: Sequence[tuple[Path, dict[str, Any]]]
) -> dict[str, ScoreComparison]:
    """Each score of both trainers, with the standard error of the difference (as in the cross-check's level 3)."""
    vocabulary = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    models = [
        [Embeddings(vocabulary.words, vocabulary.counts, np.load(file)) for file, _ in runs] for runs in (firth, gensim)
    ]
    here, there = ([evaluate(model) for model in group] for group in models)
    rare = ([_rare_pairs(model) for model in group] for group in models)
    return compare_scores(here, there) | {"rare": compare_word_pairs(*rare)}


def _rare_pairs(model: Embeddings) -> PairResult:
    """The pairs of both sets with a word that stands fewer than RARE times."""
    counts = dict(zip(model.words, model.counts.tolist(), strict=True))
    pairs = [
        pair
        for name in (data.WORDSIM, data.SIMLEX)
        for pair in data.read_pairs(data.bundled(name))
        if min(counts.get(pair.first, RARE), counts.get(pair.second, RARE)) < RARE
    ]
    return compare_pairs(model, pairs)


def report(figures: dict[str, Any]) -> str:
    """The README's table: each score's mean over the seeds and its range."""
    rows = []
    for group in figures["groups"]:
        names = SCORES | {"rare": f"pairs with a word of count < {RARE}"}
        for place, (key, name) in enumerate(names.items()):
            score = group["scores"][key]
            means = [_mean_and_range(score[trainer]["seeds"]) for trainer in ("firth", "gensim")]
            numbers = [f"{score['difference']:+.3f}", f"{score['standard_error']:.3f}"]
            title = f"{group['name']} (on {group['date'][5:]})"
            rows.append(["" if place else title, f"{name} ({score['covered']:,})", *means, *numbers])
    return table(["", "questions", "Firth", "gensim 4.4", "difference", "standard error of it"], rows)


def _mean_and_range(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
