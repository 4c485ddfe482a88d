"""Quality of each objective that gensim has, over three seeds: what the vectors are good for, on text of two sizes.

Skip-gram with negative sampling trains on the whole of english.txt, where bursts of one word spoil careless trainers;
all four on its first 10 million words. Firth also trains as many epochs as fit into gensim's time. Trainings are kept
(FIRTH_BENCH_WORK) and not run again while settings, text and Firth's code are the same.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, english, in_child, save, table
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
RARE = 50
SCORES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}


@dataclass(frozen=True)
class Group:
    """Trainings that are compared.

    Attributes:
        name: for people.
        words: of english.txt; None for all.
        change: of SETTINGS, for both.
        firth: of those, for Firth alone.
    """

    name: str
    words: int | None
    change: dict[str, Any] = field(default_factory=dict)
    firth: dict[str, Any] = field(default_factory=dict)


PART = 10_000_000
GROUPS = (
    Group("skip-gram, negative sampling, all of english.txt", None),
    Group("skip-gram, negative sampling", PART),
    Group("CBOW, negative sampling", PART, {"architecture": "cbow"}),
    Group("skip-gram, hierarchical softmax", PART, {"loss": "hs"}),
    Group("CBOW, hierarchical softmax", PART, {"architecture": "cbow", "loss": "hs"}),
    Group("skip-gram, negative sampling: gensim 1 epoch, Firth 4 in less time", PART, {"epochs": 1}, {"epochs": 4}),
)


def measure() -> None:
    """Train what is not kept yet, then evaluate and compare."""
    save("quality", {"settings": SETTINGS, "groups": [_measured(group) for group in GROUPS]})


def _measured(group: Group) -> dict[str, Any]:
    tokens = english(group.words)
    runs = {
        trainer: [_run(trainer, tokens, SETTINGS | change | {"seed": seed}) for seed in SEEDS]
        for trainer, change in (("firth", group.change | group.firth), ("gensim", group.change))
    }
    scores = _scores(tokens, *runs.values())
    print(f"{group.name}: " + ", ".join(f"{key} {score.difference:+.3f}" for key, score in scores.items()), flush=True)
    flat = [{"trainer": trainer} | figures for trainer, found in runs.items() for _, figures in found]
    return {"name": group.name, "runs": flat, "scores": {key: score.as_dict() for key, score in scores.items()}}


def _run(trainer: str, tokens: Path, settings: dict[str, Any]) -> tuple[Path, dict[str, Any]]:
    """The vectors and figures of a training."""
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
    here, there = ([evaluate(model) for model in trained] for trained in models)
    rare = ([_rare_pairs(model) for model in trained] for trained in models)
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
            rows.append(["" if place else group["name"], f"{name} ({score['covered']:,})", *means, *numbers])
    return table(["", "questions", "Firth", "gensim 4.4", "difference", "standard error of it"], rows)


def longest(figures: dict[str, Any]) -> str:
    """The length of the longest vector after all of english.txt: the first to tell that bursts did harm."""
    runs = figures["groups"][0]["runs"]
    norms = ([run["largest_norm"] for run in runs if run["trainer"] == name] for name in ("firth", "gensim"))
    return "Firth {}, gensim {}".format(*map(_mean_and_range, norms))


def _mean_and_range(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ({min(values):.3f} to {max(values):.3f})"
