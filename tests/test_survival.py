"""Real trainings, really killed: whatever ends the process, `--resume` ends in the bytes of one that nothing ended."""

import itertools
import json
import os
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline.settings import TokenSettings
from pipeline.stages import MANIFEST, StageFolder
from pipeline.text.tokenizing import tokenize

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="signals and /proc")

ALWAYS = "1e-9"  # minutes: a checkpoint after every part
UNHEARD = ("SigBlk", "SigIgn")  # in /proc/.../status: blocked or ignored
SETTINGS = ["--vector-size", "16", "--epochs", "5"]
FASTTEXT = ["--model", "fasttext", "--max-n", "4", "--bucket", "5000"]


@pytest.fixture(scope="module")
def text(lee_text, tmp_path_factory):
    """Token files of the stories three times, which is four parts an epoch."""
    folder = tmp_path_factory.mktemp("survival") / "tokens"
    tokenize(StageFolder(folder), [str(lee_text)] * 3, TokenSettings())
    return folder


def start(text, out, *options, **how):
    """Start `firth train`."""
    command = [sys.executable, "-m", "pipeline", "train", str(text), "--out", str(out), *SETTINGS, *options]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **{"preexec_fn": unheard, **how})


def unheard():
    """In the new process: hear Ctrl-C, which a shell's background jobs ignore."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def train(text, out, *options, code=0, **how):
    """Run `firth train` to its end, with this exit code; returns what it said."""
    with start(text, out, *options, **how) as process:
        _, said = process.communicate(timeout=120)
    assert process.returncode == code, said
    return said


def result(out):
    """What came out: hashes, and the curves."""
    report = json.loads((out / MANIFEST).read_text("utf-8"))["report"]
    return [report[name] for name in ("vectors_sha256", "contexts_sha256", "losses", "pairs")]


def inside(out):
    """The names in a folder, none where there is no folder."""
    return sorted(path.name for path in out.iterdir()) if out.is_dir() else []


def finished(out):
    """The newest checkpoint's number, 0 where there is none."""
    return max((int(name[11:]) for name in inside(out) if name.startswith("checkpoint-")), default=0)


def being_written(out):
    """Whether a checkpoint is being written."""
    return any(name.startswith(".checkpoint-") for name in inside(out))


def wait_until(happens, process=None):
    """Wait for something to happen, or for the process to end; says whether it happened."""
    for _ in range(60_000):
        if happens():
            return True
        if process and process.poll() is not None:
            return False
        threading.Event().wait(0.001)
    raise AssertionError("nothing happened")


def descendants(pid):
    """The process ids of its children, and of theirs: those that train are children of a server."""
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [other for child in found for other in descendants(child)]


def deaf(pid):
    """Whether neither Ctrl-C nor SIGTERM reaches a process."""
    masks = [line.split()[1] for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line[:6] in UNHEARD]
    unheard = int(masks[0], 16) | int(masks[1], 16)
    return all(unheard >> (number - 1) & 1 for number in (signal.SIGINT, signal.SIGTERM))


def gone(pid):
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


@pytest.fixture(scope="module")
def whole(text, tmp_path_factory):
    """The results of trainings that nothing interrupted, and that wrote no checkpoint: alone, in shards, fastText."""
    results = {}
    for name, options in (("result", []), ("in_shards", ["--deterministic"]), ("with_pieces", FASTTEXT)):
        out = tmp_path_factory.mktemp(name) / "model"
        train(text, out, "--checkpoint-minutes", "0", *options)
        assert not [file for file in inside(out) if "checkpoint" in file]
        results[name] = result(out)
    return SimpleNamespace(**results)


def kill_while_writing(process, out):
    """Stop the process again and again until it is seen in the midst of a checkpoint; kill it there."""
    while wait_until(lambda: being_written(out), process):
        process.send_signal(signal.SIGSTOP)
        if being_written(out):
            process.kill()
            return True
        process.send_signal(signal.SIGCONT)
    return False


def kill_after(process, out, random_numbers):
    """Kill the process when it has written one to three checkpoints more, at whatever it is doing then."""
    wanted = finished(out) + random_numbers.randint(1, 3)
    if not wait_until(lambda: finished(out) >= wanted, process):
        return False
    process.kill()
    return True


@pytest.mark.parametrize(("name", "options"), [("result", []), ("with_pieces", FASTTEXT)])
def test_kills_at_random_points_change_nothing(text, whole, tmp_path, name, options):
    """Killed six times, three of them in the midst of writing a checkpoint, it ends in the same bytes."""
    out, random_numbers, hits = tmp_path / "model", random.Random(7), []  # noqa: S311 - no secret
    for while_writing in random_numbers.sample([True, False] * 3, 6):
        how = ["--checkpoint-minutes", ALWAYS, "--resume", *options]
        with start(text, out, *how, stdout=subprocess.DEVNULL) as process:
            if while_writing:
                hits.append(kill_while_writing(process, out))
                assert being_written(out) or not hits[-1]
            else:
                hits.append(kill_after(process, out, random_numbers))
    assert hits[:4] == [True] * 4
    train(text, out, "--checkpoint-minutes", ALWAYS, "--resume", *options)
    assert result(out) == getattr(whole, name)
    assert not [name for name in inside(out) if "checkpoint" in name]


