"""Kill -9 at any moment loses no model: the file opens, passes every check, and the same work can be done again.

`KILLS=100 python -m pytest tests/test_killed.py -s` kills a hundred times in each piece of work and says how many
of these came before its end.
"""

import os
import random
import sys
from functools import partial

import pytest

from tests.killing import WORKS, Work, contents, exporting, fresh, is_whole, killed, prepare, undisturbed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL, and processes that are forked")

KILLS = int(os.environ.get("KILLS", "5"))


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A folder with two stores that nobody disturbs."""
    folder = tmp_path_factory.mktemp("killed") / "template"
    folder.mkdir()
    prepare(folder)
    return folder


@pytest.mark.parametrize("name", WORKS)
def test_a_kill_loses_no_model(name, template, tmp_path):
    """Whenever the work is killed, all models that were there are whole; then the work can be done to its end."""
    work, folder = WORKS[name], tmp_path / "work"
    before = {folder / db.name: contents(db) for db in template.glob("*.db")}
    seconds = undisturbed(work, fresh(template, folder, work))
    moments = random.Random(name)  # noqa: S311 - when to kill is no secret
    ended = 0
    for _ in range(KILLS):
        fresh(template, folder, work)
        ended += killed(work, folder, moments.uniform(0, seconds))
        assert is_whole(folder, before, work)
    print(f"{name}: killed {ended} of {KILLS} times before its end, which takes {seconds:.3f} s")  # noqa: T201 - for -s
    if work.again:
        undisturbed(work, folder)
        assert is_whole(folder, before, work)


@pytest.mark.parametrize("ending", [".db", ".npy.gz", ".parquet"])
def test_a_killed_export_leaves_a_whole_file(ending, template, tmp_path):
    """Under its name is the file from before or the whole new one; what else is left, the next export takes away."""
    work, folder = Work(partial(exporting, ending=ending)), fresh(template, tmp_path / "work", WORKS["publish"])
    path, moments = folder / f"out{ending}", random.Random(ending)  # noqa: S311 - when to kill is no secret
    seconds = undisturbed(work, folder)
    new, old, beside = path.read_bytes(), b"from before", sorted(folder.iterdir())
    for _ in range(KILLS):
        path.write_bytes(old)
        killed(work, folder, moments.uniform(0, seconds))
        assert path.read_bytes() in (old, new)
    undisturbed(work, folder)
    assert path.read_bytes() == new
    assert sorted(folder.iterdir()) == beside


def test_a_store_that_is_killed_again_and_again(template, tmp_path):
    """However often publishing is killed in one store, what was published stays, and at last it is published."""
    work, folder = WORKS["publish"], fresh(template, tmp_path / "work", WORKS["publish"])
    moments = random.Random(0)  # noqa: S311 - when to kill is no secret
    before = {folder / db.name: contents(db) for db in template.glob("*.db")}
    for _ in range(KILLS):
        killed(work, folder, moments.uniform(0, 0.1))
    assert is_whole(folder, before, work)
    undisturbed(work, folder)
    assert is_whole(folder, before, work)
