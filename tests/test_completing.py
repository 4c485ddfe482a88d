"""Completion in the system's shells: commands, options, models, words; fast, quiet, and safe to put into a line."""

import os
import shlex
import shutil
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import COMPLETION, firth
from storage.embeddings import Embeddings
from storage.glance import catalog_of, words_beginning
from storage.store import Store

WORDS = (
    "paris",
    "pa",
    "Parma",
    "part time",
    "$(reboot)",
    "back\\slash",
    "it's",
    "a,b",
    "*",
    "two\nlines",
    "zebra",
    "état",
)


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A store with three models, the last of which has other words."""
    path = tmp_path_factory.mktemp("completing") / "words.db"
    with Store.open(path, create=True) as store:
        for name, words in (("old", WORDS), ("old", WORDS), ("new", [f"{word}!" for word in WORDS])):
            matrix = np.ones((len(words), 2), np.float32)
            store.publish(name, Embeddings(tuple(words), np.arange(len(words), 0, -1), matrix), {})
    return path


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No FIRTH_ variable of the developer's."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)


def completed(*words, env=None):
    """What zsh would be offered for the last of these words: values alone."""
    environment = {COMPLETION: "zsh_complete", "COMP_WORDS": shlex.join(["firth", *words[:-1]]) + f" {words[-1]}"}
    result = CliRunner().invoke(
        firth, [], env={**environment, "COMP_CWORD": str(len(words)), **(env or {})}, prog_name="firth"
    )
    assert result.stderr == ""
    return result.stdout.splitlines()[1::3]


def test_commands_and_options_are_completed():
    """Names of commands, and the options that a command has."""
    assert completed("simil") == ["similar", "similarity", "similarities"]
    assert completed("similar", "--min") == ["--min-count", "--min-rank", "--min-score"]
    assert completed("analogy", "--method", "3") == ["3cosadd", "3cosmul"]


def test_words_are_completed_the_most_frequent_first(db):
    """Of the model that would be asked: the newest, or that of --model; also the second word, and that of an option."""
    assert completed("similar", "--db", str(db), "--model", "old", "pa") == ["paris", "pa", "part time"]
    assert completed("similarity", "--db", str(db), "zebra", "pa") == ["paris!", "pa!", "part time!"]
    assert completed("similar", "pa", env={"FIRTH_DB": str(db), "FIRTH_MODEL": "old@1"}) == ["paris", "pa", "part time"]
    assert completed("similar", "--db", str(db), "Par") == ["Parma!"]
    assert completed("similar", "--db", str(db), "ZEB") == ["zebra!"]
    assert completed("calc", "--db", str(db), "zebra", "+", "2*ze") == ["2*zebra!"]
    assert completed("similar", "--db", str(db), "--deny", "ze") == ["zebra!"]


def test_models_are_completed(db):
    """By their names, and with an @ by their versions and tags."""
    assert completed("similar", "--db", str(db), "--model", "") == ["new", "old"]
    assert completed("vector", "--db", str(db), "--model", "old@") == ["old@1", "old@2", "old@current", "old@latest"]


def test_a_word_that_would_break_the_line_is_not_offered(db):
    """Control characters stay out of the terminal."""
    assert completed("similar", "--db", str(db), "--model", "old", "two") == []


@pytest.mark.parametrize("damage", ["missing", "empty", "no database"])
def test_without_a_store_there_is_silence(tmp_path, damage):
    """A file that is missing or of something else offers nothing and says nothing, in the middle of a line."""
    path = tmp_path / "firth.db"
    if damage == "empty":
        Store.open(path, create=True).close()
    if damage == "no database":
        path.write_text("not a database " * 100, "utf-8")
    assert completed("similar", "--db", str(path), "w") == []
    assert completed("similar", "--db", str(path), "--model", "w") == []


@pytest.fixture(scope="module")
def words_of(db):
    """Each model's words, as the store has them."""
    with Store.open(db) as store:
        return {info: store.load(info).words for info in store.models()}


@given(beginning=st.text(max_size=3))
def test_the_glance_sees_what_begins_so(db, words_of, beginning):
    """Words are those that begin so, by rank, and no more than were asked for."""
    for info, words in words_of.items():
        expected = [word for word in words if word.startswith(beginning)]
        assert words_beginning(db, info, beginning, 100) == expected
        assert words_beginning(db, info, beginning, 2) == expected[:2]


def test_the_glance_knows_the_models(db):
    """They are those of the store."""
    with Store.open(db) as store:
        assert list(catalog_of(db).models) == store.models()


def test_completion_imports_nothing_heavy(db):
    """Neither NumPy nor the engine: a key is answered at once."""
    heavy = {"numpy", "scipy", "flask", "tabulate", "prompt_toolkit"}
    program = (
        "import sys; from pipeline.cli import firth\n"
        f"try: firth.main([], prog_name='firth')\nexcept SystemExit: print(*sorted({heavy} & set(sys.modules)))"
    )
    env = {**os.environ, COMPLETION: "bash_complete", "COMP_WORDS": f"firth similar --db {db} zeb", "COMP_CWORD": "4"}
    ended = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True, check=True)
    assert ended.stdout == "plain,'zebra!'\n\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_each_shell(shell):
    """It names the command and the variable with which it asks, and is right by the shell's own judgment."""
    result = CliRunner().invoke(firth, ["completion", shell])
    assert result.exit_code == 0
    assert COMPLETION in result.stdout
    assert "firth" in result.stdout
    if found := shutil.which(shell):
        subprocess.run([found, "-n"], input=result.stdout, text=True, check=True)


@pytest.mark.skipif(not shutil.which("bash"), reason="there is no bash here")
@pytest.mark.parametrize(("word", "beginning"), [(word, word[:1]) for word in WORDS if word.isprintable()])
def test_bash_gets_words_that_stay_words(db, tmp_path, word, beginning):
    """Put into the line as they come, words are neither run nor expanded: bash reads back the very word."""
    command = tmp_path / "firth"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m pipeline "$@"\n', "utf-8")
    command.chmod(0o755)
    line = shlex.join(["similar", "--db", str(db), "--model", "old", shlex.quote(beginning)[:2]])
    script = f"""
        source <("$0" completion bash)
        COMP_WORDS=("$0" {line}) COMP_CWORD=6
        _firth_completion "$0"
        for found in "${{COMPREPLY[@]}}"; do eval "printf '%s\\0' $found"; done
    """
    ended = subprocess.run([shutil.which("bash"), "-c", script, str(command)], capture_output=True, check=True)
    assert word in ended.stdout.decode().split("\0")
    assert ended.stderr == b""
