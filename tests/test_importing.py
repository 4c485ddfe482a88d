"""`firth import` and `firth export`: vectors of other programs are served and evaluated like those trained here."""

import gzip
import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import click
import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from pipeline.cli import firth
from pipeline.evaluation.evaluate import evaluate
from service.app import create_app
from storage.formats.known import FORMATS
from storage.store import Store
from tests.invoking import invoke
from tests.test_formats import WRITTEN, file_of

PRE = Path(datapath("word2vec_pre_kv_c"))


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No FIRTH_ variable of the developer's."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """A store with gensim's word2vec_pre_kv_c as `pre`."""
    db = tmp_path_factory.mktemp("imported") / "firth.db"
    invoke("import", PRE, "--name", "pre", "--db", db, "--map-words", "100")
    return db


@pytest.fixture
def db(imported, tmp_path):
    """A copy of it."""
    return Path(shutil.copy(imported, tmp_path / "firth.db"))


def loaded(db, name):
    """A stored model with its card."""
    with Store.open(db) as store:
        info = store.find(name)
        return info, store.load(info, verify=True), store.card(info)


def test_an_imported_model_holds_what_gensim_reads(imported):
    """The same words, the same bits."""
    _, embeddings, _ = loaded(imported, "pre")
    found = KeyedVectors.load_word2vec_format(str(PRE))
    assert embeddings.words == tuple(found.index_to_key)
    np.testing.assert_array_equal(embeddings.matrix, found.vectors)


def test_the_card_says_what_was_imported(imported):
    """From which file, with which hash, as which format, with which options; and that counts are not known."""
    _, embeddings, card = loaded(imported, "pre")
    about = card["import"]
    sha256 = hashlib.sha256(PRE.read_bytes()).hexdigest()
    assert about["files"] == [{"file": str(PRE), "bytes": PRE.stat().st_size, "sha256": sha256}]
    assert (about["format"], about["options"]) == ("word2vec", {"encoding": "utf-8", "on_unfit": "fail"})
    assert about["counts"] == "not in the file; 0 stands for that"
    assert about["left_out"]["words"] == 0
    assert "firth" in about["code"]
    assert not embeddings.counts.any()


def test_an_imported_model_is_served(imported):
    """Its neighbors are gensim's, over HTTP; its card and its map are there."""
    client = create_app(imported, preload=True).test_client()
    answer = client.get("/api/v1/models/pre/neighbors?word=king&topn=5").get_json()
    expected = KeyedVectors.load_word2vec_format(str(PRE)).most_similar("king", topn=5)
    assert [each["word"] for each in answer["neighbors"]] == [word for word, _ in expected]
    assert client.get("/api/v1/models/pre").get_json()["card"]["import"]["format"] == "word2vec"
    assert len(client.get("/api/v1/models/pre/map").get_json()["words"]) == 100


def test_an_imported_model_is_evaluated(imported, tmp_path):
    """`firth evaluate --model` puts the questions to any stored model; the newest where none is named."""
    _, embeddings, _ = loaded(imported, "pre")
    expected = json.loads(json.dumps(evaluate(embeddings).as_dict()))
    assert json.loads(invoke("evaluate", "--model", "pre@1", "--db", imported, "--json").stdout) == expected
    assert json.loads(invoke("evaluate", "--db", imported, "--json").stdout) == expected
    assert invoke("evaluate", "--model", "pre", "--db", imported).stdout.startswith("evaluate    pre@1\n")
    invoke("evaluate", tmp_path, "--model", "pre", "--db", imported, code=2)
    assert "did you mean pre" in invoke("evaluate", "--model", "per", "--db", imported, code=1).stderr


def test_the_same_import_is_not_made_twice(db):
    """What is there already is told, not stored once more, unless --force says so; another file is another version."""
    command = ["import", PRE, "--name", "pre", "--db", db, "--map-words", "100"]
    assert "pre@1" in invoke(*command).stdout
    assert "current" in invoke(*command).stdout
    assert "pre@2" in invoke(*command, "--force").stdout
    other = db.with_name("other.gz")
    other.write_bytes(gzip.compress(PRE.read_bytes()))
    command[1] = other
    assert "pre@3" in invoke(*command).stdout
    assert loaded(db, "pre@3")[0].vectors_sha256 == loaded(db, "pre@1")[0].vectors_sha256


