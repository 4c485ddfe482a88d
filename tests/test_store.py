"""The store keeps models whole, unchanged and readable by anyone, or says what is wrong with its file."""

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from storage.connection import KNOWN_MIGRATIONS
from storage.embeddings import Embeddings
from storage.errors import InputError, SettingError, StoreError, UnknownModel
from storage.models import newest_first
from storage.store import Store
from tests.limits import no_file_beyond

CARD = {
    "settings": {"vector_size": 3, "alpha": 0.025},
    "manifest": {"inputs": {"news.txt": "ab12"}, "code": {"firth": "0.1.0"}},
    "loss_curve": [2.5, 2.25],
    "crosscheck": None,
    "evaluation": {"wordsim353": {"rho": 0.5}},
}


def some_embeddings(words=("the", "of", "king"), seed=1):
    vectors = np.random.default_rng(seed).standard_normal((len(words), 3)).astype(np.float32)
    return Embeddings(tuple(words), np.arange(len(words), 0, -1, dtype=np.int64), vectors)


@pytest.fixture
def db(tmp_path):
    """A store with news@1, news@2 and wiki@1."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("news", some_embeddings(seed=1), CARD)
        store.publish("wiki", some_embeddings(seed=2), {})
        store.publish("news", some_embeddings(seed=3), {"settings": {}})
    return path


def same(one, other):
    return (
        one.words == other.words
        and np.array_equal(one.counts, other.counts)
        and one.matrix.tobytes() == other.matrix.tobytes()
    )


def state_of(folder):
    """Every file of a folder with its bytes and its time of change."""
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


@contextmanager
def connected(path) -> Iterator[sqlite3.Connection]:
    """A plain sqlite3 connection, as any other program would have it; commits and closes."""
    connection = sqlite3.connect(path)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


# ---- what is published comes back ----

any_words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1, max_size=8, unique=True)
any_floats = st.floats(width=32, allow_nan=False, allow_infinity=False)


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """One store into which a property test publishes version after version."""
    with Store.open(tmp_path_factory.mktemp("growing") / "firth.db", create=True) as store:
        yield store


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_round_trip(growing, data):
    """Whatever embeddings are published, the same words, counts and bytes of vectors are loaded."""
    words = data.draw(any_words)
    dimensions = data.draw(st.integers(1, 5))
    counts = data.draw(arrays.arrays(np.int64, len(words)))
    matrix = data.draw(arrays.arrays(np.float32, (len(words), dimensions), elements=any_floats))
    published = Embeddings(tuple(words), counts, matrix)
    info = growing.publish("any", published, {})
    assert same(growing.load(info), published)


def test_many_words_keep_their_order(tmp_path):
    """A model of more rows than are read at once comes back in its order."""
    published = some_embeddings([f"w{i * 7919 % 10_007}" for i in range(10_007)])
    with Store.open(tmp_path / "firth.db", create=True) as store:
        assert same(store.load(store.publish("many", published, {})), published)


def test_a_matrix_of_another_layout_is_stored_row_by_row(tmp_path):
    """A matrix in Fortran order, or a view of every second row, is stored as its rows."""
    base = some_embeddings([f"w{i}" for i in range(10)]).matrix
    with Store.open(tmp_path / "firth.db", create=True) as store:
        for matrix in (np.asfortranarray(base), base[::2]):
            words = tuple(f"w{i}" for i in range(len(matrix)))
            info = store.publish("layout", Embeddings(words, np.ones(len(words), np.int64), matrix), {})
            assert np.array_equal(store.load(info).matrix, matrix)


def test_the_card_comes_back(db):
    """Every part of the card is loaded as it was published, and each version has its own."""
    with Store.open(db) as store:
        assert store.card(store.find("news@1")) == CARD
        assert store.card(store.find("news@2")) == {"settings": {}}
        assert store.card(store.find("wiki")) == {}


def test_a_card_with_a_file_name_that_is_not_utf8(tmp_path):
    """A path with undecodable bytes survives in the card, and other programs still find JSON."""
    with Store.open(tmp_path / "firth.db", create=True) as store:
        info = store.publish("news", some_embeddings(), {"manifest": {"inputs": ["caf\udce9.txt"]}})
        assert store.card(info) == {"manifest": {"inputs": ["caf\udce9.txt"]}}


@pytest.mark.parametrize("value", [float("nan"), {1, 2}, Path("x"), np.float32(1)])
def test_a_card_that_is_not_json_is_refused(db, value):
    """A card's part that JSON cannot say is refused by name, and nothing is published."""
    with Store.open(db, create=True) as store:
        with pytest.raises(InputError, match="'evaluation'"):
            store.publish("news", some_embeddings(), {"settings": {}, "evaluation": value})
        assert len(store.models()) == 3


