"""Stores of every earlier schema are opened, read, verified and brought up to date; nothing in them is lost."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service.engine import Engine
from service.questions import Neighbors
from storage.card import whole_card
from storage.connection import KNOWN_MIGRATIONS
from storage.dtypes import DTYPES
from storage.embeddings import Embeddings
from storage.errors import StoreError
from storage.store import Store
from storage.verification.file import check_file
from storage.verification.verify import verify

SCHEMAS = Path(__file__).parent / "data" / "schemas"
OLD = KNOWN_MIGRATIONS[:-1]


@pytest.fixture(params=OLD)
def schema(request):
    """The last migration of an earlier schema."""
    return request.param


@pytest.fixture
def old(schema, tmp_path):
    """A store of that schema, alone in its folder."""
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress((SCHEMAS / f"{schema}.db.gz").read_bytes()))
    return path


def everything(path):
    """All that a store says of its models, as values that can be compared."""
    with Store.open(path) as store:
        return {str(info): _of_model(store, info) for info in store.models()}


def tags(path):
    """All tags of a store."""
    with Store.open(path) as store:
        return store.catalog().tags


def _of_model(store, info):
    embeddings, contexts, drawn = store.load(info, verify=True), store.load_contexts(info), store.load_map(info)
    subwords = store.load_subwords(info)
    return (
        info,
        store.card(info),
        embeddings.words,
        embeddings.counts.tolist(),
        embeddings.matrix.tobytes(),
        None if contexts is None else contexts.tobytes(),
        None if drawn is None else [drawn.rows.tolist(), drawn.points.tobytes(), drawn.clusters.tolist()],
        None if subwords is None else [subwords.buckets.tolist(), subwords.rows.tobytes()],
    )


def test_there_is_a_store_of_every_schema():
    """There is a store of every schema before that of today, under the name of its last migration."""
    assert sorted(path.name for path in SCHEMAS.glob("*.gz")) == [f"{name}.db.gz" for name in OLD]


def test_an_old_store_is_read_as_it_is(old, schema):
    """Models, vectors, card, contexts, map and chain are read without changing the file or anything beside it."""
    before = old.read_bytes()
    found = everything(old)
    assert list(found) == ["old@1", "old@2", "other@1"]
    for info, card, words, counts, _matrix, contexts, drawn, _subwords in found.values():
        assert (info.words, info.dimensions, info.dtype) == (61, 8, "float32")
        assert card["manifest"]["train"]["report"]["words"] == len(words) == len(counts)
        assert (contexts is None, drawn is None) == (schema < "m002", schema < "m003")
    assert [name for name, (*_, subwords) in found.items() if subwords] == ["other@1"] * (schema > "m006")
    assert list(map(str, tags(old))) == ["old@stable"] * (schema > "m005")
    with Store.open(old) as store:
        info = store.find("old")
        assert len(Engine(store.load(info)).answer(Neighbors(word="the")).neighbors) == 10
        links = {link["stage"]: link for link in whole_card(store, info)["chain"]}
        assert links["corpus"]["files"][0]["name"] == "text.txt"
        assert (links["published"]["sealed"] is None) == (schema < "m004")
        assert (links["train"]["made"] is None) == (schema < "m005")
    assert (old.read_bytes(), list(old.parent.iterdir())) == (before, [old])


def test_an_old_store_is_verified_as_it_is(old):
    """With seals or without, there are the tables, each stage's key, and the way from the training to the vectors."""
    checks = list(verify(old))
    assert [check for check in checks if not check.fits] == []
    assert {"schema", "tokenize", "train", "train to vectors"} <= {check.stage for check in checks}
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DROP TRIGGER words_never_change")
        connection.execute("UPDATE words SET vector = zeroblob(32) WHERE row = 7 AND model = 2")
    wrong = {(check.model, check.stage) for check in verify(old) if not check.fits}
    found = {("", "schema"), ("old@2", "rows of words"), ("old@2", "train to vectors")}
    assert wrong - {("old@2", "vectors")} == found


def test_an_old_store_is_brought_up_to_date(old, schema):
    """Opened to publish it gets the tables of today; its models are as they were, and sealed as they were found."""
    before, occasion = (everything(old), tags(old)), "published" if schema > "m004" else "migrated"
    with Store.open(old, create=True) as store:
        assert (everything(old), tags(old)) == before
        for info in store.models():
            assert occasion in store.seals(info)
            assert whole_card(store, info)["chain"][-1]["sealed"] == occasion
    assert [check for check in verify(old) if not check.fits] == []


def test_a_damaged_old_store_is_left_as_it_was(old, schema):
    """What cannot be read cannot be sealed: a file without seals is not brought up to date, and why is said."""
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DROP TRIGGER words_never_change")
        connection.execute("UPDATE words SET word = CAST(x'ff' AS TEXT) WHERE row = 7 AND model = 2")
    before = old.read_bytes()
    if schema > "m004":  # its seals are there, and say what is damaged: then and now
        Store.open(old, create=True).close()
        assert ("old@2", "vocabulary") in {(check.model, check.stage) for check in verify(old) if not check.fits}
        return
    with pytest.raises(StoreError, match=r"old\.db is damaged"):
        Store.open(old, create=True)
    assert old.read_bytes() == before


@pytest.mark.parametrize("dtype", DTYPES)
def test_an_old_store_takes_new_models(old, dtype):
    """The next version of an old name, with whatever is new, stands beside the old ones."""
    before = everything(old)
    matrix = np.random.default_rng(1).standard_normal((2, 8)).astype(np.float32)
    with Store.open(old, create=True) as store:
        info = store.publish("old", Embeddings(("a", "b"), np.array([2, 1]), matrix), {}, dtype=dtype)
        assert (str(info), "published" in store.seals(info)) == ("old@3", True)
    after = everything(old)
    assert {name: after[name] for name in before} == before
    assert [check for check in verify(old) if not check.fits] == []


def test_a_store_of_today_has_the_schema_of_an_old_one_that_has_grown(old, tmp_path):
    """However old a file is, the statements of its tables are those of a new file, to the letter."""
    Store.open(old, create=True).close()
    new = tmp_path / "new.db"
    Store.open(new, create=True).close()
    found = []
    for path in (old, new):
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
            assert all(check.fits for check in check_file(path, connection))
        found.append(sorted(rows, key=str))
    assert found[0] == found[1]


def test_every_table_is_strict_and_belongs_to_a_model(tmp_path):
    """All tables of Firth's own are STRICT; all but models and the lists of them refer to a model, and go with it."""
    Store.open(tmp_path / "firth.db", create=True).close()
    with closing(sqlite3.connect(tmp_path / "firth.db")) as connection:
        query = "SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE '%sqlite%'"
        strict = dict(connection.execute(query))
        query = 'SELECT DISTINCT "table", on_delete FROM pragma_foreign_key_list(?)'
        parents = {table: connection.execute(query, [table]).fetchall() for table in strict}
    assert set(strict.values()) == {1}
    free = {table for table, found in parents.items() if found != [("models", "CASCADE")]}
    assert free == {"models", "deleted", "ledger"}
