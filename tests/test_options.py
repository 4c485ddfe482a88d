"""Options of the command line come from the settings' dataclasses, and refuse what those refuse."""

import dataclasses
import inspect
import math

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.asking import spoken
from pipeline.cli import COMMANDS, firth
from pipeline.commands.crosscheck import LEVELS, CrosscheckSettings
from pipeline.commands.evaluate import EvaluateSettings
from pipeline.commands.lesson import LessonSettings
from pipeline.commands.reproduce import ReproduceSettings
from pipeline.commands.store import MapSettings, PrecisionSettings
from pipeline.commands.tokenizing import WorkSettings
from pipeline.crosscheck import crosscheck
from pipeline.evaluation.evaluate import RESTRICT
from pipeline.options import Number, collect
from pipeline.settings import (
    PhraseSettings,
    TokenSettings,
    TrainSettings,
    VocabularySettings,
    WatchSettings,
    WorkerSettings,
)
from service.questions import QUESTIONS
from service.running import Running
from service.server import serve
from storage.declared import allowed_range
from storage.errors import SettingError

USED_BY = {
    "tokenize": (TokenSettings, PhraseSettings, WorkSettings),
    "train": (VocabularySettings, TrainSettings, WatchSettings, WorkerSettings),
    "crosscheck": (CrosscheckSettings,),
    "evaluate": (EvaluateSettings,),
    "store": (MapSettings, PrecisionSettings),
    "import": (MapSettings, PrecisionSettings),
    "serve": (Running,),
    "reproduce": (ReproduceSettings,),
    "lesson": (LessonSettings,),
    "plan": (TokenSettings, PhraseSettings, WorkSettings, VocabularySettings, TrainSettings, WorkerSettings),
    "run": (
        TokenSettings,
        PhraseSettings,
        WorkSettings,
        VocabularySettings,
        TrainSettings,
        CrosscheckSettings,
        EvaluateSettings,
        MapSettings,
        PrecisionSettings,
    ),
    **{name: (QUESTIONS[each.question],) for name, each in spoken.COMMANDS.items()},
}
ROOT = click.Context(firth, info_name="firth", **firth.context_settings)
NUMBERS = [
    field
    for cls in {cls for classes in USED_BY.values() for cls in classes}
    for field in dataclasses.fields(cls)
    if field.type in (int, float, int | None)
]


def options_from(name, cls):
    """The fields of a settings class or question that are options of a command; words of a question are arguments."""
    arguments = spoken.COMMANDS[name].form.fields if name in spoken.COMMANDS else ()
    return [field for field in dataclasses.fields(cls) if field.name not in arguments]


def outside(field):
    """Values that a field refuses, as they are typed: just below and above its range, and none of its kind."""
    low, high, open_low = (field.metadata[key] for key in ("low", "high", "open_low"))
    if field.metadata["choices"]:
        return ["neither"]
    if field.type not in (int, float, int | None):
        return []
    beside = math.nextafter if field.type is float else lambda value, limit: value + (1 if limit > 0 else -1)
    below = [] if low is None else [repr(low if open_low else beside(low, -math.inf))]
    above = [] if high is None else [repr(beside(high, math.inf))]
    return [*below, *above, "many", ""]


def options_of(name):
    """The options of a command by the name of their setting."""
    return {param.name: param for param in firth.get_command(ROOT, name).params}


@pytest.fixture(autouse=True)
def no_settings_in_the_environment(monkeypatch):
    """The developer's own FIRTH_... variables play no part."""
    for name in ("FIRTH_DB", "FIRTH_EPOCHS", "FIRTH_ALPHA", "FIRTH_MIN_ALPHA"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("name", "cls"), [(name, cls) for name, classes in USED_BY.items() for cls in classes])
def test_every_field_is_an_option(name, cls):
    """A setting's name, default, help and range are those of its field, in each command that has it."""
    options = options_of(name)
    for field in options_from(name, cls):
        option = options[field.name]
        assert option.opts[0] == "--" + field.name.replace("_", "-")
        assert option.default == field.default
        assert field.metadata["help"].rstrip(".") in option.help


