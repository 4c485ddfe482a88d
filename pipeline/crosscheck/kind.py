"""The kind of training a model had: what the replay repeats, and whether gensim has it at all."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipeline.crosscheck.levels import UNDECIDED, Level
from pipeline.model_choice import PIECES
from pipeline.settings import TrainSettings

_KIND = ("model", "architecture", "loss", "cbow_mean", "shrink_windows", *PIECES)

_MOST_BUCKETS = 50_000
"""Of the replay: gensim holds a row for every bucket, used or not. The tables are compared with all there are."""

NOT_IN_GENSIM = "not in gensim, which has negative sampling and hierarchical softmax but no full softmax"
NO_GLOVE = "not in gensim, which has no GloVe; the words and counts are compared, which GloVe's pairs are made of"


def kind_of(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Of a model's settings those that make it another algorithm; where one is missing, it is older than the choice."""
    return {name: settings[name] for name in _KIND if name in settings}


def one_epoch(settings: TrainSettings) -> TrainSettings:
    """What the replay of this kind of training trains: one epoch, with everything else at its default."""
    made = TrainSettings(epochs=1, **kind_of(settings.as_dict()))
    return made if made.bucket is None else replace(made, bucket=min(made.bucket, _MOST_BUCKETS))


def in_gensim(settings: TrainSettings) -> bool:
    """Whether gensim can train this at all."""
    return settings.loss != "softmax" and settings.model != "glove"


def why_not(settings: TrainSettings) -> str:
    """What gensim lacks, where it cannot train this."""
    return NO_GLOVE if settings.model == "glove" else NOT_IN_GENSIM


def not_in_gensim(level: str, settings: TrainSettings) -> Level:
    """The verdict of a level that trains with gensim, where that cannot be."""
    what, why = "GloVe" if settings.model == "glove" else "full softmax", why_not(settings)
    return Level(level, UNDECIDED, f"training with {what} is {why}", {"reason": why})
