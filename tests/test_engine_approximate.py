"""Approximate search is chosen for each question, says what it is, and changes no score."""

import dataclasses
import json
import logging
import os
import sys

import numpy as np
import pytest

from pipeline.asking.readable import notes
from pipeline.asking.session import Session
from service import questions
from service.app import create_app
from service.approximating import load_approximate, open_approximate
from service.engine import Engine
from service.loading import derived_files, load_vectors
from service.nearest import Index
from service.settings import ServiceSettings
from storage.embeddings import Embeddings
from storage.errors import SettingError, UnusableQuestion
from storage.store import Store
from tests.serving import fetch, running

WORDS = tuple(f"w{row}" for row in range(2000))
ASKED = {
    "neighbors": questions.Neighbors(word="w5"),
    "neighbors-of-vector": questions.NeighborsOfVector(vector=tuple(float(n) for n in range(16))),
    "most-similar": questions.MostSimilar(positive=("w5", "w6"), negative=("w7",)),
    "analogy": questions.Analogy(a="w5", b="w6", c="w7"),
    "analogy-from-examples": questions.AnalogyFromExamples(a=("w5",), b=("w6",), c="w7"),
    "closer-than": questions.CloserThan(a="w5", b="w900"),
}
OTHERS = {
    "3cosmul": questions.Analogy(a="w5", b="w6", c="w7", method="3cosmul"),
    "pairdirection": questions.Analogy(a="w5", b="w6", c="w7", method="pairdirection"),
    "lrcos": questions.AnalogyFromExamples(a=("w5",), b=("w6",), c="w7", method="lrcos"),
}
NAME = "approximate.ivf"
ADDRESS = "/api/v1/models/news/neighbors?word=w5"


@pytest.fixture
def db(tmp_path):
    """A store with a model of 2,000 words, one of them with the zero vector."""
    matrix = np.random.default_rng(3).standard_normal((len(WORDS), 16)).astype(np.float32)
    matrix[8] = 0
    with Store.open(tmp_path / "firth.db", create=True) as store:
        store.publish("news", Embeddings(WORDS, np.arange(len(WORDS), 0, -1), matrix), {})
    return tmp_path / "firth.db"


def loaded(db):
    """The model, its vectors and their exact index."""
    with Store.open(db) as store:
        info = store.find("news")
    vectors = load_vectors(db, info)
    return info, vectors, Index(vectors.unit, vectors.quantized)


@pytest.fixture
def engine(db):
    """An engine with an approximate index that reads one list only, and so misses words."""
    info, vectors, exact = loaded(db)
    index = load_approximate(db, info, vectors, exact)
    index._lists.nprobe = 1
    return Engine(vectors, approximate=lambda _: index)


def approximately(question):
    return dataclasses.replace(question, search="approximate")


def lists_of(answer):
    names = ("neighbors", "nearest_to_c", "unexcluded")
    return {name: getattr(answer, name) for name in names if hasattr(answer, name)}


@pytest.mark.parametrize("name", ASKED)
def test_scores_are_exact(engine, name):
    """What is found is in the exact ranking with the same score, in the same order; the answer carries the note."""
    answer = engine.answer(approximately(ASKED[name]))
    everyone = lists_of(engine.answer(dataclasses.replace(ASKED[name], topn=1000)))
    assert answer.approximate == engine.approximate.note
    for column, found in lists_of(answer).items():
        assert found == tuple(near for near in everyone[column] if near in found)
        assert len(found) == 10


def test_words_can_be_missing(engine):
    """The index is really asked: with one list to read, not all of the nearest are found."""
    exact = engine.answer(ASKED["neighbors"])
    assert engine.answer(approximately(ASKED["neighbors"])).neighbors != exact.neighbors


@pytest.mark.parametrize("name", ASKED)
def test_exact_is_the_default(engine, name):
    """Who does not choose gets the exact answer, which says so; asking for it by name is the same."""
    answer = engine.answer(ASKED[name])
    assert answer.approximate is None
    assert engine.answer(dataclasses.replace(ASKED[name], search="exact")) == answer
    assert list(answer.as_dict())[-4:] == ["approximate", "composed", "used", "missing"]


