"""Clients of 3Top/word2vec-api keep working, with correct answers: gensim's, and errors where gensim has none."""

import base64

import numpy as np
import pytest
from gensim.models import KeyedVectors

from service.app import create_app
from service.settings import ServiceSettings
from storage.embeddings import Embeddings
from storage.store import Store

WORDS = ("king", "queen", "man", "woman", "naïve", "void")
MATRIX = np.random.default_rng(1).standard_normal((len(WORDS), 5)).astype(np.float32)
MATRIX[-1] = 0


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("peer") / "firth.db"
    with Store.open(path, create=True) as store:
        store.publish("demo", Embeddings(WORDS, np.arange(len(WORDS), 0, -1, dtype=np.int64), MATRIX), {})
    return path


@pytest.fixture(scope="module")
def client(db):
    return create_app(db, ServiceSettings(word2vec_api="demo")).test_client()


@pytest.fixture(scope="module")
def gensim():
    """The same vectors in the library that 3Top's service wraps."""
    vectors = KeyedVectors(MATRIX.shape[1])
    vectors.add_vectors(list(WORDS[:-1]), MATRIX[:-1])  # of the last, most_similar would divide by zero
    return vectors


def test_bare_numbers_name_their_model_in_headers(client, db):
    """Where the body is a number alone, the model's name, version and hash are in the headers."""
    with Store.open(db) as store:
        info = store.find("demo")
    headers = client.get("/word2vec/similarity?w1=king&w2=queen").headers
    assert (headers["Firth-Model"], headers["Firth-Vectors-SHA256"]) == ("demo@1", info.vectors_sha256)


def test_similarity(client, gensim):
    """A bare number: the cosine."""
    answer = client.get("/word2vec/similarity?w1=king&w2=na%C3%AFve")
    assert answer.content_type == "application/json"
    assert answer.json == pytest.approx(gensim.similarity("king", "naïve"), abs=1e-6)


def test_n_similarity(client, gensim):
    """A bare number: the cosine of the mean vectors of two sets, given as repeated parameters."""
    answer = client.get("/word2vec/n_similarity?ws1=king&ws1=man&ws2=queen&ws2=woman&ws2=na%C3%AFve").json
    assert answer == pytest.approx(gensim.n_similarity(["king", "man"], ["queen", "woman", "naïve"]), abs=1e-6)


@pytest.mark.parametrize(
    ("query", "asked"),
    [
        ("positive=king&positive=woman&negative=man", {"positive": ["king", "woman"], "negative": ["man"]}),
        ("positive=king&negative=&topn=", {"positive": ["king"]}),
        ("positive=king&topn=2", {"positive": ["king"], "topn": 2}),
        ("negative=king&topn=2", {"negative": ["king"], "topn": 2}),
    ],
)
def test_most_similar(client, gensim, query, asked):
    """A list of pairs of word and cosine, by 3CosAdd as the name says; empty parameters are as if not given."""
    answer = client.get(f"/word2vec/most_similar?{query}").json
    expected = gensim.most_similar(**asked)
    assert [word for word, _ in answer] == [word for word, _ in expected]
    assert [score for _, score in answer] == pytest.approx([score for _, score in expected], abs=1e-6)


def test_model(client):
    """The vector's little-endian float32 bytes in base64, and no pickle."""
    text = client.get("/word2vec/model?word=queen").json
    assert np.frombuffer(base64.b64decode(text), "<f4") == pytest.approx(MATRIX[1], rel=1e-6)


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("similarity?w1=king&w2=quen", 404, "'quen' (did you mean queen?)"),
        ("n_similarity?ws1=king&ws1=quen&ws2=man", 404, "'quen'"),
        ("most_similar?positive=king&positive=quen", 404, "'quen'"),
        ("model?word=quen", 404, "'quen'"),
        ("similarity?w1=king", 400, "'w2' is missing"),
        ("n_similarity?ws1=king", 400, "'ws2' is missing"),
        ("most_similar?positive=king&topn=ten", 400, "whole number"),
        ("most_similar?positve=king", 400, "unknown parameter 'positve'"),
        ("most_similar?positive=king&topn=1001", 422, "from 1 to 1000"),
        ("most_similar", 422, ""),
        ("most_similar?positive=void", 422, "zero"),
        ("model_word_set", 404, "nothing is at"),
    ],
)
def test_errors_are_errors(client, path, status, said):
    """No unknown word is left out, nothing is null, NaN or a bare 500: errors have the service's one shape."""
    response = client.get(f"/word2vec/{path}")
    assert response.status_code == status
    assert said in response.json["error"]["message"]


def test_nothing_is_nan(client):
    """A word without direction has similarity 0."""
    assert client.get("/word2vec/similarity?w1=king&w2=void").json == 0


def test_off_by_default(db):
    """Unless it is switched on, nothing is there."""
    assert create_app(db).test_client().get("/word2vec/similarity?w1=king&w2=queen").status_code == 404


def test_the_latest_version_answers(db, client):
    """The model is named once for all clients; a name means its latest version."""
    before = client.get("/word2vec/model?word=king").json
    with Store.open(db, create=True) as store:
        store.publish("demo", Embeddings(WORDS, np.ones(len(WORDS), np.int64), MATRIX * 2), {})
    client.application.extensions["library"].catch_up()
    assert client.get("/word2vec/model?word=king").json != before
