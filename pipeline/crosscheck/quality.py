"""Level 3: Firth's fast trainer against gensim on the same text and settings, over several seeds.

The trainers draw different random numbers, so their vectors differ. What must agree is what the vectors are good for,
the scores, and what they say, the neighbors. Both have a natural yardstick: how much gensim differs from itself when
only its seed changes.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck import gensim_twin
from pipeline.crosscheck.gensim_twin import JOB_WORDS
from pipeline.crosscheck.levels import Level, ignore
from pipeline.crosscheck.overlap import CANDIDATES, NEIGHBORS, Rows, neighbors, overlap
from pipeline.crosscheck.scores import STANDARD_ERRORS, ScoreComparison, compare_scores
from pipeline.crosscheck.text_part import TextPart
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.settings import TrainSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.parameters import Parameters
from pipeline.training.training import train
from storage.embeddings import Embeddings
from storage.errors import SettingError

MatrixTrainer = Callable[[TextPart, Vocabulary, TrainSettings], Parameters]
"""Trains on a text; returns both matrices, a row for each word of the vocabulary."""

OVERLAP_SHARE = 0.75
"""Measured on texts of 60,000 to 1,000,000 tokens: clean runs reach .80 to .93, more the longer the text; subsampling
off .50 to .73; on the demo corpus the learning rate doubled or halved .55, one negative instead of five .65. Scores say
little of these faults. A window off by one and a wrong noise exponent are finer still: replay and tables find them."""

RULE = (
    f"each of Firth's mean scores is at most {STANDARD_ERRORS:g} standard errors of the difference below gensim's (from"
    f" seeds and test questions together); Firth shares at least {OVERLAP_SHARE} times as many of the {NEIGHBORS} nearest"
    f" neighbors with gensim as gensim with itself under another seed (of and among the {CANDIDATES:,} most frequent"
    f" words); and more when each matrix meets its own counterpart than when word and output vectors are crossed"
)


@dataclass(frozen=True, eq=False)
class Run:
    """One trained model: its scores, and the nearest neighbors in either matrix, (words, NEIGHBORS)."""

    evaluation: Evaluation
    neighbors: Rows
    context_neighbors: Rows


def train_firth(text: TextPart, vocabulary: Vocabulary, settings: TrainSettings) -> Parameters:
    """What the fast trainer learns."""
    return train(text, vocabulary, settings).parameters


def train_gensim(text: TextPart, vocabulary: Vocabulary, settings: TrainSettings) -> Parameters:
    """What gensim learns, in the order of the vocabulary. Sentences of more than JOB_WORDS words are cut: see there."""
    model = gensim_twin.train_gensim(text.as_words(len(vocabulary), JOB_WORDS), settings, min_count=1)
    rows = model.rows(vocabulary.words)
    return Parameters(model.parameters.vectors[rows], model.parameters.contexts[rows])


@dataclass(frozen=True, eq=False)
class Experiment:
    """What every trainer is given.

    Attributes:
        text: what is trained on.
        vocabulary: of `text`.
        settings: of which each run replaces the seed.
        seeds: one for each run.
    """

    text: TextPart
    vocabulary: Vocabulary
    settings: TrainSettings
    seeds: Sequence[int]

    def runs(self, trainer: MatrixTrainer, threads: int) -> Iterator[Run]:
        """Train and evaluate once for each seed, so many trainings at a time."""
        with ThreadPoolExecutor(threads) as pool:
            for parameters in pool.map(partial(self._train, trainer), self.seeds):
                vectors, contexts = self._embeddings(parameters.vectors), self._embeddings(parameters.contexts)
                yield Run(evaluate(vectors), neighbors(vectors), neighbors(contexts))

    def _train(self, trainer: MatrixTrainer, seed: int) -> Parameters:
        return trainer(self.text, self.vocabulary, replace(self.settings, seed=seed))

    def _embeddings(self, matrix: NDArray[np.floating[Any]]) -> Embeddings:
        return Embeddings(self.vocabulary.words, self.vocabulary.counts, matrix.astype(np.float32, copy=False))


def check_quality(
    experiment: Experiment,
    *,
    firth: MatrixTrainer = train_firth,
    gensim: MatrixTrainer = train_gensim,
    report: Callable[[str], None] = ignore,
) -> Level:
    """Train with every seed in Firth and in gensim, and compare.

    Args:
        experiment: text, settings and seeds; two seeds or more, since gensim is compared with itself.
        firth: the trainer under test.
        gensim: what it is compared with.
        report: told of each training that is done.

    Raises:
        SettingError: fewer than two different seeds.
    """
    seeds = experiment.seeds
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise SettingError(f"seeds are {list(seeds)}; the quality level needs two or more different ones")
    threads = min(len(seeds), os.cpu_count() or 1)  # gensim releases the interpreter lock while it trains
    runs: dict[str, list[Run]] = {}
    for name, trainer, at_once in (("Firth", firth, 1), ("gensim", gensim, threads)):
        runs[name] = []
        for seed, run in zip(seeds, experiment.runs(trainer, at_once), strict=True):
            runs[name].append(run)
            report(f"quality: {name} trained and evaluated with seed {seed}")
    scores = compare_scores(*([run.evaluation for run in runs[name]] for name in ("Firth", "gensim")))
    shared = _shared_neighbors(runs["Firth"], runs["gensim"])
    passed = all(score.passed for score in scores.values()) and shared.passed
    return Level("quality", passed, RULE, _numbers(experiment, scores, shared))


@dataclass(frozen=True)
class SharedNeighbors:
    """Mean overlaps of nearest neighbors between models, from 0 to 1.

    Attributes:
        firth_with_gensim: word vectors, for equal seeds.
        gensim_with_itself: word vectors, for every two seeds.
        matched: word vectors with word vectors and outputs with outputs, Firth with gensim for equal seeds.
        crossed: word vectors with outputs and outputs with word vectors, likewise.
    """

    firth_with_gensim: float
    gensim_with_itself: float
    matched: float
    crossed: float

    @property
    def share(self) -> float:
        """How near Firth comes to what gensim shares with itself."""
        return self.firth_with_gensim / max(self.gensim_with_itself, 1e-9)

    @property
    def passed(self) -> bool:
        """Whether the share is large enough and no matrix stands for the other."""
        return self.share >= OVERLAP_SHARE and self.matched > self.crossed

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**vars(self), "share": self.share, "share_needed": OVERLAP_SHARE, "passed": self.passed}


def _shared_neighbors(firth: Sequence[Run], gensim: Sequence[Run]) -> SharedNeighbors:
    pairs = list(zip(firth, gensim, strict=True))
    words = np.mean([overlap(one.neighbors, other.neighbors) for one, other in pairs])
    outputs = np.mean([overlap(one.context_neighbors, other.context_neighbors) for one, other in pairs])
    across = [overlap(one.neighbors, other.context_neighbors) for one, other in pairs]
    back = [overlap(one.context_neighbors, other.neighbors) for one, other in pairs]
    own = np.mean([overlap(one.neighbors, other.neighbors) for one, other in combinations(gensim, 2)])
    return SharedNeighbors(float(words), float(own), float(words + outputs) / 2, float(np.mean(across + back)))


def _numbers(experiment: Experiment, scores: dict[str, ScoreComparison], shared: SharedNeighbors) -> dict[str, Any]:
    return {
        "tokens": experiment.text.tokens,
        "words": len(experiment.vocabulary),
        "seeds": list(experiment.seeds),
        "sentences_cut_for_gensim": sum(len(sentence) > JOB_WORDS for sentence in experiment.text.sentences),
        "scores": {name: score.as_dict() for name, score in scores.items()},
        "neighbors": shared.as_dict(),
    }
