"""The map of a vocabulary: the same for the same vectors, finite, and near what is near; stored, named, and served."""

import hashlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.commands.store import MapSettings, publish
from pipeline.map.clusters import cluster, names_of
from pipeline.map.making import FEWEST, make_map, trustworthiness
from pipeline.map.projection import project
from service.app import create_app
from service.nearest import unit_rows
from service.vocabulary_map import vocabulary_map
from storage.embeddings import Embeddings
from storage.errors import SettingError
from storage.maps import Map
from storage.store import Store

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "service" / "static" / "vendor"
MAKE = """
import hashlib, sys
import numpy as np
from pipeline.map.making import make_map
from storage.embeddings import Embeddings
matrix = np.random.default_rng(3).normal(size=(300, 12)).astype(np.float32)
words = tuple(f"w{row}" for row in range(300))
made = make_map(Embeddings(words, np.arange(300, 0, -1, dtype=np.int64), matrix), 300, lambda share: None)
print(hashlib.sha256(made.map.points.tobytes() + made.map.clusters.tobytes()).hexdigest())
"""


def ignored(_share):
    pass


def embeddings(matrix):
    size = len(matrix)
    return Embeddings(tuple(f"w{row}" for row in range(size)), np.arange(size, 0, -1, dtype=np.int64), matrix)


@pytest.fixture(scope="module")
def made(lee_model):
    """The map of the stories' model."""
    return make_map(lee_model.embeddings, 700, ignored)


@pytest.fixture(scope="module")
def db(lee_model, lee_tokens, tmp_path_factory):
    """A store with `mapped`, which has a map, and `plain`, which has none; both are the stories' model."""
    path = tmp_path_factory.mktemp("mapped") / "firth.db"
    assert len(lee_model.embeddings) > 200
    model = lee_tokens.parent / "model"
    publish(model, "mapped", path, MapSettings(map_words=200), force=False)
    publish(model, "plain", path, MapSettings(map_words=0), force=False)
    return path


@pytest.fixture(scope="module")
def client(db):
    return create_app(db).test_client()


# ---- made ----


def map_of_another_process(threads):
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), threads)
    command, environment = [sys.executable, "-c", MAKE], {**os.environ, **threads}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True).stdout


def test_the_same_vectors_give_the_same_map():
    """Points and clusters are the same to the byte, whatever the number of threads of BLAS and OpenMP."""
    assert map_of_another_process("1") == map_of_another_process("3")


def test_near_words_stay_near(lee_model, made):
    """Trustworthiness is above 0.8, where a map drawn by chance has about 0.5."""
    unit = unit_rows(lee_model.embeddings.matrix[:700])
    shuffled = np.random.default_rng(1).permutation(made.map.points)
    assert made.about["trustworthiness"] > 0.8
    assert trustworthiness(unit, shuffled) < 0.6


def test_the_map_has_the_most_frequent_words(made):
    """The map has as many words as were wanted, by rank, inside the frame, which it fills in one direction."""
    assert made.map.rows.tolist() == list(range(700))
    assert np.abs(made.map.points).max() == 1
    assert made.about["words"] == 700


def test_a_map_of_more_words_than_there_are_has_them_all(lee_model):
    """The number of words wanted is a bound."""
    few = embeddings(lee_model.embeddings.matrix[:50])
    assert len(make_map(few, 10_000, ignored).map) == 50