def test_ctrl_c_keeps_the_training_and_says_how_to_go_on(text, whole, tmp_path):
    """Exit code 130, no traceback, and the last line is the command that goes on to the same bytes."""
    out, jsonl = tmp_path / "my model", tmp_path / "progress.jsonl"
    with start(text, out, "--progress-jsonl", str(jsonl)) as process:
        assert wait_until(jsonl.exists, process)  # its first report: the training is under way
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in said
    told, command = said.splitlines()[-2:]
    assert told.startswith("Interrupted. ")
    assert str(out / "checkpoint-000001") in told
    words = shlex.split(command)
    assert words[0] == "firth"
    assert words[-1] == "--resume"
    lines = len(jsonl.read_text("utf-8").splitlines())
    subprocess.run([sys.executable, "-m", "pipeline", *words[1:]], check=True, capture_output=True)
    assert result(out) == whole.result
    tokens = [json.loads(line)["tokens"] for line in jsonl.read_text("utf-8").splitlines()]
    assert len(tokens) > lines
    assert all(before <= after for before, after in itertools.pairwise(tokens))


@pytest.mark.parametrize("to_all", [False, True], ids=["foreman", "group"])
def test_sigterm_ends_a_team_without_orphans(text, whole, tmp_path, to_all):
    """Exit code 143, also where all processes get the signal; none is left; one process alone goes on to the bytes."""
    out = tmp_path / "model"
    options = ["--workers", "2", "--deterministic", "--checkpoint-minutes", ALWAYS]
    with start(text, out, *options, start_new_session=True) as process:
        assert wait_until(lambda: finished(out), process)
        workers = descendants(process.pid)
        assert len(workers) >= 3  # what tracks resources, the server, and one that trains
        assert all(map(deaf, workers))
        (os.killpg if to_all else os.kill)(process.pid, signal.SIGTERM)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 143, said
    assert "Traceback" not in said
    assert said.splitlines()[-2].startswith("Interrupted. ")
    assert wait_until(lambda: all(map(gone, workers)))
    train(text, out, "--deterministic", "--resume")
    assert result(out) == whole.in_shards


def test_a_killed_foreman_leaves_no_orphans(text, whole, tmp_path):
    """Kill -9 gives it no time to tell the others: they find out, and what is left goes on."""
    out = tmp_path / "model"
    options = ["--workers", "2", "--deterministic", "--checkpoint-minutes", ALWAYS]
    with start(text, out, *options) as process:
        assert wait_until(lambda: finished(out), process)
        workers = descendants(process.pid)
        process.kill()
    assert wait_until(lambda: all(map(gone, workers)))
    train(text, out, *options, "--resume")
    assert result(out) == whole.in_shards


def test_a_file_that_cannot_grow_leaves_the_last_checkpoint(text, whole, tmp_path):
    """Where the system lets no more be written, the error says so, and the training goes on from what is there."""
    out = tmp_path / "model"
    with start(text, out, "--checkpoint-minutes", ALWAYS) as process:
        assert wait_until(lambda: finished(out), process)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    kept = finished(out)

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    said = train(text, out, "--checkpoint-minutes", ALWAYS, "--resume", code=1, preexec_fn=small_files)
    assert f"a checkpoint cannot be written into {out}: File too large; the last good one" in said
    assert finished(out) == kept
    assert not being_written(out)
    train(text, out, "--resume")
    assert result(out) == whole.result


MOUNT, UNMOUNT = shutil.which("mount"), shutil.which("umount")


@pytest.fixture
def disk(tmp_path):
    """A small disk, and how to make it larger."""
    place = tmp_path / "disk"
    place.mkdir()
    small = [MOUNT or "mount", "-t", "tmpfs", "-o", "size=900k", "none", str(place)]
    if not MOUNT or subprocess.run(small, check=False, capture_output=True).returncode:
        pytest.skip("only root can make a small disk")
    yield place, lambda: subprocess.run([MOUNT, "-o", "remount,size=20m", str(place)], check=True)
    subprocess.run([UNMOUNT, str(place)], check=True)


def test_a_full_disk_leaves_the_last_checkpoint(text, whole, disk):
    """Where there is room for one checkpoint and no second, the error names the disk; with room made it goes on."""
    place, enlarge = disk
    out = place / "model"
    said = train(text, out, "--checkpoint-minutes", ALWAYS, code=1)
    assert f"a checkpoint cannot be written into {out}: No space left on device; the last good one" in said
    assert "--resume" in said
    assert finished(out) == 1
    assert not being_written(out)
    enlarge()
    train(text, out, "--checkpoint-minutes", ALWAYS, "--resume")
    assert result(out) == whole.result


def test_glove_survives_kills_and_ctrl_c(text, tmp_path):
    """Killed in the midst of writing a checkpoint and later, then interrupted: in the end, by two workers, same bytes.

    The counts are made once, and lie beside the checkpoints; what a kill leaves of them is gone in the end.
    """
    whole, out, jsonl = tmp_path / "whole", tmp_path / "model", tmp_path / "progress.jsonl"
    glove = ["--model", "glove"]
    train(text, whole, *glove, "--checkpoint-minutes", "0")
    keeping = [*glove, "--checkpoint-minutes", ALWAYS, "--resume"]
    with start(text, out, *keeping, stdout=subprocess.DEVNULL) as process:
        assert kill_while_writing(process, out)
    with start(text, out, *keeping, stdout=subprocess.DEVNULL) as process:
        assert kill_after(process, out, random.Random(7))  # noqa: S311 - no secret
    with start(text, out, *keeping, "--progress-jsonl", str(jsonl)) as process:
        assert wait_until(jsonl.exists, process)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert "not counted again" in train(text, out, *glove, "--workers", "2", "--resume")
    assert result(out) == result(whole)
    assert not [name for name in inside(out) if name.startswith(("checkpoint", ".checkpoint", "counts", ".data"))]
