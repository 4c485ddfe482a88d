"""What is trained, varied: settings that differ in the model, and parameters for each of them."""

import dataclasses

from pipeline.settings import TrainSettings
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces

FOLLOW = ("model", "architecture", "min_n", "max_n", "bucket")
"""The settings that follow from each other where they are not given."""


def varied(settings, **changes):
    """The same settings with changes; what follows from the model and is not named is settled anew."""
    anew = dict.fromkeys(FOLLOW) if {"model", "architecture"} & changes.keys() else {}
    return dataclasses.replace(settings, **{**anew, **changes})


def made_up(count):
    """Different words, some of which hold a piece twice, like banana."""
    syllables, words = ["ba", "na", "lo", "mi"], [""]
    for number in range(count):
        words.append(words[number // 4] + syllables[number % 4])
    return words[1:]


def random_parameters(random, scale, words, dimensions, objective):
    """Random parameters for words and the settings of an objective, in double precision.

    The numbers' standard deviation is `scale`, but less in rows that are summed up.
    """
    settings = TrainSettings(**objective)
    pieces = Pieces.for_settings(words, settings)
    vectors = random.normal(0, scale, (pieces.total if pieces else len(words), dimensions))
    if pieces and not settings.cbow_mean:
        vectors /= pieces.sizes.mean()
    return Parameters(vectors, random.normal(0, scale, (len(words), dimensions)), pieces)


def in_precision(parameters, dtype):
    """A copy in another precision."""
    return parameters.like(parameters.vectors.astype(dtype), parameters.contexts.astype(dtype))
