"""Settings come from an option, else a file, else the environment, else the default; and every name counts."""

import json
import os
import re
from itertools import product

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import firth
from pipeline.config import as_toml, tomllib


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No FIRTH_ variable of the developer's, and a folder of our own."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def toml(tmp_path):
    """Writes a configuration file; returns its path."""

    def write(text):
        path = tmp_path / "firth.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


def invoke(*arguments, env=None):
    """Run `firth`."""
    return CliRunner().invoke(firth, arguments, env=env)


def in_force(*arguments, env=None):
    """What `firth config` says: {(setting, command): (value, where from)}."""
    result = invoke("config", "--json", *arguments, env=env)
    assert result.exit_code == 0, result.stderr
    settings = json.loads(result.stdout)["settings"]
    return {(each["setting"], name): (each["value"], each["from"]) for each in settings for name in each["commands"]}


@pytest.mark.parametrize(("option", "file", "environment"), list(product([False, True], repeat=3)))
def test_the_strongest_source_wins(toml, option, file, environment):
    """An option beats the file, the file beats the environment, the environment beats the default."""
    path = toml("negative = 3" if file else "")
    found = in_force(
        "--config", path, *(["--negative", "2"] if option else []), env={"FIRTH_NEGATIVE": "4"} if environment else {}
    )
    expected = (5, "default")
    if environment:
        expected = (4, "environment FIRTH_NEGATIVE")
    if file:
        expected = (3, f"file {path}: negative")
    if option:
        expected = (2, "option --negative")
    assert found["negative", "train"] == found["negative", "run"] == expected


def test_a_command_takes_what_config_shows(toml, tmp_path):
    """What `firth config` prints is what a command uses, here the name of the store."""
    path = toml('[models]\ndb = "from-file.db"')
    for arguments, env, name in [
        (["models"], {"FIRTH_DB": "from-environment.db"}, "from-environment.db"),
        (["models", "--config", path], {"FIRTH_DB": "from-environment.db"}, "from-file.db"),
        (["models", "--config", path, "--db", "from-option.db"], {}, "from-option.db"),
        (["models"], {}, "firth.db"),
    ]:
        assert f"no store at {name};" in invoke(*arguments, env=env).stderr
    assert [file.name for file in tmp_path.iterdir()] == ["firth.toml"]


def test_config_is_accepted_before_and_after_the_command(toml):
    """`firth --config FILE command` and `firth command --config FILE` are the same; both at once are an error."""
    path = toml("window = 3")
    before, after = invoke("--config", path, "config", "--json"), invoke("config", "--config", path, "--json")
    assert before.stdout == after.stdout
    twice = invoke("--config", path, "config", "--config", path)
    assert twice.exit_code == 2
    assert "given twice" in twice.stderr


def test_tables_and_top_level_keys(toml):
    """A key at the top is for every command; a table's for its command and for run, unless [run] says otherwise."""
    path = toml(
        'topn = 4\nwindow = 9\n[train]\nwindow = 3\nepochs = 2\n[run]\nepochs = 7\n[analogy]\ntopn = 6\ndb = "x"'
    )
    found = in_force("--config", path)
    assert found["topn", "similar"] == (4, f"file {path}: topn")
    assert found["topn", "analogy"] == (6, f"file {path}: analogy.topn")
    assert found["window", "train"] == found["window", "run"] == (3, f"file {path}: train.window")
    assert found["epochs", "train"] == (2, f"file {path}: train.epochs")
    assert found["epochs", "run"] == (7, f"file {path}: run.epochs")
    assert found["db", "analogy"][0] == "x"
    assert found["db", "similar"] == ("firth.db", "default")