@pytest.mark.parametrize("filters", [{"min_rank": 2}, {"prefix": "w1"}, {"allow": WORDS[10:40]}])
@pytest.mark.parametrize("name", ASKED)
def test_filtered_questions_are_answered_exactly(engine, name, filters):
    """Where words are filtered, all of the nearest are found."""
    question = dataclasses.replace(ASKED[name], **filters)
    assert lists_of(engine.answer(approximately(question))) == lists_of(engine.answer(question))


@pytest.mark.parametrize("name", OTHERS)
def test_methods_of_more_than_a_cosine_are_refused(engine, name):
    """They are never answered exactly under the name of an approximate search; the reason is given."""
    with pytest.raises(UnusableQuestion, match=f"{name} does not rank by one cosine"):
        engine.answer(approximately(OTHERS[name]))


def test_without_an_index(db):
    """The refusal names the way out."""
    engine = Engine(loaded(db)[1])
    with pytest.raises(UnusableQuestion, match=r"firth serve --approximate.*firth\[approximate\]"):
        engine.answer(approximately(ASKED["neighbors"]))


# ---- kept beside the derived files ----


def damaged_note(path):
    path.with_name(f"{path.name}.json").write_text("{", "utf-8")


def cut(path):
    os.truncate(path, 100)


def touched(path):
    os.utime(path, ns=(1, 1))


def of_another_faiss(path):
    path.write_bytes(b"another format")
    beside, found = path.with_name(f"{path.name}.json"), path.stat()
    about = json.loads(beside.read_text("utf-8"))
    about["file"] = {"bytes": found.st_size, "modified_ns": found.st_mtime_ns}
    beside.write_text(json.dumps(about), "utf-8")


@pytest.mark.parametrize("damage", [damaged_note, cut, touched, of_another_faiss])
def test_a_damaged_index_is_made_again(db, damage, caplog):
    """It is not believed, which is told, and written anew with the same note."""
    info, vectors, exact = loaded(db)
    first = load_approximate(db, info, vectors, exact)
    damage(derived_files(db).of(info) / NAME)
    assert open_approximate(db, info, vectors, exact) is None
    assert "is not believed" in caplog.text
    assert load_approximate(db, info, vectors, exact).note == first.note
    assert open_approximate(db, info, vectors, exact).note == first.note


def test_a_folder_that_is_not_there(db, caplog):
    """Without a folder of derived files no index is made, which is told."""
    info, vectors, exact = loaded(db)
    derived_files(db).of(info).rename(db.with_name("elsewhere"))
    assert load_approximate(db, info, vectors, exact) is None
    assert "has no approximate index" in caplog.text


def test_the_command_line_opens_what_is_there(db):
    """A session has no index until a service has made one; then it says below the answer how it was searched."""
    asked = approximately(ASKED["neighbors"])
    with pytest.raises(UnusableQuestion):
        Session(db).open("news").engine.answer(asked)
    load_approximate(db, *loaded(db))
    answer = Session(db).open("news").engine.answer(asked)
    assert notes(answer, folded=False)[0].startswith("Searched approximately, ")


# ---- the service ----


def test_http(db, caplog):
    """Without the option 422; with it large models have an index, made once and told in the log, and others none."""
    assert create_app(db).test_client().get(f"{ADDRESS}&search=approximate").status_code == 422
    too_large = ServiceSettings(approximate=True, approximate_from=2000 * 16 + 1)
    assert create_app(db, too_large).test_client().get(f"{ADDRESS}&search=approximate").status_code == 422
    with caplog.at_level(logging.INFO, "service.approximating"):
        for _ in range(2):
            client = create_app(db, ServiceSettings(approximate=True, approximate_from=2000 * 16)).test_client()
            found = client.get(f"{ADDRESS}&search=approximate").json
            assert set(found["approximate"]) == {"lists", "probes", "recall_at_10", "recall_at_10_of_sums"}
            assert client.get(ADDRESS).json["approximate"] is None
    assert caplog.text.count("has an approximate index, made in") == 1


def test_without_faiss_the_service_does_not_start(db, monkeypatch):
    """Asked for an index that it cannot make, it says what to install."""
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(SettingError, match=r"firth\[approximate\]"):
        create_app(db, ServiceSettings(approximate=True))


def test_processes_share_it(db):
    """Processes forked after it was made answer from it."""
    with running(db, service={"approximate": True, "approximate_from": 1}) as (_, address):
        _, answer = fetch(f"{address.rstrip('/')}{ADDRESS}&search=approximate")
    assert answer["approximate"]["recall_at_10"] > 0.9
