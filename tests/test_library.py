"""The library knows what is in the store, keeps answering without it, and has the newest models ready."""

import logging
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from service.library import Library
from service.questions import Neighbors
from storage.embeddings import Embeddings
from storage.errors import StoreError
from storage.store import Store


def publish(path, *names):
    """Publish a small model under each name."""
    embeddings = Embeddings(("king", "queen"), np.array([2, 1]), np.eye(2, dtype=np.float32))
    with Store.open(path, create=True) as store:
        return [store.publish(name, embeddings, {}) for name in names]


@pytest.fixture
def db(tmp_path):
    """A store with the models a, z, m and z again, published in this order."""
    path = tmp_path / "firth.db"
    publish(path, "a", "z", "m", "z")
    return path


def damage(path, name):
    """Lose a row of a model."""
    with closing(sqlite3.connect(path)) as connection, connection:
        query = "DELETE FROM words WHERE row = 1 AND model IN (SELECT id FROM models WHERE name = ?)"
        connection.execute(query, [name])


def heal(path, name):
    """Put the lost row back."""
    with closing(sqlite3.connect(path)) as connection, connection:
        query = "INSERT INTO words SELECT id, 1, 'queen', 1, x'000000000000803f' FROM models WHERE name = ?"
        connection.execute(query, [name])


def answers(library, asked):
    """The best neighbor of king, from a model in the library."""
    return library.engine(library.find(asked)).answer(Neighbors(word="king", topn=1)).neighbors[0].word


def test_models_that_were_preloaded_answer_without_the_store(db):
    """Preloading loads the latest versions of the names published last; nothing else is loaded."""
    library = Library(db, keep=2)
    library.preload()
    db.unlink()
    assert answers(library, "z") == answers(library, "z@2") == answers(library, "m") == "queen"
    for asked in ("a", "z@1"):
        with pytest.raises(StoreError, match="no store at"):
            answers(library, asked)


def test_a_store_that_is_moved_away_and_back(db, caplog):
    """The last known models go on being listed; that the store is gone, and back, is logged once each."""
    library = Library(db)
    known = library.models()
    db.rename(db.with_suffix(".elsewhere"))
    with caplog.at_level(logging.WARNING, "service"):
        assert [library.models() for _ in range(3)] == [known] * 3
        db.with_suffix(".elsewhere").rename(db)
        assert [library.models() for _ in range(3)] == [known] * 3
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert "last known models go on answering: there is no store" in messages[0]
    assert messages[1].endswith("can be read again")


def test_another_store_in_its_place_is_seen(db):
    """After a store was replaced by another file, the models of that one are listed."""
    library = Library(db)
    library.models()
    db.unlink()
    library.models()
    assert library.models() != publish(db, "new")
    assert [str(info) for info in library.models()] == ["new@1"]


def test_a_store_that_never_could_be_read(tmp_path):
    """Where nothing is known yet, the error comes through, and what is published later is seen."""
    library = Library(tmp_path / "firth.db")
    with pytest.raises(StoreError, match="no store at"):
        library.models()
    assert publish(tmp_path / "firth.db", "new") == library.models()


def test_preloaded_models_are_ready_for_unknown_words(db):
    """What an unknown word is compared with is made at preloading, before processes are forked."""
    library = Library(db)
    info = library.find("m")
    assert "folded" not in vars(library.engine(info)._space.folded)
    library.preload()
    assert vars(library.engine(info)._space.folded).keys() >= {"folded", "_order"}


def test_who_cannot_wait_answers_from_what_is_known(db, monkeypatch):
    """While one thread reads the store, however long, another answers with the last known models."""
    library = Library(db)
    known = library.models()
    publish(db, "new")
    monkeypatch.setattr("service.listing.PATIENCE", 0)
    with library._listing._reading:  # as a thread holds it that reads
        assert library.models() == known
    assert len(library.models()) == len(known) + 1


def test_a_model_that_fails_to_load_pushes_out_no_other(db):
    """A damaged model is told as such each time and takes no place from the models that are loaded."""
    library = Library(db, keep=1)
    loaded = library.engine(library.find("a"))
    damage(db, "m")
    for _ in range(3):
        with pytest.raises(StoreError, match="damaged"):
            library.engine(library.find("m"))
    assert library.engine(library.find("a")) is loaded
    heal(db, "m")
    assert answers(library, "m") == "queen"
