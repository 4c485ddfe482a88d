"""The library knows what is in the store, keeps answering without it, and has the newest models ready."""

import logging
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from service.batcher import Batcher
from service.library import Library
from service.questions import Neighbors
from service.watcher import Watcher
from storage.embeddings import Embeddings
from storage.errors import StoreError, UnknownModel
from storage.managing.versions import publish_again, roll_back, set_tag, take_tag
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
    assert "_folded" not in vars(library.engine(info)._space.folded)
    library.preload()
    assert "_folded" in vars(library.engine(info)._space.folded)


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


# ---- versions come and go while questions are asked ----


def publish_version(path, number):
    """Publish m whose version `number` says 'v<number>' to whoever asks for the neighbor of king."""
    words = ("king", f"v{number}", "other")
    vectors = np.array([[1, 0], [1, 0.1], [0, 1]], np.float32)
    with Store.open(path, create=True) as store:
        info = store.publish("m", Embeddings(words, np.array([3, 2, 1]), vectors), {"number": number})
    assert info.version == number
    return info


def withdraw(path, info):
    """Take a version out of the store, as a rollback does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = on")
        connection.execute("DELETE FROM models WHERE name = ? AND version = ?", [info.name, info.version])


def said(library, asked):
    """The version that answers, by its own account and by that of its words."""
    info, engine = library.answering(asked)
    word = engine.answer(Neighbors(word="king", topn=1)).neighbors[0].word
    assert word == f"v{info.version}"
    return info.version


class Brake:
    """Holds up the loading of engines while it is on."""

    def __init__(self):
        self.off = threading.Event()
        self.off.set()
        self.held = threading.Semaphore(0)

    def __call__(self, index):
        """The index, once the brake is off."""
        if not self.off.is_set():
            self.held.release()
            assert self.off.wait(PATIENCE)
        return index


PATIENCE = 60  # seconds until a test fails that should have gone on


def wait_until(holds):
    """Wait for a condition that other threads bring about."""
    for _ in range(PATIENCE * 1000):
        if holds():
            return
        threading.Event().wait(0.001)
    raise AssertionError("it never came about")


@pytest.fixture
def versions(tmp_path):
    """A store where m@1 says v1."""
    path = tmp_path / "versions.db"
    publish_version(path, 1)
    return path


def test_a_name_is_answered_by_the_old_version_until_the_new_one_is_loaded(versions):
    """However long a new version takes to load, its name is answered meanwhile, and the old version is still there."""
    brake = Brake()
    library = Library(versions, around=brake)
    library.preload()
    brake.off.clear()
    publish_version(versions, 2)
    assert [said(library, "m") for _ in range(3)] == [1, 1, 1]
    assert brake.held.acquire(timeout=PATIENCE)
    assert said(library, "m") == said(library, "m@1") == 1
    brake.off.set()
    wait_until(lambda: said(library, "m") == 2)
    assert said(library, "m@2") == 2


def test_a_version_that_is_asked_for_is_waited_for(versions):
    """`name@version` is never answered by another version; it is loaded while the question waits."""
    library = Library(versions)
    library.preload()
    publish_version(versions, 2)
    assert said(library, "m@2") == 2
    assert said(library, "m") == 2


def test_a_rollback_is_a_swap_too(versions):
    """When the newest version is taken away, it answers until the one before is loaded, and then is gone."""
    brake = Brake()
    library = Library(versions, around=brake)
    second = publish_version(versions, 2)
    library.preload()
    brake.off.clear()
    withdraw(versions, second)
    assert said(library, "m") == 2
    with pytest.raises(UnknownModel):
        library.answering("m@2")
    brake.off.set()
    wait_until(lambda: said(library, "m") == 1)
    library.catch_up()
    assert [info.version for info in library._slots] == [1]


def changed(path, change, *arguments):
    """Tag, publish or roll back, as another process does."""
    with Store.open(path, create=True) as store:
        change(store, *arguments)


def test_a_name_that_is_rolled_back(versions):
    """However long the earlier version takes to load, the name is answered; then it is by that one, and back again."""
    brake = Brake()
    library = Library(versions, around=brake)
    publish_version(versions, 2)
    library.preload()
    brake.off.clear()
    changed(versions, roll_back, "m")
    assert said(library, "m") == said(library, "m@latest") == 2
    (state,) = [state for state in library.readiness() if state.asked == "m"]
    assert (str(state.current), str(state.answering), state.is_ready) == ("m@1", "m@2", True)
    brake.off.set()
    wait_until(lambda: said(library, "m") == 1)
    assert said(library, "m@latest") == 2
    changed(versions, publish_again, "m")
    wait_until(lambda: said(library, "m") == 2)


def test_a_tag_is_followed(versions):
    """A tag is answered by the version that it means, without waiting when it is moved, and unknown when it goes."""
    brake = Brake()
    library = Library(versions, around=brake)
    publish_version(versions, 2)
    changed(versions, set_tag, "m@1", "stable")
    assert said(library, "m@stable") == 1
    brake.off.clear()
    changed(versions, set_tag, "m@2", "stable")
    assert said(library, "m@stable") == 1
    brake.off.set()
    wait_until(lambda: said(library, "m@stable") == 2)
    library.catch_up()
    assert [str(info) for info in library._slots] == ["m@2"]
    changed(versions, take_tag, "m@stable")
    with pytest.raises(UnknownModel):
        library.answering("m@stable")
    library.catch_up()
    assert "m@stable" not in library._answering


def test_names_and_tags_share_a_model(versions):
    """What several names and tags mean is loaded once, and stays as long as one of them means it."""
    library = Library(versions)
    changed(versions, set_tag, "m@1", "stable")
    assert library.answering("m")[1] is library.answering("m@stable")[1]
    publish_version(versions, 2)
    library.catch_up()
    assert (said(library, "m"), said(library, "m@stable")) == (2, 1)
    assert sorted(info.version for info in library._slots) == [1, 2]


def test_a_name_that_is_taken_away_is_unknown(versions):
    """When all versions are gone the name is not known any more, and nothing of it stays in memory."""
    library = Library(versions)
    library.preload()
    withdraw(versions, library.find("m"))
    with pytest.raises(UnknownModel):
        library.answering("m")
    library.catch_up()
    assert not library._slots
    assert not library._answering


def test_a_store_put_in_place_of_another(versions, tmp_path):
    """A model of the same name and number in the file that took the store's place is another model."""
    library = Library(versions)
    library.preload()
    publish(tmp_path / "other.db", "m")
    (tmp_path / "other.db").replace(versions)
    library.catch_up()
    info, engine = library.answering("m")
    assert info.version == 1
    assert engine.answer(Neighbors(word="king", topn=1)).neighbors[0].word == "queen"


