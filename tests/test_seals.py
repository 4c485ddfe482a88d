"""Every part of a model has a seal, a hash that anyone can take again with SQLite and a few lines."""

import hashlib
import json
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from storage.embeddings import Embeddings
from storage.maps import Map
from storage.schema import migrate
from storage.seals import FILE_PARTS, PARTS, sha256_of_rows, sha256_of_vocabulary
from storage.store import Store

WORDS = ("the", "of", "naïve", 'a "b"', "\U0001f98a", "line\nfeed")


@pytest.fixture
def db(tmp_path):
    """A store with `whole`, of all parts, and `bare`, of words alone."""
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 3)).astype(np.float32)
    made = Embeddings(WORDS, np.arange(len(WORDS), 0, -1), matrix)
    drawn = Map(np.array([0, 2]), matrix[:2, :2].copy(), np.array([1, 0]))
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("whole", made, {"notes": {"ä": 1}, "more": []}, contexts=-matrix, map=drawn)
        store.publish("bare", made, {})
    return path


def seals(path, name):
    """The seals of a model, as a store has them."""
    with Store.open(path) as store:
        return store.seals(store.find(name))


def selected(path, query):
    """Rows, as any program gets them."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def json_hash(rows):
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def test_a_seal_is_a_plain_hash(db):
    """Of values it is taken over the JSON of all rows, of blobs over these, one after the other."""
    found = seals(db, "whole")
    words = selected(db, "SELECT row, word, count FROM words WHERE model = 1 ORDER BY row")
    drawn = selected(db, "SELECT row, x, y, cluster FROM maps WHERE model = 1 ORDER BY row")
    notes = selected(db, "SELECT json FROM cards WHERE model = 1 AND part = 'notes'")
    blobs = selected(db, "SELECT vector FROM words WHERE model = 1 ORDER BY row")
    assert found["vocabulary"] == json_hash(words) == sha256_of_vocabulary(WORDS, np.arange(len(WORDS), 0, -1))
    assert found["map"] == json_hash(drawn)
    assert found["card/notes"] == json_hash(notes)
    assert found["vectors"] == hashlib.sha256(b"".join(blob for (blob,) in blobs)).hexdigest()


def test_the_seal_of_float32_vectors_is_the_hash_that_answers_name(db):
    """What names a model over HTTP is what seals its vectors, where these are kept as they are."""
    with Store.open(db) as store:
        assert store.seals(store.find("bare"))["vectors"] == store.find("bare").vectors_sha256


def test_one_seal_is_over_all_others(db):
    """It is called after the occasion, and taken over that and the other seals by their names."""
    found = seals(db, "whole")
    published = found.pop("published")
    assert published == json_hash([["published"], *sorted(found.items())])


def test_what_is_not_there_has_no_seal(db):
    """A model without contexts, map and card has seals of the rest."""
    assert set(seals(db, "bare")) == {"model", "vocabulary", "vectors", "published"}
    whole = {"model", "vocabulary", "vectors", "contexts", "map", "card/notes", "card/more", "published"}
    assert set(seals(db, "whole")) == whole


@pytest.mark.parametrize("rows", [1, 1023, 1024, 1025, 5000])
def test_however_many_rows(rows):
    """A hash does not depend on how many rows are read at once."""
    values, blobs = [(row, f"w{row}", 0.1 * row) for row in range(rows)], [(bytes([row % 256]),) for row in range(rows)]
    assert sha256_of_rows(iter(values)) == json_hash(values)
    assert sha256_of_rows(iter(blobs)) == hashlib.sha256(b"".join(blob for (blob,) in blobs)).hexdigest()
    assert sha256_of_rows([]) is None


def test_every_column_is_under_a_seal():
    """No table has a column that no part's query names, but for ids, which references bind, and the seals' own."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        query = "SELECT m.name, c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'"
        columns = {(table, column) for table, column in connection.execute(query) if table != "seals"}
    parts = [*PARTS, *FILE_PARTS]
    named = {(p.table, c.strip()) for p in parts for c in p.query[len("SELECT ") : p.query.index(" FROM")].split(",")}
    bound = {(table, "row") for table in ("contexts",)} | {("models", "id")}
    assert columns - named - bound == {(p.table, "model") for p in PARTS if p.table != "models"}


def test_a_seal_never_changes(db):
    """The database itself refuses to change a seal."""
    with closing(sqlite3.connect(db)) as connection, pytest.raises(sqlite3.IntegrityError, match="never changes"):
        connection.execute("UPDATE seals SET sha256 = sha256")