def test_info_tells_what_was_stored(db):
    """ModelInfo has name, version, sizes, a UTC time and the hash of the little-endian vectors, row after row."""
    with Store.open(db) as store:
        info = store.find("news@1")
        loaded = store.load(info)
    assert (str(info), info.words, info.dimensions) == ("news@1", 3, 3)
    assert info.created.endswith("+00:00")
    assert info.vectors_sha256 == hashlib.sha256(loaded.matrix.astype("<f4").tobytes()).hexdigest()
    assert json.loads(json.dumps(info.as_dict()))["vectors_sha256"] == info.vectors_sha256


def test_anyone_can_read_the_vectors(db):
    """Ten lines of plain sqlite3 and NumPy read a model: one row a word, its vector little-endian float32."""
    connection = sqlite3.connect(db)
    rows = connection.execute(
        "SELECT word, vector FROM words JOIN models ON models.id = words.model "
        "WHERE models.name = 'news' AND models.version = 1 ORDER BY row"
    ).fetchall()
    connection.close()
    words = [word for word, _ in rows]
    matrix = np.frombuffer(b"".join(vector for _, vector in rows), "<f4").reshape(len(rows), -1)
    assert words == ["the", "of", "king"]
    assert np.array_equal(matrix, some_embeddings(seed=1).matrix)


# ---- names and versions ----


def test_the_same_name_again_makes_the_next_version(db):
    """Versions count from 1 for each name; the list is by name, then version."""
    with Store.open(db) as store:
        assert [str(info) for info in store.models()] == ["news@1", "news@2", "wiki@1"]


def test_a_name_is_its_latest_version(db):
    """`name` finds the latest version and `name@version` that very one."""
    with Store.open(db) as store:
        assert store.find("news") == store.find("news@2")
        assert same(store.load(store.find("news@1")), some_embeddings(seed=1))
        assert same(store.load(store.find("news")), some_embeddings(seed=3))


@pytest.mark.parametrize(
    ("asked", "near"),
    [("nws", ("news",)), ("NEWS", ("news",)), ("news@9", ("news@2", "news@1")), ("news@", ("news@2", "news@1")),
     ("news@01", ("news@2", "news@1")), ("zzz", ()), ("", ())],
)  # fmt: skip
def test_an_unknown_model_comes_with_near_names(db, asked, near):
    """A name or version that is not there is an error with the names or versions that may have been meant."""
    with Store.open(db) as store, pytest.raises(UnknownModel) as caught:
        store.find(asked)
    assert (caught.value.name, caught.value.near) == (asked, near)


