"""Names and tags mean what they were told to; versions never change; what is deleted, copied or collected is told."""

import gzip
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from storage.catalog import Catalog
from storage.derived import DerivedFiles
from storage.embeddings import Embeddings
from storage.errors import SettingError, StoreError, UnknownModel
from storage.managing.collecting import collect, find_litter
from storage.managing.copying import copy_model
from storage.managing.difference import difference
from storage.managing.versions import delete, doomed, publish_again, roll_back, set_tag, take_tag
from storage.maps import Map
from storage.store import Store
from storage.tables import rows_of
from storage.verification.verify import verify

CARD = {"settings": {"alpha": 0.025, "epochs": 5}, "evaluation": {"wordsim353": {"rho": 0.5}}, "loss_curve": [2.5, 2.0]}


def some_embeddings(seed=1, words=("the", "of", "king")):
    vectors = np.random.default_rng(seed).standard_normal((len(words), 3)).astype(np.float32)
    return Embeddings(tuple(words), np.arange(len(words), 0, -1, dtype=np.int64), vectors)


@pytest.fixture
def db(tmp_path):
    """A store with news@1 to news@3, the last with contexts and a map, and wiki@1."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        for seed in (1, 2):
            store.publish("news", some_embeddings(seed), CARD)
        drawn = Map(np.array([0, 2]), np.eye(2, dtype=np.float32), np.array([0, 1]))
        store.publish("news", some_embeddings(3), CARD, contexts=some_embeddings(4).matrix, map=drawn)
        store.publish("wiki", some_embeddings(5), {})
    return path


@pytest.fixture
def store(db):
    """The same, opened for writing."""
    with Store.open(db, create=True) as store:
        yield store


def wrong(path):
    """What `verify` finds wrong."""
    return [(check.model, check.stage, check.wrong) for check in verify(path) if not check.fits]


def meant(store, *asked):
    """Which versions are meant."""
    return [str(store.find(each)) for each in asked]


# ---- what names and tags mean ----


def test_a_bare_name_is_the_newest_version(store):
    """Without a rollback, `name`, `name@latest` and `name@current` are the version published last."""
    assert meant(store, "news", "news@latest", "news@current", "news@1") == ["news@3"] * 3 + ["news@1"]


def test_a_tag_can_be_set_and_moved(store):
    """`name@tag` means the version it was given to last, and says what it meant before."""
    moved = set_tag(store, "news@1", "stable")
    assert (moved.asked, moved.before, str(moved.now)) == ("news@stable", None, "news@1")
    moved = set_tag(store, "news", "stable")
    assert (str(moved.before), str(moved.now)) == ("news@1", "news@3")
    assert meant(store, "news@stable") == ["news@3"]
    assert store.catalog().tags_of(store.find("news@3")) == ("latest", "stable")


def test_a_tag_is_of_one_name(store):
    """The same tag of another name is another tag."""
    set_tag(store, "news@1", "stable")
    set_tag(store, "wiki", "stable")
    assert meant(store, "news@stable", "wiki@stable") == ["news@1", "wiki@1"]


def test_a_tag_can_be_taken_away(store):
    """Then it is unknown, with near names; the version stays."""
    set_tag(store, "news@1", "stable")
    assert str(take_tag(store, "news@stable").before) == "news@1"
    with pytest.raises(UnknownModel):
        store.find("news@stable")
    with pytest.raises(UnknownModel):
        take_tag(store, "news@stable")
    assert meant(store, "news@1") == ["news@1"]


@pytest.mark.parametrize(
    "tag", ["latest", "current", "3", "1.0", "", "a b", "a@b", "a/b", "-a", "x" * 65, "neu\n", "é"]
)
def test_unusable_tags(store, tag):
    """A tag that looks like a version, has a meaning already, or could not stand in an address is refused."""
    with pytest.raises(SettingError):
        set_tag(store, "news", tag)
    assert store.catalog().tags == ()


def test_an_unknown_tag_comes_with_near_ones(store):
    """Tags that look alike are offered before versions."""
    set_tag(store, "news@1", "stable")
    with pytest.raises(UnknownModel) as caught:
        store.find("news@stabel")
    assert caught.value.near[0] == "news@stable"


def test_a_rollback_and_back(store):
    """A bare name then means an earlier version; `latest` does not move; publishing again goes back to the newest."""
    moved = roll_back(store, "news")
    assert (str(moved.before), str(moved.now)) == ("news@3", "news@2")
    assert meant(store, "news", "news@latest") == ["news@2", "news@3"]
    roll_back(store, "news")
    assert meant(store, "news") == ["news@1"]
    publish_again(store, "news")
    assert meant(store, "news") == ["news@3"]
    assert store.catalog().tags == ()


def test_a_rollback_to_a_version_or_a_tag(store):
    """`to` names any earlier version, by its number or by a tag."""
    set_tag(store, "news@1", "stable")
    assert str(roll_back(store, "news", "stable").now) == "news@1"
    publish_again(store, "news@2")
    assert meant(store, "news") == ["news@2"]
    assert str(roll_back(store, "news", "1").now) == "news@1"


@pytest.mark.parametrize(("name", "to"), [("wiki", None), ("news", "3"), ("news@2", None), ("news", "latest")])
def test_a_rollback_goes_back(store, name, to):
    """There is none to a version that is not earlier, nor of a name with one version, nor of a single version."""
    before = store.catalog()
    with pytest.raises(SettingError):
        roll_back(store, name, to)
    assert store.catalog().references == before.references


def test_the_next_version_ends_a_rollback(store):
    """What is stored after a rollback is what the name means, as the newest."""
    roll_back(store, "news")
    store.publish("news", some_embeddings(6), {})
    assert meant(store, "news") == ["news@4"]


@pytest.mark.parametrize("rolled_back", [False, True])
def test_a_version_can_wait_to_be_published(store, rolled_back):
    """With `keep_current` the name goes on meaning what it meant, until it is told otherwise."""
    if rolled_back:
        roll_back(store, "news", "1")
    before = meant(store, "news")
    store.publish("news", some_embeddings(6), {}, keep_current=True)
    assert meant(store, "news", "news@latest") == [*before, "news@4"]
    publish_again(store, "news")
    assert meant(store, "news") == ["news@4"]


def test_the_first_version_of_a_name_is_current(store):
    """There is nothing that it could wait behind."""
    store.publish("new", some_embeddings(6), {}, keep_current=True)
    assert meant(store, "new") == ["new@1"]


def test_the_usual_model_follows_a_rollback(store):
    """Where no model is named, it is what the name published last means."""
    store.publish("news", some_embeddings(6), {})
    roll_back(store, "news", "2")
    assert str(store.catalog().usual()) == "news@2"


def test_a_file_of_an_earlier_schema_has_no_tags(db):
    """A file that was never opened for writing since is read as it is."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TABLE tags")
    with Store.open(db) as store:
        assert meant(store, "news") == ["news@3"]


