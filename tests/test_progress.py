"""Long work tells how far it is: a bar on a terminal, log lines elsewhere, JSON lines for programs."""

import contextlib
import io
import json
import logging
import math
import os
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from pipeline.progress import LOG_SECONDS, Meter, ProgressFile, left, of_reading, of_training, set_loudness
from pipeline.training.ledger import Progress
from storage.errors import InputError

HALFWAY = Progress(
    epoch=1, epochs=2, tokens=500, total_tokens=1000, loss=2.5, alpha=0.01, words_per_s=1234.5, eta_s=65.0
)


class Clock:
    """A clock that only moves when told."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        """The time."""
        return self.now


@pytest.fixture(autouse=True)
def usual_loudness():
    """Each test starts and ends with neither --quiet nor --verbose."""
    set_loudness(logging.INFO)
    yield
    set_loudness(logging.INFO)


def test_log_lines_come_every_few_seconds(capsys):
    """However often a training reports, a pipe gets one line in LOG_SECONDS, with share, speed, loss, epoch and ETA."""
    clock = Clock()
    with Meter("train", clock) as meter:
        report = of_training(meter)
        for _ in range(100):
            clock.now += LOG_SECONDS / 25
            report(HALFWAY)
    captured = capsys.readouterr()
    lines = captured.err.splitlines()
    assert captured.out == ""
    assert len(lines) == 4
    assert lines[0].endswith("train   50%  1,234 tokens/s, loss 2.5000, 1 min 5 s left, epoch 1/2")
    assert datetime.strptime(lines[0].split()[0], "%H:%M:%S")


@pytest.mark.parametrize(
    ("total", "facts"), [(4000, "   25%  300 tokens, 30 tokens/s, 30 s left"), (None, "  300 tokens, 30 tokens/s")]
)
def test_reading_tells_tokens_and_time(capsys, total, facts):
    """Speed and time left come from what was read so far; a stream has no share and no end."""
    clock = Clock()
    with Meter("tokenize", clock) as meter:
        report = of_reading(meter, total)
        clock.now += 10
        report(1000, 300)
    assert capsys.readouterr().err.strip().endswith("tokenize" + facts)


def test_quiet_is_quiet_but_warns(capsys):
    """--quiet leaves out progress, not warnings."""
    set_loudness(logging.WARNING)
    clock = Clock()
    with Meter("train", clock) as meter:
        clock.now += 2 * LOG_SECONDS
        of_training(meter)(HALFWAY)
    logging.getLogger("pipeline.anything").warning("look out")
    assert capsys.readouterr().err.split(maxsplit=1)[1] == "Warning: look out\n"


def test_an_error_is_logged_with_its_traceback(capsys):
    """What goes wrong while serving can be found in the log, each line of the traceback indented under its message."""
    try:
        raise ValueError("no \x1b[31m\n12:00:00 forged")
    except ValueError:
        logging.getLogger("service.anything").exception("the question %s failed", "/x")
    first, second, *others = capsys.readouterr().err.splitlines()
    assert first.split(maxsplit=1)[1] == "Error: the question /x failed"
    assert second == "  Traceback (most recent call last):"
    assert others[-2:] == ["  ValueError: no \\x1b[31m", "  12:00:00 forged"]
    assert all(line.startswith("  ") for line in others)


def test_a_message_is_one_line(capsys):
    """Whatever address was asked for, it neither begins a line of its own in the log nor steers a terminal."""
    logging.getLogger("service.anything").warning("nothing at %s", "/\n12:00:00 ok\x1b[2J\x9b\u2028\u202e é")
    line = capsys.readouterr().err
    assert line.split(maxsplit=1)[1] == "Warning: nothing at /\\n12:00:00 ok\\x1b[2J\\x9b\\u2028\\u202e é\n"


def test_a_failed_request_is_logged_by_a_real_firth(tmp_path):
    """With the loggers as `firth` sets them up, a fault of the service leaves its traceback on standard error."""
    program = (
        "import logging, sys; from pathlib import Path; from flask import Flask\n"
        "from pipeline.progress import set_loudness; from service.app import create_app\n"
        "from storage.store import Store\n"
        "set_loudness(logging.INFO); db = Path(sys.argv[1]); Store.open(db, create=True).close()\n"
        "app = create_app(db)\n"
        "app.add_url_rule('/fault', view_func=lambda: {}['lost'])\n"
        "sys.exit(app.test_client().get('/fault').status_code != 500)"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "firth.db")]
    ended = subprocess.run(command, capture_output=True, check=True, text=True, cwd=Path(__file__).parents[1])
    assert ended.stderr.count("Traceback") == 1
    assert ended.stderr.endswith("  KeyError: 'lost'\n")


@pytest.mark.parametrize("stream", ["closed", "none", "broken"])
def test_logging_goes_on_without_standard_error(monkeypatch, stream):
    """A standard error that is closed, missing, or whose reader has left is no reason to stop working."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", buffering=1) as broken:
        closed = io.StringIO()
        closed.close()
        monkeypatch.setattr(sys, "stderr", {"closed": closed, "none": None, "broken": broken}[stream])
        logging.getLogger("pipeline.anything").warning("look out")
        monkeypatch.undo()
        with contextlib.suppress(BrokenPipeError):
            broken.close()


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s left"),
        (59.4, "59 s left"),
        (59.6, "1 min 0 s left"),
        (3599, "59 min 59 s left"),
        (7260, "2 h 1 min left"),
        (-1, "0 s left"),
        (math.inf, "time left unknown"),
    ],
)
def test_time_left_in_words(seconds, words):
    """A time is told in the units that one would say it in."""
    assert left(seconds) == words