@pytest.mark.parametrize("field", NUMBERS, ids=lambda field: field.name)
@given(value=st.one_of(st.integers(), st.floats(), st.sampled_from([0, 1, -1, 0.5])))
def test_a_number_is_accepted_exactly_in_its_range(field, value):
    """What is read is in the declared range and is the number that was written; all else is refused with the range."""
    low, high = field.metadata["low"], field.metadata["high"]
    high_enough = low is None or value > low or (value == low and not field.metadata["open_low"])
    low_enough = high is None or value <= high
    if high_enough and low_enough and (field.type is float or isinstance(value, int)):
        assert Number(field)(repr(value)) == Number(field).kind(value)
    else:
        with pytest.raises(click.BadParameter, match="allowed: "):
            Number(field)(repr(value))


@pytest.mark.parametrize(
    ("arguments", "allowed"),
    [
        (["train", "x", "--out", "y", "--epochs", "0"], "from 1 to 100000"),
        (["train", "x", "--out", "y", "--epochs", "many"], "from 1 to 100000"),
        (["train", "x", "--out", "y", "--epochs", "2.5"], "from 1 to 100000"),
        (["similar", "x", "--topn", "1_0"], "from 1 to 1000"),
        (["similar", "x", "--topn", "\u0661\u0660"], "from 1 to 1000"),
        (["similar", "x", "--topn", " 10"], "from 1 to 1000"),
        (["train", "x", "--out", "y", "--alpha", "0.0_1"], "greater than 0, at most 10"),
        (["train", "x", "--out", "y", "--alpha", "."], "greater than 0, at most 10"),
        (["train", "x", "--out", "y", "--alpha", "0"], "greater than 0, at most 10"),
        (["train", "x", "--out", "y", "--alpha", "nan"], "greater than 0, at most 10"),
        (["train", "x", "--out", "y", "--sample", "1.1"], "from 0 to 0.5"),
        (["tokenize", "x", "--out", "y", "--min-length", "0"], "1 or more"),
        (["tokenize", "x", "--out", "y", "--errors", "nice"], "'strict', 'replace', 'ignore'"),
        (["crosscheck", "x", "--level", "all"], "'tables', 'replay', 'quality'"),
        (["similar", "x", "--topn", "1001"], "from 1 to 1000"),
        (["serve", "--port", "65536"], "from 0 to 65535"),
    ],
)
def test_a_wrong_value_is_wrong_usage(arguments, allowed):
    """A value outside its range ends with exit code 2 and a message that says what is allowed."""
    result = CliRunner().invoke(firth, arguments)
    assert result.exit_code == 2
    assert allowed in result.stderr
    assert result.stdout == ""


REQUIRED = {
    "reproduce": ["demo", "--corpus", "x"],
    "lesson": [],
    "tokenize": ["x", "--out", "y"],
    "train": ["x", "--out", "y"],
    "crosscheck": ["x"],
    "evaluate": ["x"],
    "store": ["x", "--name", "y"],
    "import": ["x", "--name", "y"],
    **{name: [] for name in spoken.COMMANDS},
    "serve": [],
    "plan": ["x"],
    "run": [],
}
OUTSIDE = [
    (name, field, value)
    for name, classes in USED_BY.items()
    for cls in classes
    for field in options_from(name, cls)
    for value in outside(field)
]


@pytest.mark.parametrize(("name", "field", "value"), OUTSIDE, ids=[f"{n}-{f.name}={v}" for n, f, v in OUTSIDE])
def test_every_setting_refuses_what_is_outside_its_range(name, field, value):
    """Through the command line too: exit code 2, a message with the option and all that is allowed, no output."""
    option = f"--{field.name.replace('_', '-')}"
    result = CliRunner().invoke(firth, [name, *REQUIRED[name], option, value])
    assert result.exit_code == 2
    assert option in result.stderr
    allowed = field.metadata["choices"] or [allowed_range(field) or "a number"]
    assert all(each in result.stderr for each in allowed)
    assert result.stdout == ""


