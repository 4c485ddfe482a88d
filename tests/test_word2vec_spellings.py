"""word2vec.c's options are second spellings of Firth's: the same settings, the same refusals, and none ignored."""

import json
import os

import click
import pytest
from click.testing import CliRunner

from pipeline.cli import COMMANDS, firth
from pipeline.commands.word2vec_spellings import PARAMETERS, SPELLED, SWITCHES, SpelledCommand
from pipeline.options import collect
from pipeline.settings import TrainSettings

ROOT = click.Context(firth, info_name="firth")
SPELLED_COMMANDS = [
    name for name in COMMANDS if isinstance(firth.get_command(ROOT, name), SpelledCommand) and name != "config"
]
ARGUMENTS = {"train": ["x", "--out", "y"], "run": [], "plan": ["x"]}
VALUES = {  # for each spelling a value, and the same said by Firth's own option
    "-size": ("200", ["--vector-size", "200"]),
    "-window": ("8", ["--window", "8"]),
    "-sample": ("1e-4", ["--sample", "0.0001"]),
    "-negative": ("25", ["--negative", "25"]),
    "-hs": ("1", ["--loss", "hs"]),
    "-cbow": ("1", ["--architecture", "cbow"]),
    "-min-count": ("1", ["--min-count", "1"]),
    "-iter": ("15", ["--epochs", "15"]),
    "-alpha": ("0.05", ["--alpha", "0.05"]),
    "-threads": ("2", ["--workers", "2"]),
}
HAS = [
    (name, spelling)
    for name in SPELLED_COMMANDS
    for spelling, parameter in PARAMETERS.items()
    if any(parameter == param.name for param in firth.get_command(ROOT, name).params)
]


@pytest.fixture(autouse=True)
def bare(monkeypatch, tmp_path):
    """No FIRTH_ variable of the developer's, and a folder of our own."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


def parsed(name, *arguments):
    """The context of a command after parsing."""
    return firth.get_command(ROOT, name).make_context(name, [*ARGUMENTS[name], *arguments], parent=ROOT)


def refused(*arguments):
    """What `firth` says of wrong usage."""
    result = CliRunner().invoke(firth, arguments)
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    return result.stderr


def test_the_table_is_that_of_the_issue():
    """All ten spellings of word2vec.c are there, for the commands that train or plan to."""
    expected = "-size -window -sample -negative -hs -cbow -min-count -iter -alpha -threads"
    assert sorted(PARAMETERS) == sorted(expected.split()) == sorted(VALUES)
    assert set(SPELLED_COMMANDS) == {"train", "run", "plan"}
    assert {spelling for _, spelling in HAS} >= set(PARAMETERS) - {"-threads"}


@pytest.mark.parametrize(("name", "spelling"), HAS)
def test_a_spelling_is_the_long_option(name, spelling):
    """Every parameter of the command is what it would be with Firth's own option, also where both are given."""
    value, own = VALUES[spelling]
    expected = parsed(name, *own).params
    assert parsed(name, spelling, value).params == expected
    assert parsed(name, *own, spelling, value).params == expected
    assert expected != parsed(name).params


@pytest.mark.parametrize(
    ("arguments", "loss", "architecture"),
    [
        ([], "ns", "skipgram"),
        (["-hs", "0"], "ns", "skipgram"),
        (["-hs", "0", "-negative", "5"], "ns", "skipgram"),
        (["-hs", "1", "-negative", "0"], "hs", "skipgram"),
        (["-cbow", "0"], "ns", "skipgram"),
        (["-cbow", "1", "-hs", "1"], "hs", "cbow"),
        (["--loss", "softmax", "-negative", "0"], "softmax", "skipgram"),
    ],
)
def test_what_the_switches_say(arguments, loss, architecture):
    """-hs and -cbow choose the loss and the model; -negative 0 takes the noise words away and changes no setting."""
    made = collect(TrainSettings, parsed("train", *arguments).params)
    assert (made.loss, made.architecture, made.negative) == (loss, architecture, 5)