def test_the_empty_catalog():
    """Without models there is none to be asked."""
    assert Catalog(()).usual() is None
    assert Catalog(()).current == []


def test_every_tag_is_sealed(db, store):
    """Whatever is changed in a row of the tags or of the deleted models, `verify` finds it."""
    set_tag(store, "news@1", "stable")
    roll_back(store, "news", "2")
    delete(store, doomed(store.catalog(), "wiki"))
    assert wrong(db) == []
    for statement, stages in (
        ("UPDATE tags SET version = 3 WHERE tag = 'stable'", "tags"),
        ("UPDATE tags SET tag = 'stablf' WHERE tag = 'stable'", "tags"),
        ("UPDATE tags SET changed = '2020' WHERE tag = 'stable'", "tags"),
        ("DELETE FROM tags WHERE tag = 'current'", "tags"),
        ("DELETE FROM deleted", "models deleted"),
    ):
        copy = db.with_name("copy.db")
        with closing(sqlite3.connect(copy)) as connection, closing(sqlite3.connect(db)) as whole:
            whole.backup(connection)
            connection.execute(statement)
            connection.commit()
        assert [found[1] for found in wrong(copy)] == stages.split(), statement


# ---- deleting ----


def test_a_deleted_model_is_gone_with_all_its_rows(db, store):
    """No row of it is left in any table, and the others are whole."""
    info = store.find("news@3")
    delete(store, [info])
    assert [str(each) for each in store.models()] == ["news@1", "news@2", "wiki@1"]
    with closing(sqlite3.connect(db)) as connection:
        for table in ("words", "cards", "contexts", "maps", "seals"):
            query = f"SELECT count(*) FROM {table} WHERE model = ?"  # noqa: S608 - names from above
            assert connection.execute(query, [info.order]).fetchone() == (0,)
    assert wrong(db) == []