def test_the_settings_of_the_issue_are_all_tried():
    """Each of the settings named there that is a number or one of several words is in the table above."""
    named = "vector_size window min_count max_vocab_size max_final_vocab sample negative ns_exponent alpha min_alpha"
    tried = {(name, field.name) for name, field, _ in OUTSIDE}
    for setting in [*named.split(), "epochs", "seed", "architecture", "loss"]:
        assert {("train", setting), ("run", setting)} <= tried


@pytest.mark.parametrize("arguments", [["train", "x", "--out", "y", "--epoch", "3"], ["similar", "x", "-size", "3"]])
def test_an_unknown_option_is_wrong_usage(arguments):
    """No option is ever ignored: neither a shortened nor a foreign one."""
    result = CliRunner().invoke(firth, arguments)
    assert result.exit_code == 2
    assert "No such option" in result.stderr


@pytest.mark.parametrize(
    ("command", "setting", "value"),
    [
        ("train", "epochs", "5"),
        ("train", "epochs", True),
        ("train", "epochs", 2.5),
        ("train", "alpha", "0.1"),
        ("tokenize", "keep_case", 1),
        ("tokenize", "keep_case", "yes"),
        ("tokenize", "encoding", 8),
        ("crosscheck", "level", "tables"),
        ("crosscheck", "level", [1]),
        ("models", "db", ["firth.db"]),
    ],
)
def test_types_of_a_file_are_not_bent(command, setting, value):
    """A TOML value of another type is refused, even where Python could convert it."""
    with pytest.raises(click.BadParameter, match=" is not "):
        options_of(command)[setting].from_toml(ROOT, value)


@pytest.mark.parametrize(
    ("command", "setting", "text", "value"),
    [
        ("tokenize", "keep_case", "TRUE", True),
        ("tokenize", "keep_case", "0", False),
        ("crosscheck", "level", "tables, replay", ("tables", "replay")),
        ("crosscheck", "level", "replay", ("replay",)),
        ("train", "alpha", "1e-3", 0.001),
    ],
)
def test_text_from_the_environment(command, setting, text, value):
    """A string stands for true or false, a number, or several words between commas or blanks."""
    assert options_of(command)[setting].from_text(ROOT, text) == value


@pytest.mark.parametrize("text", ["maybe", "2", ""])
def test_text_that_is_neither_true_nor_false(text):
    """Any other word for a flag is refused."""
    with pytest.raises(click.BadParameter, match="not true or false"):
        options_of("tokenize")["keep_case"].from_text(ROOT, text)


def test_contradicting_settings_are_refused():
    """A contradiction between two settings is told with both of them."""
    params = {**vars(TrainSettings()), "alpha": 0.01, "min_alpha": 0.02}
    with click.Context(firth), pytest.raises(SettingError, match=r"min_alpha is 0\.02, above alpha 0\.01"):
        collect(TrainSettings, params)


def test_limits_and_defaults_are_those_of_the_library():
    """Numbers that the command line repeats, so that --help need not import the library, are the library's."""
    usual = inspect.signature(serve).parameters
    assert options_of("serve")["host"].default == usual["host"].default
    assert EvaluateSettings().restrict == RESTRICT
    assert crosscheck.LEVELS == LEVELS
    assert tuple(range(1, CrosscheckSettings().seeds + 1)) == crosscheck.SEEDS
    assert CrosscheckSettings().max_tokens == crosscheck.MAX_TOKENS


def test_every_command_is_covered_here():
    """The table at the top of this file names every command that has numbers to set."""
    with_numbers = {name for name in COMMANDS if any(isinstance(o.type, Number) for o in options_of(name).values())}
    assert with_numbers <= set(USED_BY)
