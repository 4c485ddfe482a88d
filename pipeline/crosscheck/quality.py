"""Level 3: Firth's fast trainer against gensim on the same text and settings, over several seeds.

The trainers draw different random numbers, so their vectors differ. What must agree is what the vectors are good for,
the scores, and what they say, the neighbors. Both have a natural yardstick: how much gensim differs from itself when
only its seed changes.
"""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from pipeline.crosscheck.gensim_twin import JOB_WORDS, train_gensim
from pipeline.crosscheck.levels import Level, ignore, worst
from pipeline.crosscheck.overlap import (
    CANDIDATES,
    CANDIDATES_NEEDED,
    CHANCES_NEEDED,
    CROSSED_ALLOWED,
    NEIGHBORS,
    SHARE_NEEDED,
    Neighborhood,
    SharedNeighbors,
    compare_neighbors,
)
from pipeline.crosscheck.scores import QUESTIONS_NEEDED, STANDARD_ERRORS, ScoreComparison, compare_scores
from pipeline.crosscheck.text_part import TextPart
from pipeline.evaluation.evaluate import Evaluation, evaluate
from pipeline.progress import Meter, of_training
from pipeline.settings import TrainSettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.parameters import Parameters
from pipeline.training.training import train
from storage.embeddings import Embeddings
from storage.errors import InputError, SettingError

MatrixTrainer = Callable[[TextPart, Vocabulary, TrainSettings], Parameters]
"""Trains on a text; returns both matrices, a row for each word of the vocabulary."""

RULE = (
    f"no mean score of Firth over {QUESTIONS_NEEDED} or more questions is more than {STANDARD_ERRORS:g} standard errors"
    " of the difference (from seeds and test questions together) below gensim's; of the"
    f" {NEIGHBORS} nearest neighbors (of and among the {CANDIDATES:,} most frequent words) Firth shares with gensim at"
    f" least {SHARE_NEEDED:g} times as many as gensim with itself, seed by seed, and when word vectors meet contexts at"
    f" most {CROSSED_ALLOWED:g} times as many as when each matrix meets its like (except with hierarchical softmax,"
    " whose second matrix holds the nodes of a tree); undecided where there are fewer than"
    f" {CANDIDATES_NEEDED} words or gensim shares with itself less than {CHANCES_NEEDED:g} times what chance would give"
)


@dataclass(frozen=True, eq=False)
class Run:
    """What is kept of one trained model."""

    evaluation: Evaluation
    neighborhood: Neighborhood


def firth_parameters(text: TextPart, vocabulary: Vocabulary, settings: TrainSettings) -> Parameters:
    """What the fast trainer learns; its progress is logged."""
    with Meter(f"crosscheck  quality: Firth with seed {settings.seed}") as meter:
        try:
            trained = train(text, vocabulary, settings, report=of_training(meter)).parameters
        except InputError:  # the text holds no pair of words, from which gensim learns as little, but does not say so
            trained = Parameters.for_settings(vocabulary.words, settings)
    return Parameters(trained.word_vectors(), trained.contexts)


def gensim_parameters(text: TextPart, vocabulary: Vocabulary, settings: TrainSettings) -> Parameters:
    """What gensim learns, words in the order of the vocabulary. Sentences of more than JOB_WORDS words are cut."""
    model = train_gensim(text.as_words(len(vocabulary), JOB_WORDS), settings, min_count=1)
    rows = model.rows_of(vocabulary.words)
    return Parameters(model.vectors[rows], model.contexts if settings.loss == "hs" else model.contexts[rows])


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

    def runs(self, name: str, trainer: MatrixTrainer, threads: int, report: Callable[[str], None]) -> list[Run]:
        """Train and evaluate once for each seed, so many trainings at a time."""
        report(f"quality: {name} trains with seeds {', '.join(map(str, self.seeds))}")
        runs = []
        with ThreadPoolExecutor(threads) as pool:
            trained = pool.map(partial(self._train, trainer), self.seeds)
            for seed, parameters in zip(self.seeds, trained, strict=True):
                embeddings = Embeddings(self.vocabulary.words, self.vocabulary.counts, parameters.vectors)
                runs.append(Run(evaluate(embeddings), Neighborhood.of(parameters, self.settings.loss)))
                report(f"quality: {name} trained and evaluated with seed {seed}")
        return runs

    def _train(self, trainer: MatrixTrainer, seed: int) -> Parameters:
        return trainer(self.text, self.vocabulary, replace(self.settings, seed=seed))


def check_quality(
    experiment: Experiment,
    *,
    firth: MatrixTrainer = firth_parameters,
    gensim: MatrixTrainer = gensim_parameters,
    report: Callable[[str], None] = ignore,
) -> Level:
    """Train with every seed in Firth and in gensim, and compare.

    Args:
        experiment: text, settings and seeds; two seeds or more, since gensim is compared with itself.
        firth: the trainer under test.
        gensim: what it is compared with.
        report: told of what begins and of each training that is done.

    Raises:
        SettingError: fewer than two different seeds.
    """
    seeds = experiment.seeds
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise SettingError(f"seeds are {list(seeds)}; the quality level needs two or more different ones")
    threads = min(len(seeds), os.cpu_count() or 1)  # gensim releases the interpreter lock while it trains
    if experiment.settings.model == "fasttext":
        threads = 1  # it holds a row for every bucket, used or not
    here = experiment.runs("Firth", firth, 1, report)
    there = experiment.runs("gensim", gensim, threads, report)
    scores = compare_scores([run.evaluation for run in here], [run.evaluation for run in there])
    shared = compare_neighbors([run.neighborhood for run in here], [run.neighborhood for run in there])
    found = worst([shared.verdict, *(score.verdict for score in scores.values() if score.judged)])
    return Level("quality", found, RULE, _numbers(experiment, scores, shared))


def _numbers(experiment: Experiment, scores: dict[str, ScoreComparison], shared: SharedNeighbors) -> dict[str, Any]:
    return {
        "tokens": experiment.text.tokens,
        "words": len(experiment.vocabulary),
        "seeds": list(experiment.seeds),
        "sentences_cut_for_gensim": sum(len(sentence) > JOB_WORDS for sentence in experiment.text.sentences),
        "scores": {name: score.as_dict() for name, score in scores.items()},
        "neighbors": shared.as_dict(),
    }
