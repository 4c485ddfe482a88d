"""Training speed, Firth against gensim (corpus_file): verified, then timed in turn, medians of three.

Both train on the same tokens with the same settings; the clock runs over the training phase only; speed is in raw
words of the vocabulary per second. FIRTH_BENCH_CASES names those to be measured, separated by semicolons; the others
stay as they were, each with its own date.
"""

import datetime
import json
import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

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
ROUNDS = 3
TOLERANCE = 1e-5


@dataclass(frozen=True)
class Case:
    """One line of the table.

    Attributes:
        name: for people.
        change: of SETTINGS.
        workers: of both programs.
        deterministic: whether Firth's workers give the same bytes as one.
        sentence: tokens of a line, 0 for the text's own lines, -1 for all of it on one line.
        words: of english.txt.
        gensim: whether gensim trains too.
    """

    name: str
    change: dict[str, Any] = field(default_factory=dict)
    workers: int = 1
    deterministic: bool = False
    sentence: int = 0
    words: int = 4_000_000
    gensim: bool = True


HIERARCHICAL = {"loss": "hs"}
FASTTEXT = {"model": "fasttext"}
CASES = (
    Case("skip-gram, negative sampling", words=LONG),
    Case("the same, 2 workers", workers=2, words=LONG),
    Case("the same, 2 workers, --deterministic", workers=2, deterministic=True, words=LONG, gensim=False),
    Case("CBOW, negative sampling", {"architecture": "cbow"}, words=LONG),
    Case("skip-gram, hierarchical softmax", HIERARCHICAL, words=LONG),
    Case("CBOW, hierarchical softmax", HIERARCHICAL | {"architecture": "cbow"}, words=LONG),
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
    """Time every case in turn, gensim and Firth alternating."""
    named = [name.strip() for name in os.environ.get("FIRTH_BENCH_CASES", "").split(";") if name.strip()]
    kept = {case["name"]: case for case in load("train_speed")["cases"]} if named else {}
    cases = [kept.get(case.name) if named and case.name not in named else _measured(case) for case in CASES]
    save("train_speed", {"settings": SETTINGS, "cases": list(filter(None, cases))})


def _measured(case: Case) -> dict[str, Any]:
    today = datetime.datetime.now(tz=datetime.timezone.utc).date().isoformat()
    return {"name": case.name, "date": today, "difference": verify(case), "rounds": _rounds(case)}


def _rounds(case: Case) -> list[dict[str, Any]]:
    tokens, rounds = str(reshaped(english(case.words), case.sentence)), []
    for number in range(ROUNDS):
        settings = json.dumps(SETTINGS | case.change | {"seed": number + 1})
        for trainer in ("gensim", "firth")[0 if case.gensim else 1 :]:
            options = ["--workers", str(case.workers), *(["--deterministic"] if case.deterministic else [])]
            figures = in_child("benchmarks.one_training", trainer, tokens, settings, *options)
            rounds.append({"trainer": trainer} | figures)
            print(f"{case.name}: {trainer} {figures['words_per_s']:,.0f} words/s", flush=True)
    return rounds


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = []
    for case in figures["cases"]:
        ours, theirs = _speeds(case, "firth"), _speeds(case, "gensim")
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=False)]
        words = f"{case['rounds'][0]['tokens'] / 1e6:.1f} million"
        ratio = f"{median(ratios):.2f}" if ratios else ""
        rows.append([case["name"], case["date"][5:], words, _shown(theirs), _shown(ours), ratio])
    return table(["", "on", "words", "gensim 4.4, words/s", "Firth, words/s", "ratio, median of pairs"], rows)


def _speeds(case: dict[str, Any], trainer: str) -> list[float]:
    return [run["words_per_s"] for run in case["rounds"] if run["trainer"] == trainer]


def _shown(speeds: list[float]) -> str:
    return f"{median(speeds):,.0f} ({min(speeds):,.0f} to {max(speeds):,.0f})" if speeds else ""
