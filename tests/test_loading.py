"""An engine answers the same from derived files as from the store, whatever becomes of the files."""

import logging
import os
import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from service import questions
from service.engine import Engine
from service.loading import derive, load_vectors, load_vectors_once
from service.vectors import UnitVectors
from storage.array_folder import HEADER
from storage.derived import DerivedFiles
from storage.embeddings import Embeddings
from storage.errors import StoreError, UnknownWord
from storage.store import Store
from tests.limits import no_file_beyond

WORDS = ("the", "Café", "cafe", "a\nb", "naïve", *(f"word{i}" for i in range(300)), "zero", "ÉTÉ")


def published(path, seed=1):
    """Publish a model with a zero vector among others, with contexts."""
    random = np.random.default_rng(seed)
    matrix, contexts = (random.standard_normal((len(WORDS), 48)).astype(np.float32) for _ in range(2))
    matrix *= np.geomspace(1e-20, 1e20, len(WORDS), dtype=np.float32)[:, np.newaxis]
    matrix[WORDS.index("zero")] = 0
    embeddings = Embeddings(WORDS, np.arange(len(WORDS), 0, -1), matrix)
    with Store.open(path, create=True) as store:
        return store.publish("news", embeddings, {}, contexts=contexts)


@pytest.fixture
def db(tmp_path):
    """A store with news@1."""
    published(tmp_path / "firth.db")
    return tmp_path / "firth.db"


def info_of(db):
    with Store.open(db) as store:
        return store.find("news")


def folders(db):
    """What lies beside the store, but for the lock."""
    return [path.name for path in DerivedFiles(db).folder.iterdir() if path.name != ".lock"]


def answers(vectors):
    """Answers to questions that need everything a model has."""
    engine = Engine(vectors)
    asked = [
        questions.Neighbors(word="the", topn=300),
        questions.Neighbors(word="cafe", prefix="WORD1", case="fold"),
        questions.Neighbors(word="the", pattern=".*[aé].*"),
        questions.Analogy(a="the", b="word7", c="naïve"),
        questions.Vector(word="word3"),
        questions.Words(prefix="caf"),
        questions.Words(prefix="ete"),
        questions.Contexts(word="a\nb", topn=20),
        questions.Rank(a="the", b="ÉTÉ"),
        questions.Similarities(a=("Café", "gone"), b=("word1", "the"), on_missing="skip"),
    ]
    with pytest.raises(UnknownWord) as unknown:
        engine.answer(questions.Neighbors(word="wrod17"))
    return [engine.answer(question).as_dict() for question in asked], unknown.value.near


@pytest.fixture
def expected(db):
    """The answers from the store itself."""
    with Store.open(db) as store:
        info = store.find("news")
        contexts = store.load_contexts(info)
        return answers(UnitVectors.of(store.load(info), lambda: contexts))


def is_mapped(vectors):
    """Whether the arrays lie in files."""
    return isinstance(vectors.unit.base, np.memmap)


def test_answers_from_files_are_those_from_the_store(db, expected):
    """Made, written and mapped at once, mapped again, or mapped for one question: the answers are the same."""
    info = info_of(db)
    assert answers(load_vectors_once(db, info)) == expected
    assert not DerivedFiles(db).folder.exists()
    for load in (load_vectors, load_vectors, load_vectors_once):
        vectors = load(db, info)
        assert is_mapped(vectors)
        assert answers(vectors) == expected


def test_publishing_derives(db, expected):
    """What was derived when a model was published is mapped."""
    with Store.open(db, create=True) as store:
        info = store.find("news")
        derive(store, info, store.load(info), store.load_contexts(info))
    assert is_mapped(load_vectors_once(db, info))
    assert answers(load_vectors_once(db, info)) == expected


def lost(folder):
    shutil.rmtree(folder)


def without_header(folder):
    (folder / HEADER).unlink()


def cut(folder):
    os.truncate(folder / "unit.npy", 1000)


def changed(folder):
    with (folder / "unit.npy").open("r+b") as file:
        file.seek(1000)
        file.write(b"changed")