def test_the_model_that_is_trained_stands_in_tables(toml):
    """`model` at the top of a file, in the environment and of `firth config` is the stored one that is asked."""
    path = toml('model = "news@2"\n[train]\nmodel = "glove"')
    found = in_force("--config", path, env={"FIRTH_MODEL": "books"})
    assert found["model", "similar"][0] == "news@2"
    assert found["model", "train"] == found["model", "run"] == ("glove", f"file {path}: train.model")
    found = in_force("--model", "news@3", env={"FIRTH_MODEL": "books"})
    assert (found["model", "similar"][0], found["model", "train"][0]) == ("news@3", None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("epoch = 3", "'epoch' is not a setting (did you mean epochs"),
        ("vector-size = 3", "'vector-size' is not a setting (did you mean vector_size"),
        ("force = true", "'force' is not a setting"),
        ("[trian]\nepochs = 3", "table [trian] is not a command (did you mean train, rank?)"),
        ("[train]\nminalpha = 0.1", "'minalpha' is not a setting of [train] (did you mean min_alpha, alpha"),
        ("[train]\ntopn = 3", "'topn' is not a setting of [train]"),
        ("[serve]\nport = 99999", "serve.port: port is 99999; allowed: from 0 to 65535"),
        ("[train]\nepochs = 0", "train.epochs: epochs is 0; allowed: from 1 to 100000"),
        ('epochs = "3"', "epochs: '3' is not a whole number; allowed: from 1 to 100000"),
        ("keep_case = 1", "keep_case: 1 is not true or false"),
        ('level = ["speed"]', "level: 'speed' is not one of 'tables', 'replay', 'quality'"),
        ("alpha = nan", "alpha: alpha is nan; allowed: greater than 0, at most 10"),
        ("window = 1979-05-27", "window: datetime.date(1979, 5, 27) is not a whole number"),
        ("a = = 3", "(at line 1, column 5)"),
        ("a = '\xff'", "codec can't decode"),
    ],
)
def test_a_mistake_in_the_file_names_file_and_key(tmp_path, text, complaint):
    """Every mistake is wrong usage, even in a part that the command does not read, with file, key and the way out."""
    path = tmp_path / "firth.toml"
    path.write_bytes(text.encode("latin-1"))
    result = invoke("models", "--config", str(path))
    assert result.exit_code == 2
    assert f"{path}: " in result.stderr
    assert complaint in result.stderr
    assert result.stdout == ""


def test_a_missing_file_is_named(tmp_path):
    """--config with a file that is not there says so."""
    result = invoke("models", "--config", str(tmp_path / "nowhere.toml"))
    assert result.exit_code == 2
    assert "nowhere.toml: No such file or directory" in result.stderr


def test_a_wrong_value_in_the_environment_names_the_variable():
    """An environment variable out of range is wrong usage."""
    result = invoke("train", "x", "--out", "y", env={"FIRTH_EPOCHS": "0"})
    assert result.exit_code == 2
    assert "environment variable FIRTH_EPOCHS: epochs is 0; allowed: from 1 to 100000" in result.stderr


def test_an_unknown_variable_is_told_and_changes_nothing():
    """A FIRTH_ variable that no command knows is warned of; one of another command or an empty one is not."""
    told = invoke("models", env={"FIRTH_EPOCS": "3"}).stderr
    assert "environment variable FIRTH_EPOCS is not a setting (did you mean FIRTH_EPOCHS" in told
    assert "Warning" not in invoke("models", env={"FIRTH_EPOCHS": "3", "FIRTH_DEBUG": "1", "FIRTH_DB": ""}).stderr


def test_contradicting_settings_name_their_places(toml):
    """When two settings contradict each other, the message says where they were set."""
    path = toml("[train]\nmin_alpha = 0.5")
    result = invoke("train", "x", "--out", "y", "--config", path, env={"FIRTH_ALPHA": "0.1"})
    assert result.exit_code == 2
    assert f"min_alpha is set by file {path}: train.min_alpha" in result.stderr
    assert "alpha is set by environment FIRTH_ALPHA" in result.stderr


def test_the_printed_file_sets_what_is_in_force(toml, tmp_path):
    """`firth config --toml` prints a file with which every command has the same values again."""
    first = toml(
        'topn = 4\nkeep_case = true\ntoken_pattern = \'\\w+"\\u\'\n[analogy]\ntopn = 6\n[run]\nlevel = ["replay"]'
    )
    printed = tmp_path / "printed.toml"
    printed.write_text(invoke("config", "--config", first, "--toml").stdout, "utf-8")
    again, before = in_force("--config", str(printed)), in_force("--config", first)
    assert {key: value for key, (value, _) in again.items()} == {key: value for key, (value, _) in before.items()}
    assert again["topn", "analogy"] == (6, f"file {printed}: analogy.topn")


def test_the_table_has_every_setting_once():
    """Each setting is one row with its value, its origin and its commands; no name means two things."""
    lines = invoke("config", env={"FIRTH_DB": "other.db"}).stdout.splitlines()
    names = [line.split()[0] for line in lines[2:]]
    assert len(set(names)) == len(names)
    (row,) = [line.split() for line in lines if line.startswith("db ")]
    assert row[:4] == ["db", "other.db", "environment", "FIRTH_DB"]
    told = " ".join(row[4:])  # whichever commands there are, in their order, the questions counted
    assert re.fullmatch(r"run evaluate store .*\bverify\b.* models 19 questions shell .*\bserve", told)


@given(
    st.recursive(
        st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
        st.lists,
        max_leaves=5,
    )
)
def test_values_survive_toml(value):
    """Whatever is written as TOML is read back as itself."""
    assert tomllib.loads(f"key = {as_toml(value)}")["key"] == value
