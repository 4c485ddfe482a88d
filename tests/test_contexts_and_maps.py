"""Context vectors and a map are published with a model, or the model has none; files of the first schema have none."""

import gzip
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.commands.store import publish
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.training.model import load_model
from pipeline.training.stage import train_stage
from storage.embeddings import Embeddings
from storage.errors import InputError, StoreError
from storage.maps import Map
from storage.store import Store

WORDS = ("the", "of", "king")
FIRST_SCHEMA = Path(__file__).parent / "data" / "m001_models.db.gz"
"""A store as the first Firth wrote it: news@1, of three words and no more tables than its own."""


def some_embeddings():
    vectors = np.random.default_rng(1).standard_normal((3, 3)).astype(np.float32)
    return Embeddings(WORDS, np.array([3, 2, 1]), vectors)


def some_contexts():
    return np.random.default_rng(2).standard_normal((3, 3)).astype(np.float32)


def some_map(rows=(0, 2)):
    return Map(np.array(rows), np.arange(2 * len(rows), dtype=np.float32).reshape(-1, 2), np.arange(len(rows)) - 1)


@pytest.fixture
def db(tmp_path):
    """A store with `both`, `contexts` alone, `map` alone, and `neither`."""
    path = tmp_path / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("both", some_embeddings(), {}, contexts=some_contexts(), map=some_map())
        store.publish("contexts", some_embeddings(), {}, contexts=some_contexts())
        store.publish("map", some_embeddings(), {}, map=some_map())
        store.publish("neither", some_embeddings(), {})
    return path


@pytest.fixture
def old(tmp_path):
    """A file of the first schema."""
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(FIRST_SCHEMA.read_bytes()))
    return path


def same_map(one, other):
    pairs = ((one.rows, other.rows), (one.points, other.points), (one.clusters, other.clusters))
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def test_contexts_come_back(db):
    """A model published with context vectors has them, byte for byte; one without has none."""
    with Store.open(db) as store:
        for name in ("both", "contexts"):
            assert store.load_contexts(store.find(name)).tobytes() == some_contexts().tobytes()
        for name in ("map", "neither"):
            assert store.load_contexts(store.find(name)) is None


def test_a_map_comes_back(db):
    """A model published with a map has it, number for number; one without has none."""
    with Store.open(db) as store:
        for name in ("both", "map"):
            assert same_map(store.load_map(store.find(name)), some_map())
        for name in ("contexts", "neither"):
            assert store.load_map(store.find(name)) is None


@pytest.fixture(scope="module")
def growing(tmp_path_factory):
    """One store into which a property test publishes version after version."""
    with Store.open(tmp_path_factory.mktemp("growing") / "firth.db", create=True) as store:
        yield store


@given(st.data())
def test_round_trip(growing, data):
    """Whatever contexts and points are published, the same numbers are loaded."""
    floats = st.floats(width=32, allow_nan=False, allow_infinity=False)
    rows = sorted(data.draw(st.sets(st.integers(0, 2), min_size=1)))
    points = data.draw(arrays.arrays(np.float32, (len(rows), 2), elements=floats))
    clusters = data.draw(arrays.arrays(np.int64, len(rows)))
    contexts = data.draw(arrays.arrays(np.float32, (3, 3), elements=floats))
    drawn = Map(np.array(rows), points, clusters)
    info = growing.publish("any", some_embeddings(), {}, contexts=contexts, map=drawn)
    assert growing.load_contexts(info).tobytes() == contexts.tobytes()
    assert same_map(growing.load_map(info), drawn)


@pytest.mark.parametrize(
    ("contexts", "said"),
    [
        (np.ones((2, 3), np.float32), r"contexts \(2, 3\)"),
        (np.ones((3, 3)), "float64"),
        (np.full((3, 3), np.nan, np.float32), "'the' holds a number that is not finite"),
    ],
)
def test_contexts_that_do_not_fit_are_refused(db, contexts, said):
    """Contexts of another shape or type, or not finite, are refused, and nothing is published."""
    with Store.open(db, create=True) as store:
        with pytest.raises(InputError, match=said):
            store.publish("new", some_embeddings(), {}, contexts=contexts)
        assert len(store.models()) == 4


