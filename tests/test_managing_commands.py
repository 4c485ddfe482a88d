"""The commands that keep models: what they say, to people and to programs, and how they end."""

import json

import pytest
from click.testing import CliRunner

from pipeline.cli import firth
from storage.derived import DerivedFiles
from storage.store import Store
from tests.test_managing import CARD, some_embeddings


@pytest.fixture
def db(tmp_path):
    """A store with news@1 to news@3 and wiki@1."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        for seed in (1, 2, 3):
            store.publish("news", some_embeddings(seed), {**CARD, "settings": {"alpha": seed / 100}})
        store.publish("wiki", some_embeddings(5, ("the", "tea")), {})
    return path


def invoke(db, *arguments, code=0, **options):
    """Run a command on the store; returns what it printed."""
    result = CliRunner().invoke(firth, [*map(str, arguments), "--db", str(db)], **options)
    assert result.exit_code == code, result.stderr
    return result.stderr if code else result.stdout


def listed(db):
    """What `firth models --json` lists: version -> (current, tags)."""
    models = json.loads(invoke(db, "models", "--json"))["models"]
    return {f"{each['name']}@{each['version']}": (each["current"], each["tags"]) for each in models}


def test_tags(db):
    """A tag is set, moved and taken away; each time the command says what is meant now and was before."""
    assert invoke(db, "tag", "news@1", "stable") == "news@stable is news@1\n"
    assert invoke(db, "tag", "news@2", "stable") == "news@stable is news@2, it was news@1\n"
    assert invoke(db, "tag", "news@2", "stable") == "news@stable is news@2, as before\n"
    assert listed(db)["news@2"] == (False, ["stable"])
    assert ", in news@2 (" in invoke(db, "similar", "the", "--model", "news@stable")
    assert invoke(db, "untag", "news@stable") == "news@stable is gone; it was news@2\n"


def test_rollback_and_publish(db):
    """`models` shows which version is current; questions to the name are answered by it."""
    assert invoke(db, "rollback", "news") == "news is news@2, it was news@3\n"
    assert [row.split()[-1] for row in invoke(db, "models").splitlines()[3:5]] == ["current", "latest"]
    assert ", in news@2 (" in invoke(db, "similar", "the", "--model", "news")
    assert invoke(db, "rollback", "news", "--to", "1") == "news is news@1, it was news@2\n"
    assert invoke(db, "publish", "news") == "news is news@3, it was news@1\n"
    assert listed(db)["news@3"] == (True, ["latest"])


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["tag", "news@9", "stable"], 1, "did you mean news@3"),
        (["tag", "news@1", "latest"], 2, "cannot be set"),
        (["untag", "news@stable"], 1, "no model named 'news@stable'"),
        (["rollback", "wiki"], 2, "nothing is before it"),
        (["rollback", "news", "--to", "7"], 1, "no model named 'news@7'"),
        (["publish", "nws"], 1, "did you mean news"),
        (["delete", "news", "--yes"], 2, "say which"),
        (["delete", "news@1"], 2, "--yes"),
        (["diff", "news@1", "news@7"], 1, "no model named 'news@7'"),
        (["copy", "news@7", "--to", "other.db"], 1, "no model named 'news@7'"),
        (["copy", "news@1", "--to", "other.db", "--name", "a/b"], 2, "not usable"),
    ],
)
def test_mistakes(db, arguments, code, said, monkeypatch):
    """Each is told in a sentence with the way out, and nothing changes."""
    monkeypatch.chdir(db.parent)
    before = listed(db)
    assert said in invoke(db, *arguments, code=code)
    assert listed(db) == before


def test_deleting_asks(db):
    """The question says what would go; only a yes deletes, and then with the derived files."""
    with Store.open(db) as store:
        folder = DerivedFiles(db).of(store.find("news@1"))
    folder.mkdir(parents=True)
    asked = invoke(db, "delete", "news@1", input="n\n", code=1)
    assert "Delete news@1 (3 words of 3 dimensions) from" in asked
    assert "nothing was deleted" in asked
    assert "news@1" in listed(db)
    assert folder.is_dir()
    assert invoke(db, "delete", "news@1", input="y\n") == "deleted: news@1\n"
    assert "news@1" not in listed(db)
    assert not folder.exists()
    assert invoke(db, "delete", "news", "--all", "--yes") == "deleted: news@2, news@3\n"


def test_a_copy(db, tmp_path):
    """It says where the model is, and whether it was there before."""
    other = tmp_path / "other.db"
    assert invoke(db, "copy", "news", "--to", other) == f"news@3 is in {other} as news@3\n"
    assert invoke(db, "copy", "news", "--to", other) == f"news@3 is in {other} as news@3, as it was before\n"
    assert invoke(db, "copy", "news", "--to", other, "--name", "n") == f"news@3 is in {other} as n@1\n"


def test_a_diff(db):
    """A table for people, all of it for programs; what is the same is not shown."""
    printed = invoke(db, "diff", "news@1", "wiki")
    assert printed.startswith("news@1 and wiki@1: other vectors\n")
    assert [line.split() for line in printed.splitlines() if line.startswith(("shared", "alpha"))] == [
        ["shared", "1", "(33.3%)", "1", "(50.0%)"],
        ["alpha", "0.01"],
    ]
    found = json.loads(invoke(db, "diff", "news@1", "news@2", "--json"))
    assert found["card"] == {"settings": {"alpha": [0.01, 0.02]}}
    assert (found["vocabulary"]["shared"], found["same_vectors"]) == (3, False)


def test_gc(db):
    """First what could go, then what went, to people and to programs."""
    litter = DerivedFiles(db).folder / "gone@1.0000"
    litter.mkdir(parents=True)
    (litter / "unit.npy").write_bytes(b"x" * 2_000_000)
    invoke(db, "delete", "news", "--all", "--yes")
    assert not litter.exists()  # `delete` tidies up, too
    litter.mkdir()
    assert f"could go: {litter} (0.0 MB)" in invoke(db, "gc", "--dry-run")
    assert litter.exists()
    found = json.loads(invoke(db, "gc", "--json"))
    assert (list(found["files"]), found["rows"], found["dry_run"]) == ([str(litter)], {}, False)
    assert invoke(db, "gc") == "gone: 0.0 MB of free pages\n"