def of_another_model(folder):
    elsewhere = folder.with_name("elsewhere.db")
    other = published(elsewhere, seed=2)
    load_vectors(elsewhere, other)
    shutil.rmtree(folder)
    shutil.copytree(DerivedFiles(elsewhere).of(other), folder)


@pytest.mark.parametrize("damage", [lost, without_header, cut, changed, of_another_model])
def test_damaged_files_are_made_again(db, expected, damage):
    """Files that are lost, damaged or stale change no answer, and are made again by whoever answers many questions."""
    info = info_of(db)
    load_vectors(db, info)
    damage(DerivedFiles(db).of(info))
    assert answers(load_vectors_once(db, info)) == expected
    assert not is_mapped(load_vectors_once(db, info))
    vectors = load_vectors(db, info)
    assert is_mapped(vectors)
    assert answers(vectors) == expected
    assert is_mapped(load_vectors_once(db, info))


def test_files_of_another_layout_are_made_again(db, expected, monkeypatch):
    """Files that another version of Firth wrote, with other things in them, change no answer and are made again."""
    info = info_of(db)
    monkeypatch.setattr("service.loading._LAYOUT", 0)
    load_vectors(db, info)
    monkeypatch.undo()
    assert not is_mapped(load_vectors_once(db, info))
    assert answers(load_vectors(db, info)) == expected
    assert is_mapped(load_vectors_once(db, info))


def test_files_of_models_that_are_gone_go_too(db):
    """When files are written, those of models that the store no longer has are taken away."""
    first = info_of(db)
    load_vectors(db, first)
    second = published(db, seed=2)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = on")
        connection.execute("DELETE FROM models WHERE version = 1")
    load_vectors(db, second)
    assert folders(db) == [DerivedFiles(db).of(second).name]


def test_vectors_that_are_not_those_published_are_not_derived(db):
    """Where a store's vectors do not have their hash, nothing is made of them."""
    info = info_of(db)
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DROP TRIGGER words_never_change")
        connection.execute("UPDATE words SET vector = zeroblob(length(vector)) WHERE row = 3")
    with pytest.raises(StoreError, match="not those that were published"):
        load_vectors(db, info)
    assert folders(db) == []


def test_several_at_once(db, expected, caplog):
    """Of several that load a model at the same moment one makes the files, the others wait for them, and all answer."""
    info = info_of(db)
    with ThreadPoolExecutor(4) as pool, caplog.at_level(logging.DEBUG, "service.loading"):
        for vectors in pool.map(lambda _: load_vectors(db, info), range(4)):
            assert answers(vectors) == expected
    assert caplog.text.count("is mapped from") == 1
    assert folders(db) == [DerivedFiles(db).of(info).name]


@pytest.fixture(params=["without files", "with files"])
def read_only(request, db):
    """A store in a folder that cannot be written, seen by a user who is not root, with derived files or without."""
    if os.name == "nt":
        pytest.skip("needs POSIX permissions")
    if request.param == "with files":
        load_vectors(db, info_of(db))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "folder"
        shutil.copytree(db.parent, folder)
        folder.chmod(0o555)
        Path(name).chmod(0o755)
        was_root = os.geteuid() == 0
        if was_root:
            os.seteuid(65534)  # root may write anywhere; nobody may not
        try:
            yield folder / db.name, request.param == "with files"
        finally:
            if was_root:
                os.seteuid(0)
            folder.chmod(0o755)


def test_a_folder_that_cannot_be_written(expected, read_only, caplog):
    """There, files that are there are mapped, and without them memory answers, which is told; nothing appears."""
    path, has_files = read_only
    before = sorted(path.parent.rglob("*"))
    vectors = load_vectors(path, info_of(path))
    assert is_mapped(vectors) == has_files
    assert answers(vectors) == expected
    assert ("is answered from memory" in caplog.text) == (not has_files)
    assert sorted(path.parent.rglob("*")) == before


def test_a_full_disk(db, expected, caplog):
    """Where the files do not fit, memory answers, which is told, and nothing half written is left."""
    info = info_of(db)
    with no_file_beyond(50_000):
        vectors = load_vectors(db, info)
    assert answers(vectors) == expected
    assert "is answered from memory" in caplog.text
    assert folders(db) == []