def test_a_map_of_other_words_is_refused(db):
    """A map with a row that the model does not have is refused, and nothing is published."""
    with Store.open(db, create=True) as store:
        with pytest.raises(InputError, match="row 3, but there are 3 words"):
            store.publish("new", some_embeddings(), {}, map=some_map((0, 3)))
        assert len(store.models()) == 4


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"rows": np.array([0])}, "do not fit"),
        ({"points": np.ones((2, 3), np.float32)}, "do not fit"),
        ({"clusters": np.array([0])}, "do not fit"),
        ({"rows": np.array([], np.int64), "points": np.ones((0, 2), np.float32), "clusters": np.array([], np.int64)},
         "do not fit"),
        ({"rows": np.array([0, 2], np.int32)}, "int32"),
        ({"points": np.ones((2, 2))}, "float64"),
        ({"clusters": np.ones(2)}, "float64"),
        ({"rows": np.array([2, 0])}, "ascend"),
        ({"rows": np.array([1, 1])}, "ascend"),
        ({"rows": np.array([-1, 1])}, "ascend"),
        ({"points": np.full((2, 2), np.inf, np.float32)}, "not finite"),
    ],
)  # fmt: skip
def test_a_map_checks_itself(changed, said):
    """Shapes or types that do not fit, rows that do not ascend, points that are not finite: no map is made."""
    with pytest.raises(InputError, match=said):
        Map(**{**vars(some_map()), **changed})


@pytest.mark.parametrize("statement", ["UPDATE contexts SET row = 7", "UPDATE maps SET x = 7"])
def test_published_rows_never_change(db, statement):
    """No program can update a row by accident: the database itself refuses."""
    with closing(sqlite3.connect(db)) as connection, pytest.raises(sqlite3.IntegrityError, match="never changes"):
        connection.execute(statement)


def test_the_tables_are_strict_and_belong_to_a_model(db):
    """Both tables hold the types they declare, and their rows go with their model."""
    with closing(sqlite3.connect(db)) as connection:
        strict = dict(connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
        query = 'SELECT "table", on_delete FROM pragma_foreign_key_list(?)'
        parents = [connection.execute(query, [table]).fetchall() for table in ("contexts", "maps")]
    assert strict["contexts"] == strict["maps"] == 1
    assert parents == [[("models", "CASCADE")]] * 2


@pytest.mark.parametrize(
    ("load", "damage"),
    [
        (Store.load_contexts, "UPDATE contexts SET vector = substr(vector, 1, 8) WHERE row = 1"),
        (Store.load_contexts, "UPDATE contexts SET vector = x'0000c07f0000000000000000' WHERE row = 1"),
        (Store.load_contexts, "UPDATE contexts SET row = 7 WHERE row = 1"),
        (Store.load_contexts, "DELETE FROM contexts WHERE row = 2"),
        (Store.load_map, "UPDATE maps SET row = 3 WHERE row = 2"),
        (Store.load_map, "UPDATE maps SET row = -1 WHERE row = 2"),
        (Store.load_map, "UPDATE maps SET x = 9e999 WHERE row = 2"),
        (Store.load_map, "UPDATE maps SET y = 1e300 WHERE row = 2"),
    ],
)
def test_damaged_rows_are_found(db, load, damage):
    """A lost row, a vector of another size, a number that is not finite: loading says that the file is damaged."""
    with closing(sqlite3.connect(db)) as connection, connection:
        for table in ("contexts", "maps"):
            connection.execute(f"DROP TRIGGER {table}_never_change")
        connection.execute(damage)
    with Store.open(db) as store, pytest.raises(StoreError, match=r"firth\.db is damaged: model both@1"):
        load(store, store.find("both"))


def test_a_file_of_the_first_schema_is_read_as_it_is(old):
    """A reader finds its models, without contexts and maps, and changes no byte of it."""
    before = old.read_bytes()
    with Store.open(old) as store:
        info = store.find("news")
        assert store.load(info).matrix.tobytes() == some_embeddings().matrix.tobytes()
        assert store.card(info) == {"settings": {"vector_size": 3}}
        assert store.load_contexts(info) is None
        assert store.load_map(info) is None
    assert old.read_bytes() == before


def test_a_file_of_the_first_schema_grows_when_it_is_published_to(old):
    """Opened to publish, it takes contexts and maps, and keeps what it had."""
    with Store.open(old, create=True) as store:
        info = store.publish("news", some_embeddings(), {}, contexts=some_contexts(), map=some_map())
    with Store.open(old) as store:
        assert str(info) == "news@2"
        assert same_map(store.load_map(info), some_map())
        first = store.find("news@1")
        assert store.load(first).words == WORDS
        assert store.load_contexts(first) is None


@pytest.mark.parametrize("loss", ["ns", "hs", "softmax"])
def test_a_trained_model_is_stored_with_its_contexts(lee_tokens, tmp_path, loss):
    """`firth store` publishes the output matrix, byte for byte; not the tree's nodes of hierarchical softmax."""
    folder, db = tmp_path / "model", tmp_path / "firth.db"
    settings = TrainSettings(vector_size=4, epochs=1, loss=loss)
    train_stage(lee_tokens, StageFolder(folder), VocabularySettings(), settings)
    info = publish(folder, "lee", db, force=False)
    trained = load_model(folder).contexts
    with Store.open(db) as store:
        stored = store.load_contexts(info)
    assert stored is None if loss == "hs" else stored.tobytes() == trained.tobytes()