@given(st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", fullmatch=True))
@settings(max_examples=25, deadline=None)
def test_usable_names(growing, name):
    """A name of 1 to 64 letters, digits, dots, underscores and hyphens finds its model again."""
    assert growing.find(name if growing.publish(name, some_embeddings(), {}) else "").name == name


@pytest.mark.parametrize("name", ["", ".hidden", "a@1", "a/b", "a b", "новости", "x" * 65, "a\n", "a\x00"])
def test_unusable_names(db, name):
    """Any other name is refused before anything is written."""
    with Store.open(db, create=True) as store:
        with pytest.raises(SettingError, match="allowed"):
            store.publish(name, some_embeddings(), {})
        assert len(store.models()) == 3


def test_a_published_model_never_changes(db):
    """No program can update a row of a published model by accident: the database itself refuses."""
    for statement in ("UPDATE words SET count = 9", "UPDATE models SET version = 7", "UPDATE cards SET json = '1'"):
        with pytest.raises(sqlite3.IntegrityError, match="never changes"), connected(db) as connection:
            connection.execute(statement)


def test_a_model_of_another_store_is_not_found_here(db, tmp_path):
    """An info is good for the store that it came from; elsewhere, even under the same name, it is unknown."""
    with Store.open(tmp_path / "other.db", create=True) as other:
        foreign = other.publish("news", some_embeddings(seed=9), {})
    with Store.open(db) as store, pytest.raises(UnknownModel, match="news@1"):
        store.load(foreign)


# ---- the file ----


def test_the_tables_are_strict_and_refer_to_each_other(db):
    """Firth's tables hold the types they declare, and words and cards belong to a model."""
    with connected(db) as connection:
        strict = dict(connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
        query = 'SELECT "table" FROM pragma_foreign_key_list(?)'
        parents = {table: connection.execute(query, [table]).fetchall() for table in ("words", "cards")}
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert all(strict[table] for table in ("models", "words", "cards"))
    assert parents == {"words": [("models",)], "cards": [("models",)]}


def test_the_known_migrations_are_those_of_the_schema():
    """Readers, which do not import the migrations, know exactly their names."""
    from storage.schema import migrations

    assert tuple(migration.name for migration in migrations._migrations) == KNOWN_MIGRATIONS


def test_reading_needs_no_sqlite_utils(db):
    """Reading a model does not import sqlite_utils, which would cost more time than the reading."""
    code = (
        "import sys; from pathlib import Path; from storage.store import Store\n"
        "with Store.open(Path(sys.argv[1])) as store: store.load(store.find('news'))\n"
        "sys.exit('sqlite_utils' in sys.modules)"
    )
    python = [sys.executable, "-c", code, str(db)]
    done = subprocess.run(python, check=False, cwd=Path(__file__).parents[1])
    assert done.returncode == 0


def test_reading_changes_nothing(db):
    """After all kinds of reading the folder has the same files with the same bytes and times."""
    before = state_of(db.parent)
    with Store.open(db) as store:
        store.load(store.find("news"))
        store.card(store.find("wiki"))
    assert state_of(db.parent) == before


@pytest.mark.parametrize("name", ["what?.db", "a#b.db", "100%25.db", "two words.db", "ünï.db", "x?mode=memory"])
def test_any_file_name_will_do(tmp_path, name):
    """Characters that mean something in an address mean nothing in a path."""
    with Store.open(tmp_path / name, create=True) as store:
        store.publish("news", some_embeddings(), {})
    assert [path.name for path in tmp_path.iterdir()] == [name]
    with Store.open(tmp_path / name) as store:
        assert len(store.models()) == 1


def test_publishing_makes_the_folder(tmp_path):
    """A store can be made in a folder that is not there yet."""
    with Store.open(tmp_path / "a" / "b" / "firth.db", create=True) as store:
        assert store.models() == []


def test_what_was_opened_for_reading_cannot_publish(db):
    """Publishing needs a store opened for it."""
    with Store.open(db) as store, pytest.raises(StoreError, match="create=True"):
        store.publish("news", some_embeddings(), {})


# ---- files that cannot be used ----


def test_a_missing_file_is_not_made(tmp_path):
    """Opening for reading what is not there says so and makes nothing."""
    with pytest.raises(StoreError, match=r"no store at .*missing\.db"):
        Store.open(tmp_path / "missing.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("create", [False, True])
@pytest.mark.parametrize("content", [b"not a database at all, but long enough to be taken for one" * 20, b"short"])
def test_a_file_that_is_no_database(tmp_path, content, create):
    """Some other file is refused, for reading and for writing, and is left as it was."""
    path = tmp_path / "notes.txt"
    path.write_bytes(content)
    with pytest.raises(StoreError, match=r"notes\.txt is not an SQLite database"):
        Store.open(path, create=create)
    assert path.read_bytes() == content


@pytest.mark.parametrize("create", [False, True])
def test_a_database_of_something_else(tmp_path, create):
    """Another program's database is refused, for reading and for writing, and is left as it was."""
    path = tmp_path / "other.db"
    with connected(path) as connection:
        connection.execute("CREATE TABLE models (id)")
    before = state_of(tmp_path)
    with pytest.raises(StoreError, match="not a store of Firth"):
        Store.open(path, create=create)
    assert state_of(tmp_path) == before


def test_an_empty_file(tmp_path):
    """An empty file is no store to read, but one can be made of it."""
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(StoreError, match="holds nothing yet"):
        Store.open(path)
    with Store.open(path, create=True) as store:
        assert store.models() == []


@pytest.mark.parametrize("create", [False, True])
def test_a_folder_is_no_store(tmp_path, create):
    """A folder is refused as what it is."""
    with pytest.raises(StoreError, match="is not a file"):
        Store.open(tmp_path, create=create)


def test_a_file_in_the_way_of_the_folder(tmp_path):
    """A store cannot be made below a file."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be made"):
        Store.open(tmp_path / "file" / "folder" / "firth.db", create=True)


@pytest.mark.parametrize("create", [False, True])
def test_a_newer_schema(db, create):
    """A store with a migration that this Firth does not know is refused with the advice to update."""
    with connected(db) as connection:
        connection.execute("INSERT INTO _sqlite_migrations (migration_set, name) VALUES ('firth', 'm999_future')")
    with pytest.raises(StoreError, match=r"newer Firth.*m999_future"):
        Store.open(db, create=create)


def test_a_truncated_file(tmp_path):
    """A store that lost its end is never taken for whole: loading says that the file is damaged."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("news", some_embeddings([f"word number {i}" for i in range(3000)]), {})
    whole = path.read_bytes()
    for part in (0.9, 0.5, 0.1):
        path.write_bytes(whole[: int(len(whole) * part)])
        with pytest.raises(StoreError, match=r"firth\.db is damaged"), Store.open(path) as store:
            store.load(store.find("news"))


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE words SET vector = substr(vector, 1, 8) WHERE row = 1",
        "UPDATE words SET vector = x'0000c07f0000000000000000' WHERE row = 1",
        "UPDATE words SET row = 7 WHERE row = 1",
        "UPDATE words SET word = CAST(x'ff' AS TEXT) WHERE row = 1",
        "DELETE FROM words WHERE row = 2",
        "DELETE FROM words",
        "UPDATE models SET dimensions = 2",
        "UPDATE models SET words = 1000000000000",
    ],
)
def test_damaged_rows_are_found(db, damage):
    """A vector of another size, NaN, a lost row, a word that is no text: loading says that the file is damaged."""
    with connected(db) as connection:
        for table in ("words", "models"):
            connection.execute(f"DROP TRIGGER {table}_never_change")
        connection.execute(damage)
    with Store.open(db) as store, pytest.raises(StoreError, match=r"firth\.db is damaged"):
        store.load(store.find("news@1"))


def test_a_damaged_card_is_found(db):
    """A card that is no JSON any more, whatever wrote it, is an error that names the model."""
    with connected(db) as connection:
        connection.execute("DROP TRIGGER cards_never_change")
        connection.execute("PRAGMA ignore_check_constraints = on")
        connection.execute("UPDATE cards SET json = '{'")
    with Store.open(db) as store, pytest.raises(StoreError, match="damaged: model news@1: its card"):
        store.card(store.find("news@1"))


# ---- nothing is lost ----


class Fuse(tuple):
    """Words that, once lit, end in the middle of being written: by an exception, or with the whole process."""

    lit = False
    deadly = False

    def __iter__(self):
        for place, word in enumerate(super().__iter__()):
            if self.lit and place == 2:
                if self.deadly:
                    os._exit(9)
                raise KeyboardInterrupt
            yield word


def fused(deadly=False):
    words = Fuse(("the", "of", "king"))
    made = some_embeddings()
    unlucky = Embeddings(words, made.counts, made.matrix)
    words.deadly, words.lit = deadly, True
    return unlucky


def test_an_interrupted_publish_leaves_nothing(db):
    """An interruption in the middle of the words leaves neither model nor words, and the store goes on working."""
    with Store.open(db, create=True) as store:
        with pytest.raises(KeyboardInterrupt):
            store.publish("news", fused(), CARD)
        assert [str(info) for info in store.models()] == ["news@1", "news@2", "wiki@1"]
        assert str(store.publish("news", some_embeddings(), CARD)) == "news@3"
    with connected(db) as connection:
        assert connection.execute("SELECT count(*) FROM words").fetchone() == (4 * 3,)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="ends a forked process in the middle of publishing")
