"""Rows for pieces of words are published with a model, sealed, mapped for the service; or the model has none."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

from service.app import create_app
from service.engine import Engine
from service.loading import derive, load_vectors, load_vectors_once
from service.questions import Vector
from storage.embeddings import Embeddings
from storage.errors import InputError, StoreError
from storage.ngrams import Ngrams
from storage.seals import found_in_model, seals_of
from storage.store import Store
from storage.subwords import Subwords

WORDS = ("the", "of", "king")
RANDOM = np.random.default_rng(3)
EMBEDDINGS = Embeddings(WORDS, np.array([3, 2, 1]), RANDOM.standard_normal((3, 4)).astype(np.float32))
UNUSED = 11
"""A bucket without a row."""
BUCKETS = np.sort(RANDOM.choice(np.delete(np.arange(3000), UNUSED), 2500, replace=False)).astype(np.int32)
SUBWORDS = Subwords(Ngrams(2, 5, 3000), BUCKETS, RANDOM.standard_normal((2500, 4)).astype(np.float32))


@pytest.fixture
def db(tmp_path):
    """A store with `pieces` and with `plain`."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("pieces", EMBEDDINGS, {}, subwords=SUBWORDS)
        store.publish("plain", EMBEDDINGS, {})
    return path


def same(one, other):
    arrays = np.array_equal(one.buckets, other.buckets) and one.rows.tobytes() == other.rows.tobytes()
    return one.ngrams == other.ngrams and arrays


def test_they_come_back(db):
    """A model published with them has them, byte for byte; one without has none."""
    with Store.open(db) as store:
        assert same(store.load_subwords(store.find("pieces")), SUBWORDS)
        assert store.load_subwords(store.find("plain")) is None


def test_anyone_can_read_them(db):
    """Plain sqlite3 and NumPy have how words are cut, and each bucket's row."""
    with closing(sqlite3.connect(db)) as connection:
        assert connection.execute("SELECT min_n, max_n, buckets, rows FROM ngrams").fetchall() == [(2, 5, 3000, 2500)]
        bucket, vector = connection.execute("SELECT bucket, vector FROM subwords ORDER BY bucket LIMIT 1").fetchone()
    assert bucket == BUCKETS[0]
    assert np.frombuffer(vector, "<f4").tolist() == SUBWORDS.rows[0].tolist()


