"""Training speed on one thread, Firth against gensim (corpus_file): verified, then timed in turn, medians of three.

Both train on the same tokens with the same settings; the clock runs over the training phase only; speed is in raw
words of the vocabulary per second. Memory is the process's peak, Python and NumPy included, beyond the two matrices.
"""

import json
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, english, in_child, median, save, table
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.batches import BatchMaker
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer
from pipeline.training.training import Trainer

SETTINGS: dict[str, Any] = {"vector_size": 100, "window": 5, "negative": 5, "sample": 1e-3, "epochs": 1}
ROUNDS = 3


def verify(words: int) -> float:
    """Ten batches of the very text by both trainers; the largest difference of any number.

    Raises:
        SystemExit: the fast trainer does not take the reference's steps.
    """
    corpus = TokenCorpus.open(english(words))
    vocabulary = corpus.vocabulary(VOCABULARY)
    settings = TrainSettings(**SETTINGS)
    fast = Parameters.start(len(vocabulary), settings.vector_size, 1)
    fast.contexts[:] = Parameters.start(len(vocabulary), settings.vector_size, 2).vectors * 100
    reference = fast.as_float64()
    maker = BatchMaker(vocabulary.counts, settings)
    trainers: tuple[Trainer, Trainer] = FastTrainer(maker.objective), ReferenceTrainer(maker.objective)
    batches = maker.epoch(corpus.chunks(len(vocabulary)), 0)
    for batch, _ in zip(batches, range(10), strict=False):
        for trainer, parameters in zip(trainers, (fast, reference), strict=True):
            trainer.step(parameters, batch, settings.alpha)
    difference = max(np.abs(fast.vectors - reference.vectors).max(), np.abs(fast.contexts - reference.contexts).max())
    if difference > 1e-5:
        raise SystemExit(f"fast and reference differ by {difference}: nothing to time")
    return float(difference)


def measure(words: int = 10_000_000) -> None:
    """Time both in turn."""
    difference = verify(1_000_000)
    tokens = str(english(words))
    rounds: list[dict[str, Any]] = []
    for number in range(ROUNDS):
        for trainer in ("gensim", "firth"):
            figures = in_child("benchmarks.one_training", trainer, tokens, json.dumps(SETTINGS | {"seed": number + 1}))
            rounds.append({"trainer": trainer} | figures)
            print(f"{trainer}: {figures['words_per_s']:,.0f} words/s", flush=True)
    small = in_child("benchmarks.one_training", "firth", str(english(1_000_000)), json.dumps(SETTINGS))
    save("train_speed", {"settings": SETTINGS, "difference": difference, "rounds": rounds, "small": small})


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    speeds = {
        trainer: [run["words_per_s"] for run in figures["rounds"] if run["trainer"] == trainer]
        for trainer in ("gensim", "firth")
    }
    ratios = [ours / theirs for ours, theirs in zip(speeds["firth"], speeds["gensim"], strict=True)]
    rows = [
        [name, f"{median(speeds[key]):,.0f}", f"{min(speeds[key]):,.0f} to {max(speeds[key]):,.0f}", ratio]
        for name, key, ratio in (
            ("gensim 4.4 (corpus_file, workers=1)", "gensim", "1"),
            ("Firth, one thread", "firth", f"{median(ratios):.2f}"),
        )
    ]
    return table(["trainer", "words/s, median of 3", "range", "ratio, median of pairs"], rows)


def memory(figures: dict[str, Any], whole: dict[str, Any]) -> str:
    """The README's table of memory, from this benchmark and from `quality`, which trains on all words."""
    firth = [next(run for run in runs if run["trainer"] == "firth") for runs in (figures["rounds"], whole["runs"])]
    rows = [
        [f"{run['tokens'] / 1e6:.1f} million", f"{run['words']:,}", f"{run['peak_bytes'] / 1e6:.0f} MB", _beyond(run)]
        for run in (figures["small"], *firth)
    ]
    return table(["tokens", "vocabulary", "peak of the process", "beyond the two matrices"], rows)


def _beyond(run: dict[str, Any]) -> str:
    return f"{run['beyond_two_matrices'] / 1e6:.0f} MB"