def test_a_killed_publish_leaves_nothing(db):
    """A process that ends in the middle of publishing leaves the models that were there, whole."""
    child = os.fork()
    if child == 0:
        Store.open(db, create=True).publish("news", fused(deadly=True), CARD)
    assert os.waitpid(child, 0)[1] == 9 << 8
    with Store.open(db) as store:
        assert [str(info) for info in store.models()] == ["news@1", "news@2", "wiki@1"]
        assert same(store.load(store.find("news")), some_embeddings(seed=3))
    with connected(db) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_a_locked_file(db):
    """While another process writes, a store can be opened to publish, which gives up after its patience."""
    with connected(db) as other, Store.open(db, create=True, patience=0) as store:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="in use by another writer"):
            store.publish("news", some_embeddings(), {})
        with Store.open(db, create=True, patience=0) as another:
            assert len(another.models()) == 3
        other.rollback()
        assert str(store.publish("news", some_embeddings(), {})) == "news@3"


def test_readers_see_no_half_model(db):
    """While a model is being written, readers neither wait nor see anything of it."""
    with connected(db) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute(
            "INSERT INTO models (name, version, words, dimensions, created, vectors_sha256) "
            "SELECT name, 99, words, dimensions, created, '' FROM models LIMIT 1"
        )
        with Store.open(db, patience=0) as store:
            assert [str(info) for info in store.models()] == ["news@1", "news@2", "wiki@1"]
            assert same(store.load(store.find("news")), some_embeddings(seed=3))
        writer.rollback()


