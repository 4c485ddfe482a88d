"""Settings refuse what they cannot mean."""

import dataclasses
import math

import pytest

from pipeline.model_choice import ARCHITECTURES, MODELS
from pipeline.settings import (
    PhraseSettings,
    TokenSettings,
    TrainSettings,
    VocabularySettings,
)
from service.running import Running
from storage.declared import plain
from storage.errors import SettingError

ALL = [TokenSettings, PhraseSettings, VocabularySettings, TrainSettings, Running]
NUMBERS = [
    (settings, field)
    for settings in ALL
    for field in dataclasses.fields(settings)
    if isinstance(field.default, (int, float)) and not isinstance(field.default, bool)
]


@pytest.mark.parametrize("settings", ALL)
def test_every_setting_has_help_and_a_default_that_it_accepts(settings):
    """The defaults are valid and each setting explains itself."""
    made = settings()
    for field in dataclasses.fields(settings):
        assert field.metadata["help"].endswith(".")
        assert settings(**{field.name: field.default}) == made


@pytest.mark.parametrize(("settings", "field"), NUMBERS, ids=lambda value: getattr(value, "name", ""))
def test_a_number_outside_its_range_is_refused_with_the_range(settings, field):
    """Just below the lower end, just above the upper end, and not-a-number are refused by name."""
    low, high = field.metadata["low"], field.metadata["high"]
    assert low is not None
    for value in [low - 1, math.nan, *([] if high is None else [high + 1])]:
        with pytest.raises(SettingError, match=field.name) as error:
            settings(**{field.name: value})
        assert str(low) in str(error.value)


def test_a_learning_rate_that_rises_is_refused():
    """min_alpha above alpha is a contradiction."""
    with pytest.raises(SettingError, match="min_alpha"):
        TrainSettings(alpha=0.01, min_alpha=0.02)


@pytest.mark.parametrize(
    ("field", "value"),
    [("errors", "maybe"), ("encoding", "utf-9"), ("encoding", "undefined"), ("token_pattern", "(")],
)
def test_a_text_setting_that_python_does_not_know_is_refused(field, value):
    """Unknown encodings, unknown error handling and broken patterns are named."""
    with pytest.raises(SettingError, match=field):
        TokenSettings(**{field: value})


@pytest.mark.parametrize("value", [TrainSettings(), Running(), {"a": [(1, None)]}, (1.5, "b", True), []])
def test_a_value_as_plain_json(value):
    """`plain` makes of settings, lists and dictionaries what `dataclasses.asdict` makes of them."""
    wrapped = dataclasses.make_dataclass("Wrapped", ["inner"])(value)
    assert plain(wrapped) == dataclasses.asdict(wrapped)
    assert type(plain(value)) in (dict, list, tuple)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_model_and_architecture_are_one_choice(architecture):
    """Either names skip-gram or CBOW; fastText does both, skip-gram where nothing is said."""
    assert TrainSettings(model=architecture) == TrainSettings(architecture=architecture)
    made = TrainSettings(model=architecture)
    assert (made.model, made.architecture) == (architecture, architecture)
    made = TrainSettings(model="fasttext", architecture=architecture)
    assert (made.model, made.architecture) == ("fasttext", architecture)
    assert TrainSettings(model="fasttext").architecture == "skipgram"


@pytest.mark.parametrize("model", MODELS)
def test_settled_settings_are_settled(model):
    """What was settled can be written down and read again, or be copied with a change of something else."""
    made = TrainSettings(model=model)
    assert TrainSettings(**made.as_dict()) == made
    assert dataclasses.replace(made, seed=1) == made
    assert (made.min_n, made.max_n, made.bucket) == ((3, 6, 2_000_000) if model == "fasttext" else (None, None, None))


@pytest.mark.parametrize(
    ("settings", "way_out"),
    [
        ({"model": "skipgram", "architecture": "cbow"}, "--model cbow"),
        ({"model": "cbow", "architecture": "skipgram"}, "--model skipgram"),
        ({"min_n": 3}, "--model fasttext"),
        ({"model": "cbow", "bucket": 1000}, "--model fasttext"),
        ({"model": "fasttext", "min_n": 7}, "lower it"),
    ],
)
def test_models_that_contradict_themselves_are_refused(settings, way_out):
    """Two models at once, pieces of words that have none, and a longest piece below the shortest: the message helps."""
    with pytest.raises(SettingError, match=way_out):
        TrainSettings(**settings)