def test_a_deleted_version_is_never_given_again(store):
    """The next version of the name gets the next number, as if the deleted one were there."""
    delete(store, [store.find("news@3")])
    assert meant(store, "news") == ["news@2"]
    assert str(store.publish("news", some_embeddings(6), {})) == "news@4"
    delete(store, doomed(store.catalog(), "news", every=True))
    assert str(store.publish("news", some_embeddings(6), {})) == "news@5"


def test_a_tag_goes_with_its_model(db, store):
    """A tag of a deleted model is unknown."""
    set_tag(store, "wiki", "stable")
    delete(store, doomed(store.catalog(), "wiki@stable"))
    assert store.catalog().tags == ()
    assert wrong(db) == []


@pytest.mark.parametrize("asked", ["news", "news@2"])
def test_what_is_not_deleted(store, asked):
    """Not several versions at once by mistake, nor the version that a name was rolled back to."""
    roll_back(store, "news")
    with pytest.raises(SettingError):
        doomed(store.catalog(), asked)
    with pytest.raises(SettingError, match="one version"):
        doomed(store.catalog(), "news@1", every=True)


def test_deleting_is_all_or_nothing(store):
    """Where one of several models has gone meanwhile, none is deleted."""
    models = doomed(store.catalog(), "news", every=True)
    delete(store, models[:1])
    with pytest.raises(UnknownModel, match="news@1"):
        delete(store, models)
    assert [str(each) for each in store.models()] == ["news@2", "news@3", "wiki@1"]


# ---- copying ----


def everything(path, asked):
    """All that can be read of a model."""
    with Store.open(path) as store:
        info = store.find(asked)
        drawn, contexts, loaded = store.load_map(info), store.load_contexts(info), store.load(info, verify=True)
        return (
            loaded.words,
            loaded.counts.tolist(),
            loaded.matrix.tobytes(),
            store.card(info),
            None if contexts is None else contexts.tobytes(),
            None if drawn is None else (drawn.rows.tolist(), drawn.points.tolist(), drawn.clusters.tolist()),
        )


@pytest.mark.parametrize("asked", ["news@1", "news", "wiki@latest"])
def test_a_copy_is_the_whole_model(db, tmp_path, asked):
    """Words, counts, vectors, card, contexts, map, name, version and time are those of the model; all seals fit."""
    other = tmp_path / "other.db"
    copied = copy_model(db, asked, other)
    assert copied.is_new
    assert str(copied.target) == str(copied.source)
    assert copied.target.created == copied.source.created
    assert everything(other, str(copied.target)) == everything(db, asked)
    assert wrong(other) == []
    with Store.open(db) as store, Store.open(other) as copy:
        assert copy.seals(copied.target) == store.seals(copied.source)


def test_a_copy_under_another_name(db, tmp_path):
    """It is the next version of that name, with seals that fit."""
    copy_model(db, "wiki", db, name="news")
    copied = copy_model(db, "news@3", tmp_path / "other.db", name="other")
    assert str(copied.target) == "other@1"
    assert everything(tmp_path / "other.db", "other") == everything(db, "news@3")
    with Store.open(db) as store:
        assert meant(store, "news") == ["news@4"]
    assert wrong(db) == wrong(tmp_path / "other.db") == []