def test_writers_at_once_lose_nothing(tmp_path):
    """Several writers that make and fill the same store at once each get a version of their own."""
    path = tmp_path / "firth.db"

    def publish(seed):
        with Store.open(path, create=True) as store:
            return store.publish("news", some_embeddings(seed=seed), {}).version, seed

    with ThreadPoolExecutor(4) as pool:
        seeds = dict(pool.map(publish, range(12)))
    assert sorted(seeds) == list(range(1, 13))
    with Store.open(path) as store:
        assert all(same(store.load(store.find(f"news@{v}")), some_embeddings(seed=seed)) for v, seed in seeds.items())


def test_a_store_made_by_several_at_once(tmp_path):
    """Of several that make one new file at the same moment nobody is told that it is locked, again and again."""
    start = Barrier(4)

    def make(path):
        start.wait(60)
        with Store.open(path, create=True) as store:
            return store.models()

    with ThreadPoolExecutor(4) as pool:
        for number in range(8):
            assert list(pool.map(make, [tmp_path / f"{number}.db"] * 4)) == [[]] * 4


def test_a_file_that_another_program_holds_cannot_become_a_store(tmp_path):
    """Where the switch to the write-ahead log has to wait longer than the patience, that is told."""
    path = tmp_path / "firth.db"
    with connected(path) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="in use by another writer"):
            Store.open(path, create=True, patience=0)


def test_a_full_disk_loses_nothing(db):
    """Where the file cannot grow, publishing fails with the way out, and what was published stays whole."""
    large = some_embeddings([f"word number {i}" for i in range(20_000)])
    with Store.open(db, create=True) as store:
        with pytest.raises(StoreError, match=r"firth\.db .* published before are whole"), no_file_beyond(300_000):
            store.publish("large", large, {})
        assert str(store.publish("large", large, {})) == "large@1"
    with Store.open(db) as store:
        assert same(store.load(store.find("large")), large)
        assert same(store.load(store.find("news@1")), some_embeddings(seed=1))


