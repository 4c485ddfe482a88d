"""A full disk, no permission, a lock, damage: each is a clear error with exit code 1, and nothing is lost."""

import json
import os
import random
import resource
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from pipeline.cli import firth
from storage.errors import StoreError
from storage.store import Store
from tests.killing import WORKS, contents, fresh, is_whole, prepare, publish, together, tried

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits, users, and processes that are forked")

WRITING = [name for name in WORKS if name != "derive"]


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with two stores that nothing happens to."""
    folder = tmp_path_factory.mktemp("adversity") / "template"
    folder.mkdir()
    prepare(folder)
    return folder


@pytest.fixture
def before(template, tmp_path):
    """What the stores of the folder `work` hold."""
    return {tmp_path / "work" / db.name: contents(db) for db in template.glob("*.db")}


# ---- no room, no permission, no lock ----


def limited(_folder, size):
    """No file can grow beyond this size."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [50_000, 400_000, 700_000])
@pytest.mark.parametrize("name", WORKS)
def test_a_full_disk_loses_nothing(name, size, template, tmp_path, before):
    """Where files cannot grow, the work is done all the same or told to be impossible; all models are whole."""
    work, folder = WORKS[name], tmp_path / "work"
    message = tried(work, fresh(template, folder, work), limited, size)
    assert message == "" or "the models published before are whole" in message
    assert is_whole(folder, before, work)
    assert tried(work, folder, unlimited) == "" or not work.again


def unlimited(_folder):
    """As it is."""


@pytest.fixture(scope="module")
def on_a_small_disk(template):
    """What each piece of work says on a tmpfs, by how much room that has."""
    disk = template.with_name("disk")
    disk.mkdir()
    alone = ["unshare", "-Urm"]
    try:
        subprocess.run([*alone, "mount", "-t", "tmpfs", "firth", str(disk)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no tmpfs can be mounted here, not even in a name space of its own ({error})")
    program = [*alone, sys.executable, "-m", "tests.small_disk", str(template), str(disk)]
    ran = subprocess.run(program, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[1])
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout.splitlines()[-1])


@pytest.mark.parametrize("name", WORKS)
def test_a_disk_without_room_loses_nothing(name, on_a_small_disk):
    """On a real full disk work is done or told to be impossible; models are read even then, and lost never."""
    said = on_a_small_disk[name]
    assert all(not each or "published before are whole" in each or "keeps its free pages" in each for each in said)
    assert (said[0] == "") == (name not in WRITING)


def nobody(folder):
    """The folder is read-only for who works, who is not root."""
    folder.parent.chmod(0o755)
    for path in (*folder.glob("*.db"), folder):
        path.chmod(0o444 if path.is_file() else 0o555)
    if os.geteuid() == 0:
        os.seteuid(65534)


@pytest.mark.parametrize("name", WRITING)
def test_a_read_only_folder(name, template, tmp_path, before):
    """Nothing can be written, which the message says with the file; nothing has changed."""
    work, folder = WORKS[name], reachable(tmp_path)
    fresh(template, folder, work)
    state = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert "check the permissions of the file and its folder" in tried(work, folder, nobody)
    folder.chmod(0o755)
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == state
    assert is_whole(folder, before, work)


def test_a_read_only_folder_answers(template, tmp_path, before):
    """Where derived files cannot be written, memory does, and nothing appears in the folder."""
    work, folder = WORKS["derive"], reachable(tmp_path)
    fresh(template, folder, work)
    names = sorted(path.name for path in folder.iterdir())
    assert tried(work, folder, nobody) == ""
    folder.chmod(0o755)
    assert sorted(path.name for path in folder.iterdir()) == names
    assert is_whole(folder, before, work)


def reachable(folder):
    """The folder `work`, on a way that everybody may go."""
    for above in (folder, *folder.parents[:3]):
        if above.stat().st_uid == os.geteuid() and above != Path("/tmp"):  # noqa: S108 - pytest's own is below it
            above.chmod(0o755)
    return folder / "work"


@pytest.mark.parametrize("name", WRITING)
def test_a_locked_file(name, template, tmp_path, before, monkeypatch):
    """Where another writes longer than one waits, that is told, and nothing has changed; afterwards it can be done."""
    monkeypatch.setattr("storage.store._WRITERS_PATIENCE", 0)
    work, folder = WORKS[name], tmp_path / "work"
    fresh(template, folder, work)
    others = [sqlite3.connect(db) for db in before]
    for other in others:
        other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="in use by another writer"):
        work.do(folder)
    for other in others:
        other.rollback()
        other.close()
    assert is_whole(folder, before, work)
    work.do(folder)
    assert is_whole(folder, before, work)


