"""Settings of a training that differ from others in what is trained."""

import dataclasses

FOLLOW = ("model", "architecture", "min_n", "max_n", "bucket")
"""The settings that follow from each other where they are not given."""


def varied(settings, **changes):
    """The same settings with changes; what follows from the model and is not named is settled anew."""
    anew = dict.fromkeys(FOLLOW) if {"model", "architecture"} & changes.keys() else {}
    return dataclasses.replace(settings, **{**anew, **changes})