def test_progress_lines_can_be_read_while_they_are_written(tmp_path):
    """Each report is one JSON object on a line, in the file at once; what is not known is null."""
    path = tmp_path / "new" / "progress.jsonl"
    with ProgressFile(path) as file:
        for number, eta in enumerate((65.0, math.inf), start=1):
            file.write(Progress(1, 2, 500, 1000, 2.5, 0.01, 1234.5, eta))
            lines = path.read_text("utf-8").splitlines()
            assert len(lines) == number
    fields = [
        "epoch",
        "tokens",
        "total_tokens",
        "words_per_s",
        "pairs_per_s",
        "loss",
        "recent_loss",
        "held_out_loss",
        "alpha",
        "eta_s",
    ]
    first, last = map(json.loads, lines)
    assert list(first) == list(last) == [*fields, "time"]
    assert first["words_per_s"] == 1234.5
    assert first["eta_s"] == 65.0
    assert last["eta_s"] is None
    assert datetime.fromisoformat(last["time"]).utcoffset() == timedelta(0)


def test_every_run_starts_a_new_file(tmp_path):
    """Lines of an earlier run are gone."""
    path = tmp_path / "progress.jsonl"
    for _ in range(2):
        with ProgressFile(path) as file:
            file.write(HALFWAY)
    assert len(path.read_text("utf-8").splitlines()) == 1


def test_a_file_that_cannot_be_written_ends_the_training_at_its_first_report(tmp_path):
    """The mistake is told with the file's name."""
    now = Progress(1, 2, 50, 100, 2.5, 0.02, 1000.0, 0.05)
    with ProgressFile(tmp_path) as file, pytest.raises(InputError, match="--progress-jsonl"):
        file.write(now)


def test_a_training_that_does_not_run_leaves_an_earlier_file_as_it_is(tmp_path):
    """Without a report nothing is emptied."""
    path = tmp_path / "progress.jsonl"
    path.write_text("earlier\n", "utf-8")
    with ProgressFile(path):
        pass
    assert path.read_text("utf-8") == "earlier\n"


@pytest.mark.skipif(os.name == "nt", reason="pseudo-terminals are a thing of Unix")
def test_a_terminal_gets_a_bar(lee_tokens, tmp_path):
    """A terminal as standard error gets a bar with speed, loss, ETA and epoch; a piped standard output gets none."""
    terminal, other_end = os.openpty()
    command = [sys.executable, "-m", "pipeline", "train", str(lee_tokens), "--out", str(tmp_path / "model")]
    with subprocess.Popen(
        [*command, "--epochs", "1", "--vector-size", "8"], stdout=subprocess.PIPE, stderr=other_end, text=True
    ) as process:
        os.close(other_end)
        results, _ = process.communicate(timeout=60)
    drawn = _everything(terminal)
    assert process.returncode == 0
    assert results.startswith("train       ")
    assert "tokens/s" in results
    assert "%" not in results
    assert "train 100%" in drawn
    assert "tokens/s, loss " in drawn
    assert ", 0 s left, epoch 1/1" in drawn


def _everything(terminal):
    """All that was written to a terminal whose other end is closed."""
    parts = []
    try:
        while part := os.read(terminal, 65536):
            parts.append(part)
    except OSError:  # how Linux says that the other end is closed
        pass
    finally:
        os.close(terminal)
    return b"".join(parts).decode()