def changed(db, statement, *values):
    """The store after somebody changed it with another program."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TRIGGER subwords_never_change")
        connection.execute("DROP TRIGGER ngrams_never_change")
        connection.execute(statement, values)
    return db


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("UPDATE subwords SET vector = ? WHERE rowid = 7", np.zeros(4, "<f4").tobytes()),
        ("UPDATE subwords SET bucket = ? WHERE rowid = 1", UNUSED),
        ("UPDATE ngrams SET max_n = ?", 6),
    ],
)
def test_every_change_breaks_a_seal(db, statement, value):
    """Another number, another bucket or another way to cut words is found by the seals."""
    changed(db, statement, value)
    with closing(sqlite3.connect(db)) as connection:
        assert found_in_model(connection, 1) != {
            part: seal for part, seal in seals_of(connection, 1).items() if part != "published"
        }
        kept = {part: seal for part, seal in seals_of(connection, 2).items() if part != "published"}
        assert found_in_model(connection, 2) == kept


@pytest.mark.parametrize(
    ("statement", "values", "said"),
    [
        ("DELETE FROM subwords WHERE bucket = ?", (int(BUCKETS[9]),), "2499 rows for pieces of words where 2500"),
        ("UPDATE subwords SET vector = ? WHERE rowid = 7", (b"1234",), "of a wrong size"),
        ("UPDATE subwords SET vector = ? WHERE rowid = 7", (np.full(4, np.nan, "<f4").tobytes(),), "not finite"),
        ("UPDATE subwords SET bucket = ? WHERE rowid = 2500", (3001,), "do not ascend"),
        ("UPDATE subwords SET bucket = ? WHERE rowid = 2500", (2**62,), "do not ascend"),
        ("UPDATE subwords SET bucket = ? WHERE rowid = 1", (-(2**62),), "do not ascend"),
        ("UPDATE ngrams SET max_n = ?", (1000,), "max_n 1000"),
    ],
)
def test_damage_is_told(db, statement, values, said):
    """Rows that are missing, cut, not finite or of no bucket are an error of the file that says which model."""
    changed(db, statement, *values)
    with Store.open(db) as store, pytest.raises(StoreError, match=rf"model pieces@1.*{said}"):
        store.load_subwords(store.find("pieces"))


def test_what_does_not_fit_the_words_is_refused(db):
    """Rows of other dimensions than the words, or that are not finite, are not published, and nothing else is."""
    with Store.open(db, create=True) as store:
        for rows in (np.ones((2500, 3)), np.full((2500, 4), np.inf)):
            bad = Subwords(SUBWORDS.ngrams, BUCKETS, rows.astype(np.float32))
            with pytest.raises(InputError):
                store.publish("pieces", EMBEDDINGS, {}, subwords=bad)
        assert len(store.models()) == 2


def unknown(vectors):
    return Engine(vectors).answer(Vector(word="kingdom", on_missing="subword")).vector


def test_the_service_maps_them(db):
    """What is derived beside the store has them: mapped, read-only, the same; and one question needs no such files."""
    with Store.open(db) as store:
        info = store.find("pieces")
    once = load_vectors_once(db, info)
    assert same(once.subwords, SUBWORDS)
    mapped = load_vectors(db, info)
    assert same(mapped.subwords, SUBWORDS)
    assert not mapped.subwords.rows.flags.writeable
    assert not mapped.subwords.rows.flags.owndata
    assert load_vectors_once(db, info).subwords.rows.flags.owndata is False
    assert unknown(once) == unknown(mapped)
    with Store.open(db) as store:
        assert load_vectors(db, store.find("plain")).subwords is None


def test_whoever_publishes_can_derive_them(db):
    """The files that publishing writes have them too."""
    with Store.open(db) as store:
        derive(store, store.find("pieces"), EMBEDDINGS, None, SUBWORDS)
        assert same(load_vectors_once(db, store.find("pieces")).subwords, SUBWORDS)


@pytest.fixture
def client(db):
    """The HTTP API over that store."""
    return create_app(db).test_client()


def test_over_http(client):
    """A word made from pieces is answered with its pieces, by GET, by POST and in a batch, the same each time."""
    asked = {"word": "kingdom", "topn": 2, "on_missing": "subword"}
    answer = client.get("/api/v1/models/pieces/neighbors", query_string=asked).get_json()
    assert answer == client.post("/api/v1/models/pieces/neighbors", json=asked).get_json()
    batch = {"questions": [{"question": "neighbors", **asked}]}
    (item,) = client.post("/api/v1/models/pieces/batch", json=batch).get_json()["answers"]
    assert item == {"status": 200, "answer": answer}
    pieces = SUBWORDS.pieces("kingdom")
    known = [piece.text for piece in pieces if piece.known]
    assert answer["composed"] == [{"word": "kingdom", "pieces": known, "of": len(pieces)}]
    assert (len(answer["neighbors"]), answer["used"]) == (2, ["kingdom"])


def test_errors_over_http(client):
    """A model without pieces answers 422 with what to do; a word that cannot be made is 404 with what may be meant."""
    asked = {"word": "kings", "on_missing": "subword"}
    response = client.get("/api/v1/models/plain/neighbors", query_string=asked)
    assert (response.status_code, response.get_json()["error"]["code"]) == (422, "unusable")
    assert "only fastText's models" in response.get_json()["error"]["message"]
    response = client.get("/api/v1/models/pieces/neighbors", query_string={"word": "</s>", "on_missing": "subword"})
    assert (response.status_code, response.get_json()["error"]["missing"]) == (404, ["</s>"])
    response = client.get("/api/v1/models/pieces/vector", query_string={"word": "kings"})
    assert (response.status_code, response.get_json()["error"]["near"]) == (404, {"kings": ["king"]})