def test_a_new_version_that_cannot_be_loaded(versions, monkeypatch, caplog):
    """The old version goes on answering, the log says why, and once the new one is whole it answers."""
    library = Library(versions)
    library.preload()
    publish_version(versions, 2)
    with closing(sqlite3.connect(versions)) as connection, connection:
        connection.execute("DELETE FROM words WHERE row = 1 AND model = 2")
    with caplog.at_level(logging.WARNING, "service"):
        library.catch_up()
        assert said(library, "m") == 1
        library.catch_up()
    assert [record.getMessage() for record in caplog.records if "m@2 is not loaded" in record.getMessage()]
    (state,) = library.readiness()
    assert (str(state.current), str(state.answering), state.failed, state.is_ready) == ("m@2", "m@1", True, True)
    with closing(sqlite3.connect(versions)) as connection, connection:
        connection.execute("INSERT INTO words VALUES (2, 1, 'v2', 2, x'0000803fcdcccc3d')")
    monkeypatch.setattr("service.attempts._TRY_AGAIN", 0)
    library.catch_up()
    assert said(library, "m") == 2


def test_a_version_that_was_replaced_leaves_the_memory(versions):
    """After a swap the old version is let go, unless somebody has asked for just that version."""
    library = Library(versions)
    library.preload()
    publish_version(versions, 2)
    library.catch_up()
    assert [info.version for info in library._slots] == [2]
    said(library, "m@2")
    publish_version(versions, 3)
    library.catch_up()
    assert sorted(info.version for info in library._slots) == [2, 3]


def test_a_swap_where_one_model_may_stay(versions):
    """Even if only one model may stay loaded, the new version takes the place of the old one."""
    library = Library(versions, keep=1)
    library.preload()
    for number in (2, 3):
        publish_version(versions, number)
        assert said(library, "m") == number - 1
        wait_until(lambda number=number: said(library, "m") == number)
        assert len(library._slots) == 1


def test_readiness(versions):
    """A library is ready when every name answers; it says by which version, and which is the newest."""
    told = []
    library = Library(versions, changed=told.append)
    assert [(state.answering, state.is_ready) for state in library.readiness()] == [(None, False)]
    library.preload()
    assert [(str(state.answering), state.is_ready) for state in library.readiness()] == [("m@1", True)]
    publish_version(versions, 2)
    (state,) = library.readiness()
    assert (str(state.current), str(state.answering), state.is_ready) == ("m@2", "m@1", True)
    library.catch_up()
    assert [str(state.answering) for state in library.readiness()] == ["m@2"]
    assert [str(info) for info in told[-1]] == ["m@2"]


def test_what_was_pushed_out_does_not_come_back_by_itself(db):
    """Where more models are asked for than may stay, those asked for stay, and the library is ready with them."""
    library = Library(db, keep=2)
    library.preload()
    assert [state.current.name for state in library.readiness()] == ["m", "z"]
    first = library.answering("a")[1]
    library.catch_up()
    assert library.answering("a")[1] is first
    assert [state.current.name for state in library.readiness()] == ["a", "m"]
    assert all(state.is_ready for state in library.readiness())


def test_a_watcher_sees_what_is_published(versions):
    """A published model is loaded without anybody asking, within the watcher's interval or at once when told."""
    library = Library(versions)
    library.preload()
    watcher = Watcher(library, interval=10 * PATIENCE)
    watcher.start()
    publish_version(versions, 2)
    watcher.look()
    wait_until(lambda: [str(state.answering) for state in library.readiness()] == ["m@2"])
    watcher.stop()


@pytest.mark.parametrize("keep", [1, 4])
def test_swaps_under_load(versions, keep):
    """While threads ask and versions come and go, each question is answered wholly by one version, and none fails."""
    library = Library(versions, keep=keep, around=Batcher)
    library.preload()
    watcher = Watcher(library, interval=0.001)
    watcher.start()
    stop = threading.Event()

    def ask():
        seen = []
        while not stop.is_set():
            seen.append(said(library, "m"))
        return seen

    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(ask) for _ in range(8)]
        try:
            for number in range(2, 8):
                info = publish_version(versions, number)
                wait_until(lambda number=number: said(library, "m") == number)
            withdraw(versions, info)
            wait_until(lambda: said(library, "m") == 6)
        finally:
            stop.set()
            watcher.stop()
        seen = [future.result(PATIENCE) for future in futures]
    assert {version for each in seen for version in each} <= set(range(1, 8))
    assert all(each for each in seen)
    assert said(library, "m") == 6