@pytest.fixture(params=[0o555, 0o777], ids=["folder-read-only", "folder-writable"])
def read_only(request, db):
    """A store that cannot be written, seen by a user who is not root."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "firth.db"
        path.write_bytes(db.read_bytes())
        path.chmod(0o444)
        folder.chmod(request.param)
        was_root = os.geteuid() == 0
        if was_root:
            os.seteuid(65534)  # root may write anywhere; nobody may not
        try:
            yield path
        finally:
            if was_root:
                os.seteuid(0)
            folder.chmod(0o755)


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_read_only_store_can_be_read(read_only):
    """A store that we may not write answers, and nothing appears beside it."""
    before = state_of(read_only.parent)
    with Store.open(read_only) as store:
        assert same(store.load(store.find("news")), some_embeddings(seed=3))
    assert state_of(read_only.parent) == before


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_a_read_only_store_cannot_be_written(read_only):
    """Publishing into a store without permission says so and changes nothing."""
    before = state_of(read_only.parent)
    with pytest.raises(StoreError, match="permissions"), Store.open(read_only, create=True) as store:
        store.publish("news", some_embeddings(), {})
    assert state_of(read_only.parent) == before


# ---- reading without locks, beside someone who publishes ----


class Overtaken(Store):
    """A store to which something is done each time that the first rows of a model have been read."""

    @staticmethod
    def meanwhile():
        """What is done."""

    def _rows(self, connection, info, table):
        rows = super()._rows(connection, info, table)
        yield next(rows)
        self.meanwhile()
        yield from rows


@contextmanager
def as_root():
    """What another user does while the tests of `read_only` run as nobody."""
    user = os.geteuid()
    os.seteuid(os.getuid())
    try:
        yield
    finally:
        os.seteuid(user)


@pytest.fixture
def large():
    """A store with a model of several thousand rows, seen by a user who may not write it."""
    if os.name == "nt" or os.getuid():
        pytest.skip("needs root, who writes while nobody reads")
    with tempfile.TemporaryDirectory() as name:
        folder, path = Path(name), Path(name) / "firth.db"
        with Store.open(path, create=True) as store:
            store.publish("large", some_embeddings([f"w{i}" for i in range(5000)]), {})
        folder.chmod(0o555)
        os.seteuid(65534)
        try:
            yield path
        finally:
            os.seteuid(0)


def publish_another(path):
    with as_root(), Store.open(path, create=True) as store:
        store.publish("another", some_embeddings(), {})


def test_a_publication_while_reading_without_locks(large, monkeypatch):
    """What is published between opening and reading, or in the midst of reading, is seen, and the rows are right."""
    with Overtaken.open(large) as store:
        publish_another(large)
        assert [str(info) for info in store.models()] == ["another@1", "large@1"]
        todo = [lambda: publish_another(large)]
        monkeypatch.setattr(store, "meanwhile", lambda: todo and todo.pop()())
        assert same(store.load(store.find("large")), some_embeddings([f"w{i}" for i in range(5000)]))
        assert [str(info) for info in store.models()] == ["another@1", "another@2", "large@1"]


def test_a_store_that_never_holds_still(large, monkeypatch):
    """Reading without locks gives up when every try was overtaken, and says so."""
    with Overtaken.open(large) as store:
        monkeypatch.setattr(store, "meanwhile", lambda: publish_another(large))
        with pytest.raises(StoreError, match="written to again and again"):
            store.load(store.find("large"))


def test_vectors_read_without_locks_are_those_published(large):
    """Without locks, vectors that do not have the published hash are refused, though each row looks right."""
    with as_root(), connected(large) as connection:
        connection.execute("DROP TRIGGER words_never_change")
        connection.execute("UPDATE words SET vector = x'0000803f0000803f0000803f' WHERE row = 7")
    with Store.open(large) as store, pytest.raises(StoreError, match="not those that were published"):
        store.load(store.find("large"))


# ---- the newest ----


@pytest.mark.parametrize("names", [["a", "a", "b"], ["b", "a"], ["a", "b", "a"]])
def test_the_newest_is_the_one_published_last(tmp_path, names):
    """However fast models follow each other, and whatever their names and versions, their order is known."""
    with Store.open(tmp_path / "firth.db", create=True) as store:
        published = [store.publish(name, some_embeddings(), {}) for name in names]
        assert newest_first(store.models()) == published[::-1]