def test_progress_ends_with_the_work(lee_model):
    """The share of the work that is done grows up to 1."""
    shares = []
    project(unit_rows(lee_model.embeddings.matrix[:40]), shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


@pytest.mark.parametrize(
    "matrix",
    [
        np.ones((FEWEST, 3)),
        np.zeros((FEWEST, 3)),
        np.arange(1, 31).reshape(30, 1),
        np.vstack([np.zeros((20, 4)), np.eye(4), -np.eye(4)]),
        np.random.default_rng(1).normal(size=(FEWEST, 2)) * 1e30,
    ],
    ids=["all alike", "all zero", "one dimension", "many zero", "huge"],
)
def test_odd_vectors_have_a_map_too(matrix):
    """Vectors that are equal, zero, on a line or huge get finite points inside the frame."""
    made = make_map(embeddings(matrix.astype(np.float32)), len(matrix), ignored)
    assert np.abs(made.map.points).max() <= 1
    assert all(made.about["clusters"])


@settings(max_examples=20)
@given(st.integers(1, 120), st.integers(1, 4), st.integers(0, 5))
def test_clusters_are_numbered_by_size(size, dimensions, seed):
    """The clusters are numbered from 0 without a gap, none is empty, and the largest is first."""
    unit = unit_rows(np.random.default_rng(seed).integers(-1, 2, (size, dimensions)).astype(np.float32))
    sizes = np.bincount(cluster(unit))
    assert sizes.min() > 0
    assert (np.diff(sizes) <= 0).all()


def test_a_cluster_is_named_by_frequent_words_of_its_middle():
    """Names are those of its frequent words that are nearest to its mean: neither outsiders nor rare words."""
    angles = np.radians([80, 12, 5, 20, 70, 10, 60, 75, 65, 85, *range(11)])
    unit = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    assert names_of(np.zeros(21, np.int64), unit, "abcdefghijklmnopqrstu") == [["b", "d", "f"]]


# ---- stored ----


def test_a_stored_map_is_the_one_that_was_made(db, lee_model):
    """`firth store` keeps the map of as many words as were wanted, and how it was made in the card."""
    made = make_map(lee_model.embeddings, 200, ignored)
    with Store.open(db) as store:
        info = store.find("mapped")
        kept, card = store.load_map(info), store.card(info)
    np.testing.assert_array_equal(kept.points, made.map.points)
    np.testing.assert_array_equal(kept.clusters, made.map.clusters)
    assert card["map"] == json.loads(json.dumps(made.about))
    assert card["settings"]["map_words"] == 200


def test_a_map_is_made_once(db, lee_tokens, capsys):
    """A model that is published with the map that is wanted is not published again; with another map, it is."""
    model = lee_tokens.parent / "model"
    again = publish(model, "mapped", db, MapSettings(map_words=200), force=False)
    assert str(again) == "mapped@1"
    assert "not run again" in capsys.readouterr().out
    assert str(publish(model, "mapped", db, MapSettings(map_words=0), force=False)) == "mapped@2"
    with Store.open(db) as store:
        assert store.load_map(store.find("mapped@1")) is not None
        assert store.load_map(store.find("mapped@2")) is None


def test_fewer_than_no_words_are_refused():
    """--map-words below 0 is wrong usage."""
    with pytest.raises(SettingError, match="map_words"):
        MapSettings(map_words=-1)


# ---- served ----


def test_the_map_over_http_is_the_stored_one(client, db, lee_model):
    """The document has the model, each word with its place, cluster and count, and the clusters' names of the card."""
    answer = client.get("/api/v1/models/mapped@1/map").json
    with Store.open(db) as store:
        info = store.find("mapped@1")
        kept, card = store.load_map(info), store.card(info)
    assert answer["model"] == {"name": "mapped", "version": 1, "vectors_sha256": info.vectors_sha256}
    assert answer["words"] == list(lee_model.embeddings.words[:200])
    assert answer["count"] == lee_model.embeddings.counts[:200].tolist()
    np.testing.assert_array_equal(np.array([answer["x"], answer["y"]], np.float32).T, kept.points)
    assert answer["cluster"] == kept.clusters.tolist()
    assert answer["names"] == card["map"]["clusters"]


def test_a_map_that_the_client_has_is_not_sent_again(client):
    """The entity tag of the map is answered with 304."""
    first = client.get("/api/v1/models/mapped@1/map")
    second = client.get("/api/v1/models/mapped@1/map", headers={"If-None-Match": first.headers["ETag"]})
    assert (second.status_code, second.data) == (304, b"")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("plain/map", 422, "unusable"),
        ("nowhere/map", 404, "unknown_model"),
        ("mapped@1/map?word=x", 400, "malformed"),
    ],
)
def test_what_has_no_map_is_said(client, path, status, code):
    """A model without a map, no such model, and parameters that a map does not have are errors with a reason."""
    response = client.get(f"/api/v1/models/{path}")
    assert (response.status_code, response.json["error"]["code"]) == (status, code)
    assert response.json["error"]["message"]


def test_a_map_without_a_card_has_names_too():
    """Clusters of a map that others stored, whatever their numbers, are named by their most frequent words."""
    drawn = Map(np.array([0, 2, 3]), np.zeros((3, 2), np.float32), np.array([7, -1, 7]))
    shown = vocabulary_map(drawn, "abcd", np.arange(4, 0, -1), {})
    assert shown.words == ("a", "c", "d")
    assert shown.cluster == (1, 0, 1)
    assert shown.names == (("c",), ("a", "d"))


# ---- drawn by others' files ----


@pytest.mark.parametrize(
    ("name", "sha256", "license_name"),
    [
        ("picogl.min.js", "e974d598d62319b9bece472a3dfcc99130ce5bef6792bf791b92a6ceaaf6d017", "The MIT License"),
        ("kdbush.js", "879feffa0d443787c752809bd975d106c5f98fbb81921bef9aed22e834a252d1", "ISC License"),
    ],
)
def test_vendored_files_are_those_of_their_packages(client, name, sha256, license_name):
    """Each is served byte for byte as published, makes no code from text, and has its license beside it."""
    served = client.get(f"/static/vendor/{name}", buffered=True).data
    about = (VENDORED / "README.txt").read_text("utf-8")
    assert hashlib.sha256(served).hexdigest() == sha256
    assert not re.search(rb"\beval\(|new Function", served)
    license_file = f"{name.split('.')[0]}-license.txt"
    assert license_name in (VENDORED / license_file).read_text("utf-8")
    assert name in about
    assert license_file in about