def test_a_copy_that_is_there_already(db, tmp_path):
    """Copying again changes nothing; another model of the same name and version is not replaced."""
    other = tmp_path / "other.db"
    copy_model(db, "news@3", other)
    assert not copy_model(db, "news@3", other).is_new
    with Store.open(other, create=True) as store:
        store.publish("wiki", some_embeddings(9), {})
    with pytest.raises(StoreError, match="another model wiki@1"):
        copy_model(db, "wiki", other)
    with Store.open(other) as store:
        assert [str(info) for info in store.models()] == ["news@3", "wiki@1"]


def test_a_deleted_model_can_be_copied_back(db, tmp_path):
    """The very model gets its number back; another one does not."""
    other = tmp_path / "other.db"
    copy_model(db, "news@2", other)
    with Store.open(db, create=True) as store:
        delete(store, [store.find("news@2"), store.find("wiki@1")])
    assert copy_model(other, "news@2", db).is_new
    with Store.open(other, create=True) as store:
        store.publish("wiki", some_embeddings(9), {})
    with pytest.raises(StoreError, match="once had another model wiki@1"):
        copy_model(other, "wiki", db)
    assert wrong(db) == []


def test_a_damaged_model_is_not_copied(db, tmp_path):
    """A part that is not as it was sealed is named, and the other file gets nothing of the model."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TRIGGER words_never_change")
        connection.execute("UPDATE words SET count = 9 WHERE row = 1 AND model = 3")
    with pytest.raises(StoreError, match=r"firth\.db is damaged: the vocabulary of news@3"):
        copy_model(db, "news", tmp_path / "other.db")
    with Store.open(tmp_path / "other.db") as store:
        assert store.models() == []


@pytest.fixture
def old(tmp_path):
    """A file of the first schema, which had neither seals nor tags."""
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress((Path(__file__).parent / "data" / "m001_models.db.gz").read_bytes()))
    return path


def test_a_copy_from_an_earlier_schema(old, tmp_path):
    """A model that had no seals gets them in the new file; the old file stays as it is."""
    before = old.read_bytes()
    with Store.open(old) as store:
        info = store.models()[-1]
    copy_model(old, str(info), tmp_path / "new.db")
    assert everything(tmp_path / "new.db", str(info)) == everything(old, str(info))
    assert wrong(tmp_path / "new.db") == []
    assert old.read_bytes() == before


def test_a_model_that_lost_rows_is_not_copied(old, tmp_path):
    """Where no seal tells, the number of words does; so it is, too, when a model goes while it is copied."""
    with closing(sqlite3.connect(old)) as connection, connection:
        connection.execute("DELETE FROM words WHERE row = 0")
    with Store.open(old) as store:
        name = str(store.models()[0])
    with pytest.raises(StoreError, match="were published; it is not copied"):
        copy_model(old, name, tmp_path / "new.db")
    with Store.open(tmp_path / "new.db") as store:
        assert store.models() == []


# ---- what two models have in common ----


def test_a_difference(store):
    """Values that differ stand by their place in the card; words are counted and the first few named."""
    changed = {
        "settings": {"alpha": 0.05, "epochs": 5, "window": 5},
        "evaluation": CARD["evaluation"],
        "loss_curve": [2],
    }
    info = store.publish("news", some_embeddings(1, words=("the", "queen")), changed)
    found = difference(store, store.find("news@1"), store, info)
    assert found.card == {
        "settings": {"alpha": (0.025, 0.05), "window": (None, 5)},
        "loss_curve": {"": ([2.5, 2.0], [2])},
    }
    words = found.vocabulary
    assert (words.a, words.b, words.shared, words.only_a, words.only_b) == (3, 2, 1, ("of", "king"), ("queen",))
    assert not found.same_vectors


def test_a_model_is_like_itself(db, tmp_path):
    """A copy in another file does not differ."""
    copy_model(db, "news", tmp_path / "other.db")
    with Store.open(db) as store, Store.open(tmp_path / "other.db") as other:
        found = difference(store, store.find("news"), other, other.find("news"))
    assert (found.same_vectors, found.card, found.vocabulary.shared) == (True, {}, 3)


# ---- what is kept for nothing ----


def test_what_could_go_is_told_and_stays(db):
    """Reading finds the folder of a model that is gone and what was left half written, and changes nothing."""
    files = DerivedFiles(db)
    for name in ("gone@1.0000", ".news@1.abc"):
        (files.folder / name).mkdir(parents=True)
        (files.folder / name / "unit.npy").write_bytes(b"x" * 100)
    before = db.read_bytes()
    with Store.open(db) as store:
        assert {path.name: size for path, size in find_litter(store).files.items()} == {"gone@1.0000": 100}
        alone = find_litter(store, alone=True)
    assert {path.name for path in alone.files} == {"gone@1.0000", ".news@1.abc"}
    assert db.read_bytes() == before


def test_collecting(db):
    """Litter, rows of no model and free pages go; models, their derived files and their answers stay."""
    files = DerivedFiles(db)
    with Store.open(db, create=True) as store:
        large = store.publish("large", some_embeddings(7, [f"word number {i}" for i in range(5000)]), {})
        kept = files.of(store.find("news"))
        for folder in (kept, files.of(large), files.folder / ".news@1.abc"):
            folder.mkdir(parents=True)
        delete(store, [large])
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DELETE FROM models WHERE name = 'wiki'")  # without foreign keys: its rows stay
    size = db.stat().st_size
    with Store.open(db, create=True) as store:
        found = collect(store)
    assert {path.name for path in found.files} == {files.of(large).name, ".news@1.abc"}
    assert found.rows["words"] == 3
    assert found.free_bytes > 100_000
    assert db.stat().st_size < size - 100_000
    assert kept.is_dir()
    assert [found[1] for found in wrong(db)] == ["models"]  # wiki is missed all the same
    with Store.open(db, create=True) as store:
        again = collect(store)
    assert (again.files, again.rows, again.free_bytes) == ({}, {}, 0)


def test_readers_go_on_while_room_is_freed(db):
    """Who reads from before sees what was there; the file is whole for everybody."""
    with Store.open(db) as reader, reader.using() as connection, Store.open(db, create=True) as store:
        delete(store, [store.find("wiki")])
        rows = rows_of(connection, reader.find("news"), "words")
        first = next(iter(rows))
        collect(store)
        assert first[1] == ("the", "of", "king")
        assert str(reader.find("news")) == "news@3"
    assert wrong(db) == []


def test_without_room_the_pages_stay(db, monkeypatch):
    """Where the disk has no room to write the file anew, that is told, the rest is done, and nothing is lost."""
    with Store.open(db, create=True) as store:
        delete(store, doomed(store.catalog(), "wiki"))
        (DerivedFiles(db).folder / "gone@1.0000").mkdir(parents=True)
        large = store.publish("large", some_embeddings(7, [f"word number {i}" for i in range(5000)]), {})
        delete(store, [large])
        monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(10, 9, 1))
        with pytest.raises(StoreError, match="keeps its free pages"):
            collect(store)
    assert not (DerivedFiles(db).folder / "gone@1.0000").exists()
    assert wrong(db) == []


# ---- several at once ----


def test_many_who_tag_publish_and_roll_back_at_once(db):
    """However changes interleave, each is whole: readers always find one current version, and no change fails."""
    stop = threading.Event()

    def read():
        while not stop.is_set():
            with Store.open(db) as store:
                catalog = store.catalog()
            assert catalog.find("news") in catalog.models
            assert [str(info) for info in catalog.current] == ["wiki@1", str(catalog.find("news"))]

    def change(seed):
        with Store.open(db, create=True) as store:
            for turn in range(5):
                set_tag(store, f"news@{1 + (seed + turn) % 3}", "stable")
                publish_again(store, f"news@{1 + seed % 3}")

    with ThreadPoolExecutor(5) as pool:
        reading = [pool.submit(read) for _ in range(2)]
        try:
            list(pool.map(change, range(3)))
        finally:
            stop.set()
        for each in reading:
            each.result()
    assert wrong(db) == []
