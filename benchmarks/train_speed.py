"""Training speed, Firth against gensim (corpus_file) and pWord2Vec: verified, then timed in turn, medians of three.

All train on the same tokens with the same settings; the clock runs over the training phase only; speed is in raw
words of the vocabulary per second. FIRTH_BENCH_CASES names those to be measured, separated by semicolons; the others
stay as they were, each with its own date. pWord2Vec trains where FIRTH_PWORD2VEC names it.
"""

import datetime
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import pword2vec_program
from benchmarks.common import VOCABULARY, english, in_child, load, median, save, table
from benchmarks.reshaped import reshaped
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.batches import BatchMaker
from pipeline.training.crew import Trainer
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer

SETTINGS: dict[str, Any] = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 1}
LONG = 10_000_000
"""Words of the cases that are compared with gensim: enough that starting processes, a second, does not count."""
ROUNDS, CLOSE = 3, 7
"""How often each trains, and where a ratio lies close to what was promised."""
TOLERANCE = 1e-5
PEERS = {"gensim": "gensim 4.4", "pword2vec": "pWord2Vec"}


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        name: for people.
        change: of SETTINGS.
        workers: of all programs.
        deterministic: whether Firth's workers give the same bytes as one.
        sentence: tokens of a line, 0 for the text's own lines, -1 for all of it on one line.
        words: of english.txt.
        peers: that train too, of PEERS.
        rounds: how often each trains.
    """

    name: str
    change: dict[str, Any] = field(default_factory=dict)
    workers: int = 1
    deterministic: bool = False
    sentence: int = 0
    words: int = 4_000_000
    peers: Sequence[str] = ("gensim",)
    rounds: int = ROUNDS


HIERARCHICAL = {"loss": "hs"}
FASTTEXT = {"model": "fasttext"}
CASES = (
    Case("skip-gram, negative sampling", words=LONG, peers=tuple(PEERS)),
    Case("the same, 2 workers", workers=2, words=LONG, peers=tuple(PEERS)),
    Case("the same, 2 workers, --deterministic", workers=2, deterministic=True, words=LONG, peers=()),
    Case("CBOW, negative sampling", {"architecture": "cbow"}, words=LONG),
    Case("skip-gram, hierarchical softmax", HIERARCHICAL, words=LONG, rounds=CLOSE),
    Case("CBOW, hierarchical softmax", HIERARCHICAL | {"architecture": "cbow"}, words=LONG, rounds=CLOSE),
    Case("fastText, skip-gram, negative sampling", FASTTEXT, words=LONG),
    Case("fastText, skip-gram, 2 workers", FASTTEXT, workers=2, words=LONG),
    Case("fastText, CBOW, negative sampling", FASTTEXT | {"architecture": "cbow"}, words=LONG),
    Case("skip-gram, negative sampling, 300 dimensions", {"vector_size": 300}, words=LONG),
    Case("skip-gram, negative sampling, lines of 5 words", sentence=5),
    Case("skip-gram, negative sampling, one endless line", sentence=-1),
)


def verify(case: Case) -> float:
    """Ten batches of the very text by both trainers; the largest difference of any number.

    Raises:
        SystemExit: the fast trainer does not take the reference's steps.
    """
    corpus = TokenCorpus.open(english(1_000_000))
    vocabulary = corpus.vocabulary(VOCABULARY)
    settings = TrainSettings(**SETTINGS | case.change)
    fast = Parameters.for_settings(vocabulary.words, settings)
    fast.contexts[:] = Parameters.start(len(vocabulary), settings.vector_size, 2).vectors * settings.vector_size
    reference = fast.as_float64()
    maker = BatchMaker(vocabulary.counts, settings)
    trainers: tuple[Trainer, Trainer] = FastTrainer(maker.objective), ReferenceTrainer(maker.objective)
    for batch, _ in zip(maker.epoch(corpus.chunks(len(vocabulary)), 0), range(10), strict=False):
        for trainer, parameters in zip(trainers, (fast, reference), strict=True):
            trainer.step(parameters, batch, settings.alpha)
    difference = max(np.abs(fast.vectors - reference.vectors).max(), np.abs(fast.contexts - reference.contexts).max())
    if difference > TOLERANCE:
        raise SystemExit(f"{case.name}: fast and reference differ by {difference}: nothing to time")
    return float(difference)


def measure() -> None:
    """Time every case in turn, its peers and Firth alternating."""
    named = [name.strip() for name in os.environ.get("FIRTH_BENCH_CASES", "").split(";") if name.strip()]
    kept = {case["name"]: case for case in load("train_speed")["cases"]} if named else {}
    cases = [kept.get(case.name) if named and case.name not in named else _measured(case) for case in CASES]
    save("train_speed", {"settings": SETTINGS, "cases": list(filter(None, cases))})


def _measured(case: Case) -> dict[str, Any]:
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    return {"name": case.name, "date": today, "difference": verify(case), "rounds": _rounds(case)}


def _rounds(case: Case) -> list[dict[str, Any]]:
    tokens, rounds = reshaped(english(case.words), case.sentence), []
    peers = [peer for peer in case.peers if peer != "pword2vec" or pword2vec_program.program()]
    for number in range(case.rounds):
        settings = SETTINGS | case.change | {"seed": number + 1}
        for trainer in (*peers, "firth"):
            figures = _trained(case, trainer, tokens, settings)
            rounds.append({"trainer": trainer} | figures)
            print(f"{case.name}: {trainer} {figures['words_per_s']:,.0f} words/s", flush=True)
    return rounds


def _trained(case: Case, trainer: str, tokens: Path, settings: dict[str, Any]) -> dict[str, Any]:
    if trainer == "pword2vec":
        return pword2vec_program.trained(tokens, TrainSettings(**settings), case.workers)
    options = ["--workers", str(case.workers), *(["--deterministic"] if case.deterministic else [])]
    return in_child("benchmarks.one_training", trainer, str(tokens), json.dumps(settings), *options)


def report(figures: dict[str, Any]) -> str:
    """The README's table; a peer that has trained nothing has no columns."""
    cases = figures["cases"]
    peers = [peer for peer in PEERS if any(_speeds(case, peer) for case in cases)]
    speeds = [f"{name}, words/s" for name in (*(PEERS[peer] for peer in peers), "Firth")]
    ratios = [f"ratio to {PEERS[peer]}, median of pairs" for peer in peers]
    return table(["", "on", "words", *speeds, *ratios], [_row(case, peers) for case in cases])


def _row(case: dict[str, Any], peers: Sequence[str]) -> list[str]:
    ours, theirs = _speeds(case, "firth"), [_speeds(case, peer) for peer in peers]
    words = f"{case['rounds'][0]['tokens'] / 1e6:.1f} million"
    ratios = [_ratio(ours, speeds) for speeds in theirs]
    return [case["name"], case["date"][5:], words, *map(_shown, [*theirs, ours]), *ratios]


def _ratio(ours: list[float], theirs: list[float]) -> str:
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=False)]
    return f"{median(ratios):.2f}" if ratios else ""


def _speeds(case: dict[str, Any], trainer: str) -> list[float]:
    return [run["words_per_s"] for run in case["rounds"] if run["trainer"] == trainer]


def _shown(speeds: list[float]) -> str:
    return f"{median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})" if speeds else ""