# ---- files that are not what they should be ----

COMMANDS = {
    "models": ["models"],
    "similar": ["similar", "word 1 of 2"],
    "tag": ["tag", "news@2", "stable"],
    "untag": ["untag", "news@stable"],
    "publish": ["publish", "news"],
    "rollback": ["rollback", "news"],
    "delete": ["delete", "news@1", "--yes"],
    "gc": ["gc"],
    "gc --dry-run": ["gc", "--dry-run"],
    "copy": ["copy", "news@2", "--to", "copy.db"],
    "diff": ["diff", "news@1", "news@2"],
    "verify": ["verify"],
    "show": ["show", "news"],
}


def run(folder, name):
    """Run a command on the store of a folder, in a process that would show any fault of Firth."""
    arguments = [str(folder / each) if each == "copy.db" else each for each in COMMANDS[name]]
    return CliRunner().invoke(firth, [*arguments, "--db", str(folder / "firth.db")])


def no_database(path):
    path.write_text("no database, but long enough to be taken for one. " * 100, "utf-8")


def other_database(path):
    path.unlink()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE things (id)")


def newer(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('firth', 'm999_future')")


def emptied(path):
    path.write_bytes(b"")


UNUSABLE = {
    no_database: "is not an SQLite database",
    other_database: "not a store of Firth",
    newer: "newer Firth",
    Path.unlink: "there is no store at",
    emptied: "holds nothing yet",
}


CHANGING = ("tag", "untag", "publish", "rollback", "delete", "gc")  # make a store of an empty file


@pytest.mark.parametrize(
    ("spoil", "name"),
    [(spoil, name) for spoil in UNUSABLE for name in COMMANDS if (spoil, name in CHANGING) != (emptied, True)],
)
def test_a_file_that_cannot_be_used(spoil, name, template, tmp_path):
    """Every command says in one sentence what the file is, ends with exit code 1, and leaves it as it was."""
    folder = fresh(template, tmp_path / "work", WORKS["tag"])
    path = folder / "firth.db"
    spoil(path)
    state = path.read_bytes() if path.exists() else None
    result = run(folder, name)
    assert result.exit_code == 1
    assert UNUSABLE[spoil] in result.stderr
    assert str(path) in result.stderr
    assert (path.read_bytes() if path.exists() else None) == state


@pytest.mark.parametrize("name", COMMANDS)
def test_damaged_pages_and_lost_ends(name, template, tmp_path):
    """However pages are damaged or cut off, a command is done or says so in a sentence, without a traceback."""
    folder, chance = tmp_path / "work", random.Random(name)  # noqa: S311 - where to damage is no secret
    for _ in range(6):
        path = fresh(template, folder, WORKS["tag"]) / "firth.db"
        whole = path.read_bytes()
        at = chance.randrange(1, len(whole) // 16384) * 16384
        path.write_bytes(whole[:at] + (chance.randbytes(16384) + whole[at + 16384 :] if chance.random() < 0.7 else b""))
        result = run(folder, name)
        assert result.exit_code in (0, 1), result.stderr
        assert "fault of Firth" not in result.stderr, result.stderr
        assert "Traceback" not in result.stderr
        if result.exit_code and name != "verify":  # which prints what it finds
            assert "Error: " in result.stderr


# ---- several processes at once ----


def write(db, seed):
    """Publish four models."""
    for number in range(4):
        publish(db, 100 * seed + number)


def read(db, models):
    """Read everything there is, until so many models are there."""
    seen = 0
    while seen < models:
        found = contents(db)
        assert len(found) >= seen
        seen = len(found)


def test_writers_and_readers_at_once(template, tmp_path):
    """Two processes that publish lose none of their models; readers see whole ones, never fewer, and never fail."""
    db = fresh(template, tmp_path / "work", WORKS["tag"]) / "firth.db"
    before = contents(db)
    together((write, db, 1), (write, db, 2), (read, db, len(before) + 8), (read, db, len(before) + 8))
    after = contents(db)
    assert len(after) == len(before) + 8
    assert {name: after[name] for name in before} == before
    assert is_whole(db.parent, {db: after}, WORKS["tag"])
    with Store.open(db) as store:
        seeds = sorted(store.card(info)["settings"]["seed"] for info in store.models())
    assert seeds == sorted([0, 1, 2, 100, 101, 102, 103, 200, 201, 202, 203])
