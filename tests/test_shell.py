"""`firth shell`: the model stays loaded, mistakes do not end it; on a terminal with history and completion."""

import codecs
import contextlib
import json
import os
import select
import stat
import subprocess
import sys
import time

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.asking.history import history_file, private_history
from pipeline.cli import firth
from service import loading
from storage.embeddings import Embeddings
from storage.store import Store

WORDS = ("king", "queen", "new york", "new moon", "zebra", "don't")
PATIENCE = 60


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    """A store with two models, the second of which is the newest."""
    path = tmp_path_factory.mktemp("shell") / "shell.db"
    with Store.open(path, create=True) as store:
        for name in ("old", "new"):
            matrix = np.random.default_rng(len(name)).standard_normal((len(WORDS), 4)).astype(np.float32)
            store.publish(name, Embeddings(WORDS, np.ones(len(WORDS), np.int64), matrix), {})
    return path


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch, tmp_path):
    """No FIRTH_ variable of the developer's, and a history of our own."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "state"))


def run(db, *lines, code=0, options=()):
    """`firth shell` with these lines on standard input."""
    arguments = ["shell", "--db", str(db), *map(str, options)]
    result = CliRunner().invoke(firth, arguments, input="".join(f"{line}\n" for line in lines))
    assert result.exit_code == code, result.output
    return result


def alone(db, *arguments):
    """What the command prints by itself."""
    return CliRunner().invoke(firth, [arguments[0], "--db", str(db), *arguments[1:]]).stdout


def test_a_line_is_a_command(db):
    """Lines print what the commands print, with `firth` in front or without; nothing else is printed."""
    result = run(db, "similar king --topn 2", "", "firth similarity king 'new york' --json", "neighbors don't")
    expected = [
        alone(db, "similar", "king", "--topn", "2"),
        alone(db, "similarity", "king", "new york", "--json"),
        alone(db, "similar", "don't"),
    ]
    assert result.stdout == "".join(expected)
    assert result.stderr == ""


def test_a_mistake_is_told_and_the_next_line_runs(db):
    """Unknown words and commands, wrong usage and values are told as ever; at the end the exit code is 1."""
    lines = ["similar kign", "similr king", "similar", "similar king --topn 0", "model nwe", "similar king --db x"]
    result = run(db, *lines, "help nothing", "similarity king king", code=1)
    assert result.stdout == alone(db, "similarity", "king", "king")
    for told in ("did you mean king", "did you mean similar", "Missing argument", "from 1 to 1000", "did you mean new"):
        assert told in result.stderr
    assert "a shell has one file" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_line_that_is_not_text_is_a_mistake(db):
    """Bytes that are no text are told, and the next line runs."""
    result = CliRunner().invoke(firth, ["shell", "--db", str(db)], input=b"similar k\xff\nsimilarity king king\n")
    assert result.exit_code == 1
    assert result.stdout == alone(db, "similarity", "king", "king")
    assert "not utf-8" in result.stderr


def test_the_model_can_be_changed(db):
    """`model NAME` is for all lines after it, --model for one."""
    ask = "similarity king queen --json"
    lines = [ask, f"{ask} --model old", ask, "model old@1", ask, "model", "models"]
    printed = run(db, *lines).stdout
    decoder, found = json.JSONDecoder(), []
    while (at := printed.find('{\n  "model"')) >= 0:
        document, end = decoder.raw_decode(printed[at:])
        found.append(document["model"]["name"])
        printed = printed[at + end :]
    assert found == ["new", "old", "new", "old"]
    assert printed.startswith("\nold@1 (6 words, 4 dimensions)\n")
    assert "\nnew " in printed


def test_a_model_is_loaded_once(db, monkeypatch):
    """However many lines ask it."""
    loaded = []
    load = loading.load_vectors
    monkeypatch.setattr(loading, "load_vectors", lambda db, info: loaded.append(str(info)) or load(db, info))
    run(db, *["similarity king queen", "similarity king queen --model old", "model old", "model new"] * 3)
    assert loaded == ["new@1", "old@1"]


def test_settings_are_those_of_the_shell(db, tmp_path):
    """A file given to the shell is for its lines; what a line says is stronger."""
    file = tmp_path / "firth.toml"
    file.write_text('topn = 2\nmodel = "old"', "utf-8")
    printed = run(db, "similar king", "similar king --topn 1", "model new", "model", options=["--config", file]).stdout
    tables = printed.split("Nearest to king, in old@1")
    assert [len(table.splitlines()) for table in tables[1:]] == [6, 5 + 2]
    assert tables[2].endswith("new@1 (6 words, 4 dimensions)\n" * 2)


def test_help_and_exit(db):
    """`help` lists what can be said, `help COMMAND` shows how; after `exit` nothing is run."""
    printed = run(db, "help", "help similar", "similar --help", "exit", "similar kign").stdout
    assert "most-similar-to-given" in printed
    assert printed.count("Usage: similar [OPTIONS] WORD\n") == 2
    assert "kign" not in printed


def test_a_shell_without_a_model_does_not_begin(tmp_path):
    """Where no model can be asked there is an error, as for every command."""
    result = run(tmp_path / "nowhere.db", code=1)
    assert "there is no store at" in result.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps files private by their folder")
def test_the_history_is_private(tmp_path):
    """The file can be read by nobody else, even where an older one could."""
    assert history_file() == tmp_path / "state" / "firth" / "history"
    for _ in "ab":
        path = private_history()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        path.chmod(0o644)


def test_a_history_that_cannot_be_written_is_no_obstacle(tmp_path, caplog):
    """A warning says so."""
    (tmp_path / "state").write_text("a file where a folder should be", "utf-8")
    assert private_history() is None
    assert "the history of this session is not kept" in caplog.text


class Terminal:
    """`firth shell` on a pseudo-terminal."""

    def __init__(self, *arguments, **environment):
        import pty

        self.own, theirs = pty.openpty()
        env = {**os.environ, "TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1", "COLUMNS": "100", **environment}
        command = [sys.executable, "-m", "pipeline", "shell", *map(str, arguments)]
        self.process = subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True
        )
        os.close(theirs)
        self.seen, self._decoder = "", codecs.getincrementaldecoder("utf-8")("replace")

    def type(self, keys):
        """Press keys."""
        os.write(self.own, keys.encode())

    def expect(self, text):
        """Read until `text` has been written, behind what was expected before."""
        deadline = time.monotonic() + PATIENCE
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            if select.select([self.own], [], [], 1)[0]:
                self.seen += self._decoder.decode(os.read(self.own, 65536))
        before, _, self.seen = self.seen.partition(text)
        return before

    def end(self):
        """Wait for the end; the exit code."""
        with contextlib.suppress(OSError):  # a terminal that nobody has open any more is an error on Linux
            while os.read(self.own, 65536):
                pass
        return self.process.wait(timeout=PATIENCE)

    def close(self):
        """Take the terminal away, with whatever still runs on it."""
        self.process.kill()
        self.process.wait()
        os.close(self.own)


@pytest.fixture
def terminal():
    """Starts `firth shell` on pseudo-terminals."""
    with contextlib.ExitStack() as open_ones:

        def start(*arguments, **environment):
            made = Terminal(*arguments, **environment)
            open_ones.callback(made.close)
            made.expect("new@1>")
            return made

        yield start


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are things of Unix")
def test_a_session_on_a_terminal(db, terminal):
    """Bars, completion of a command and of a word, Ctrl-C for a line, Ctrl-D for the end, and the history next time."""
    shell = terminal("--db", db)
    shell.type("similar zeb\t")
    shell.expect("ra")
    shell.type("\r")
    shell.expect("Nearest to zebra")
    shell.expect("█")
    shell.expect("new@1>")
    shell.type("most-similar-to-g\t")
    shell.expect("iven")
    shell.type(' king "new y\t')
    shell.expect('ork"')
    shell.type("\r")
    shell.expect("new york is nearest to king")
    shell.expect("new@1>")
    shell.type("similar kign\r")
    shell.expect("did you mean king")
    shell.expect("new@1>")
    shell.type("nonsense\x03")
    shell.expect("new@1>")
    shell.type("similarity king king\r")
    shell.expect("king and king: cosine 1.0000")
    shell.expect("new@1>")
    shell.type("\x04")
    assert shell.end() == 0
    assert "nonsense" not in history_file().read_text("utf-8")

    shell = terminal("--db", db)
    shell.type("\x1b[A\r")
    shell.expect("king and king: cosine 1.0000")
    shell.expect("new@1>")
    shell.type("exit\r")
    assert shell.end() == 0


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are things of Unix")
def test_a_session_that_leaves_no_trace(db, terminal):
    """With --no-history nothing is written; with NO_COLOR bars have no color; without UTF-8 there are none."""
    shell = terminal("--db", db, "--no-history", NO_COLOR="1")
    shell.type("similar king\r")
    assert "\x1b[36m" not in shell.expect("█")
    shell.expect("new@1>")
    shell.type("\x04")
    assert shell.end() == 0
    assert not history_file().exists()

    shell = terminal("--db", db, "--no-history", PYTHONIOENCODING="latin-1")
    shell.type("similar king\r")
    shell.expect("Nearest to king")
    assert "█" not in shell.expect("new@1>")
    shell.type("\x04")
    assert shell.end() == 0