def test_an_imported_model_is_verified(db):
    """`firth verify` finds nothing wrong with it, and a changed byte of it; `firth show` has the file's hash."""
    found = json.loads(invoke("verify", "--db", db, "--json").stdout)
    assert found["fits"]
    assert {check["model"] for check in found["checks"] if check["model"]} == {"pre@1"}
    assert hashlib.sha256(PRE.read_bytes()).hexdigest() in invoke("show", "pre", "--db", db).stdout
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TRIGGER cards_never_change")
        connection.execute("UPDATE cards SET json = replace(json, 'word2vec', 'word3vec') WHERE part = 'import'")
    assert "DOES NOT FIT" in invoke("verify", "--db", db, code=1).stdout


def test_an_import_can_be_kept_in_fewer_bits_and_wait(db):
    """--dtype and --keep-current are those of `firth store`: what is lost is in the card, and the name waits."""
    command = ["import", PRE, "--name", "pre", "--db", db, "--map-words", "0"]
    invoke(*command, "--dtype", "int8", "--keep-current")
    info, found, card = loaded(db, "pre@2")
    assert (info.dtype, card["settings"]["dtype"]) == ("int8", "int8")
    assert card["rounding"]["cosine_error"]["max"] < 0.05
    assert np.abs(found.matrix - loaded(db, "pre@1")[1].matrix).max() < 0.02
    assert loaded(db, "pre")[0].version == 1


def test_what_is_no_store_is_told_before_the_file_is_read(tmp_path):
    """A wrong --db is an error at once: here even before it is seen that there is nothing to import."""
    (tmp_path / "notes.txt").write_text("not a database, but something that somebody wrote\n" * 99)
    said = invoke("import", "missing", "--name", "x", "--db", tmp_path / "notes.txt", code=1).stderr
    assert "is not an SQLite database" in said


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["missing", "--name", "x"], 1, "missing does not exist"),
        ([datapath("questions-words.txt"), "--name", "x"], 1, "recognized as none of"),
        ([PRE, "--name", "x y"], 2, "x y"),
        ([PRE], 2, "--name"),
        ([PRE, "--name", "x", "--format", "word3vec"], 2, "allowed: arrow, "),
        ([PRE, "--name", "x", "--encoding", "utf-16"], 2, "encoding is"),
        ([PRE, "--name", "x", "--format", "safetensors"], 1, "beside it is none of"),
        ([PRE, "--name", "x", "--format", "npy", "--words", "missing"], 1, "missing does not exist"),
        ([datapath("w2v_keyedvectors_load_test.modeldata"), "--name", "x"], 1, "line 2: the word b'"),
    ],
)
def test_what_cannot_be_imported_changes_nothing(arguments, code, complaint, tmp_path):
    """One sentence, the right exit code, and no store where there was none."""
    result = invoke("import", *arguments, "--db", tmp_path / "new.db", code=code)
    assert complaint in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_left_out_words_are_told(tmp_path):
    """--on-unfit skip says how many words were left out and which, on the screen, as JSON and in the card."""
    (tmp_path / "x.txt").write_bytes(b"3 2\nthe 1 2\nca\xe9 3 4\nthe 5 6\n")
    command = ["import", tmp_path / "x.txt", "--name", "x", "--db", tmp_path / "x.db", "--on-unfit", "skip"]
    said = invoke(*command).stdout
    assert "left out: 2 words: 1 is not utf-8; 1 stood there before" in said
    assert r"b'ca\xe9' (line 3: is not utf-8)" in said
    document = json.loads(invoke(*command, "--json").stdout)
    assert document["import"]["left_out"]["words"] == 2
    assert document["import"]["left_out"] == loaded(tmp_path / "x.db", "x")[2]["import"]["left_out"]


@WRITTEN
def test_a_model_survives_export_and_import(format_, lee_store, tmp_path):
    """A trained model, out and in again by the command line: the hash of the vectors and, where carried, the counts."""
    before, embeddings, _ = loaded(lee_store, "lee")
    file, again = file_of(format_, tmp_path, ".gz"), tmp_path / "again.db"
    invoke("export", "lee", file, "--db", lee_store)
    invoke("import", file, "--name", "back", "--db", again, "--map-words", "0", "--format", format_.name)
    after, found, card = loaded(again, "back")
    assert after.vectors_sha256 == before.vectors_sha256
    assert found.words == embeddings.words
    np.testing.assert_array_equal(found.counts, embeddings.counts if format_.counts else 0)
    assert card["import"]["counts"] == (
        "as the file has them" if format_.counts else "not in the file; 0 stands for that"
    )