def test_zero_counts_where_it_is_allowed():
    """A 0 is a value like any other: -sample 0 keeps every token."""
    assert parsed("train", "-sample", "0").params["sample"] == 0


@pytest.mark.parametrize(("name", "spelling"), HAS)
def test_help_does_not_show_them(name, spelling):
    """--help shows one way to say a thing."""
    command = firth.get_command(ROOT, name)
    printed = command.get_help(click.Context(command, ROOT, name, **command.context_settings))
    assert not any(line.strip().startswith(f"{spelling} ") for line in printed.splitlines())
    assert f", {spelling}" not in printed


@pytest.mark.parametrize(("name", "spelling"), HAS)
@pytest.mark.parametrize("value", ["abc", "-1", "1e3x", ""])
def test_a_bad_value_is_refused_under_the_name_that_was_typed(name, spelling, value):
    """word2vec.c reads `-size abc` as 0; here it is wrong usage, told with the spelling and with what is allowed."""
    said = refused(name, *ARGUMENTS[name], spelling, value).splitlines()[-1]
    assert f"'{spelling}'" in said
    assert any(words in said for words in ("allowed: ", "is not one of '0', '1'")), said


@pytest.mark.parametrize(("spelling", "value"), [(spelling, "2") for spelling in SWITCHES] + [("-size", "10001")])
def test_a_value_out_of_range_is_refused(spelling, value):
    """The ranges are those of the settings, and a switch is 0 or 1."""
    assert f"'{spelling}'" in refused("train", "x", "--out", "y", spelling, value)


@pytest.mark.parametrize("option", ["-debug", "-binary", "-save-vocab", "-hidden", "-sizes", "-s"])
def test_an_unknown_option_is_refused_by_its_whole_name(option):
    """word2vec.c ignores what it does not know; here it is wrong usage, and not of the first letter alone."""
    assert f"No such option '{option}'." in refused("train", "x", "--out", "y", "-size", "8", option, "1")


def test_a_shortened_long_option_is_refused_with_what_was_meant():
    """The long options' own message stays."""
    assert "'--epoch'. Did you mean '--epochs'?" in refused("train", "x", "--out", "y", "-size", "8", "--epoch", "1")


def test_only_commands_that_train_know_them():
    """Elsewhere they mean nothing."""
    assert "No such option" in refused("similar", "x", "-size", "3")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-size", "100", "--vector-size", "200"], "-size and --vector-size contradict each other"),
        (["--vector-size", "200", "-size", "100"], "-size and --vector-size contradict each other"),
        (["-hs", "0", "--loss", "hs"], "-hs and --loss contradict each other"),
        (["-cbow", "1", "--architecture", "skipgram"], "-cbow and --architecture contradict each other"),
        (["-negative", "0", "--negative", "5", "-hs", "1"], "-negative and --negative contradict each other"),
        (["-hs", "1", "-negative", "5"], "Firth trains one"),
        (["-hs", "1", "--negative", "5"], "Firth trains one"),
        (["--loss", "hs", "-negative", "5"], "Firth trains one"),
        (["-negative", "0"], "nothing to train"),
        (["-negative", "0", "-hs", "0"], "nothing to train"),
    ],
)
def test_a_contradiction_is_refused(arguments, said):
    """Two wishes that cannot both be met are wrong usage, and neither is dropped."""
    assert said in refused("train", "x", "--out", "y", *arguments)


def test_a_spelling_is_stronger_than_a_file_and_the_environment(tmp_path):
    """It is an option like the long one."""
    (tmp_path / "firth.toml").write_text("[train]\nvector_size = 50\n", "utf-8")
    arguments = ["config", "--json", "--config", "firth.toml", "-size", "60", "-hs", "1"]
    result = CliRunner().invoke(firth, arguments, env={"FIRTH_VECTOR_SIZE": "70"})
    found = {each["setting"]: (each["value"], each["from"]) for each in json.loads(result.stdout)["settings"]}
    assert (found["vector_size"], found["loss"]) == ((60, "option -size"), ("hs", "option -hs"))
    assert parsed("train", "-size", "60").meta[SPELLED] == {"vector_size": "-size"}