def test_an_export_tells_its_files(lee_store, tmp_path):
    """The screen and --json name each file that was written."""
    vectors, metadata = tmp_path / "vectors.tsv", tmp_path / "metadata.tsv"
    document = json.loads(invoke("export", "lee@1", vectors, "--db", lee_store, "--json").stdout)
    assert document["files"] == [str(vectors), str(metadata)]
    assert document["format"] == "projector"
    assert str(metadata) in invoke("export", "lee@1", vectors, "--db", lee_store, "--force").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "complaint"),
    [
        (["nobody", "x.txt"], 1, "no model named 'nobody'"),
        (["pre", "x.doc"], 2, "--format"),
        (["pre", "x", "--format", "word3vec"], 2, "allowed: arrow, "),
        (["pre", "there.txt"], 1, "is there already"),
        (["pre", "firth.db"], 1, "firth.db is a store of Firth, whose models would be lost; export to another file"),
        (["pre", "firth.db", "--force"], 1, "is a store of Firth"),
        (["pre", "x.npy", "--words", "firth.db", "--force"], 1, "is a store of Firth"),
        (["pre", "x.tsv", "--words", "./firth.db", "--force"], 1, "is a store of Firth"),
        (["pre", "other.db", "--force"], 1, "other.db is a store of Firth"),
        (["pre", "link.txt", "--force"], 1, "link.txt is a store of Firth"),
        (["pre", "damaged.db", "--force"], 1, "is a store of Firth"),
        (["pre", "other.db-wal", "--force", "--format", "glove"], 1, "other.db is a store of Firth"),
        (["pre", "used.db", "--force"], 1, "is a database that is in use"),
        (["pre", "x.npy", "--words", "x.npy"], 1, "cannot be two files"),
    ],
)
def test_what_cannot_be_exported_changes_nothing(arguments, code, complaint, db, monkeypatch):
    """One sentence, the right exit code, and nothing written or replaced."""
    monkeypatch.chdir(db.parent)
    Path("there.txt").write_text("mine")
    Store.open(Path("other.db"), create=True).close()
    Path("link.txt").symlink_to("other.db")
    Path("damaged.db").write_bytes(Path("other.db").read_bytes()[:100] + b"damage" * 1000)
    Path("used.db-wal").write_bytes(b"what is not in the file yet")
    before = {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()}
    assert complaint in invoke("export", *arguments, "--db", db, code=code).stderr
    assert {path.name: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before


def test_words_that_a_format_cannot_carry_are_named(tmp_path):
    """Phrases with blanks come in by GloVe's text, and do not go out by word2vec's, unless they are left out."""
    (tmp_path / "x").write_text("the 1 2\nnew york 3 4\nof 5 6\n")
    db = tmp_path / "x.db"
    invoke("import", tmp_path / "x", "--name", "x", "--db", db)
    complaint = invoke("export", "x", tmp_path / "y.txt", "--db", db, code=1).stderr
    assert "cannot carry 1 of the words; the first is 'new york' of row 1: it holds ' '" in complaint
    assert "left out: 1 words" in invoke("export", "x", tmp_path / "y.txt", "--db", db, "--on-unfit", "skip").stdout
    assert (tmp_path / "y.txt").read_text().splitlines()[0] == "2 2"


def test_help_names_every_format_and_suffix():
    """What `firth export --help` says of names of files is what they stand for."""
    said = " ".join(invoke("export", "--help").stdout.split())
    for format_ in FORMATS:
        if format_.written:
            assert f"{' and '.join(format_.suffixes)} {format_.name}" in said


def test_formats_are_completed():
    """--format is completed by the names of the formats, of an export by those that can be written."""
    for command in ("import", "export"):
        option = next(each for each in firth.get_command(None, command).params if each.name == "named")
        offered = [each.value for each in option.shell_complete(click.Context(firth), "w")]
        assert offered == ["word2vec", "word2vec-binary"]
        everything = {each.value for each in option.shell_complete(click.Context(firth), "")}
        assert everything == {each.name for each in FORMATS if each.written or command == "import"}
