"""`serve` answers over a real socket, stops when it is told to, and explains why it cannot start."""

import json
import signal
import socket
import sys
import urllib.error

import numpy as np
import pytest

from service.running import Running
from service.server import serve
from storage.embeddings import Embeddings
from storage.errors import FirthError, SettingError, StoreError
from storage.store import Store
from tests.serving import exchange, fetch, running


@pytest.fixture(scope="module")
def db(tmp_path_factory):
    path = tmp_path_factory.mktemp("server") / "firth.db"
    words = ("king", "queen", "man")
    vectors = np.array([[1, 0], [1, 1], [0, 1]], np.float32)
    with Store.open(path, create=True) as store:
        store.publish("news", Embeddings(words, np.ones(3, np.int64), vectors), {})
    return path


@pytest.mark.parametrize(
    "server",
    [
        pytest.param("gunicorn", marks=pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")),
        "waitress",
    ],
)
def test_a_real_server_answers_and_stops(db, server):
    """A started process answers questions over TCP, and at SIGTERM it ends by itself, without an error."""
    with running(db, server) as (process, address):
        headers, alive = fetch(f"{address}livez")
        _, answer = fetch(f"{address}api/v1/models/news/neighbors?word=king&topn=1")
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        assert process.wait(60) == 0
    assert alive == {"status": "ok"}
    assert "Content-Security-Policy" in headers
    assert [neighbor["word"] for neighbor in answer["neighbors"]] == ["queen"]
    assert rest.endswith("Firth has stopped\n")
    assert rest.count("Firth has stopped") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")
def test_long_words_fit_into_a_request(db):
    """Three words of the greatest length in four-byte letters reach the application, which does not know them."""
    long = "%F0%9F%A6%8A" * 200
    with running(db, "gunicorn") as (_, address):
        with pytest.raises(urllib.error.HTTPError) as caught:
            fetch(f"{address}api/v1/models/news/analogy?a={long}&b={long}&c={long}")
        with caught.value as response:
            assert json.load(response)["error"]["code"] == "unknown_word"


UNREADABLE = {
    b"GET /" + b"x" * 9000 + b" HTTP/1.1": (414, "too_long"),
    b"GET / HTTP/1.1\r\nCookie: " + b"x" * 9000: (431, "headers_too_large"),
    b"GET / HTTP/1.1\r\n" + b"\r\n".join([b"Cookie: x"] * 101): (431, "headers_too_large"),
    "GET /api/v1/models/news/neighbors?word=naïve HTTP/1.1".encode(): (400, "malformed"),
    b"GET /api/v1/models/news/neighbors?word=two words HTTP/1.1": (400, "malformed"),
    b"GET / HTTP/1.1\r\nTransfer-Encoding: none": (400, "malformed"),
    b"hello": (400, "malformed"),
}


@pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")
def test_what_gunicorn_refuses_has_the_one_shape(db):
    """A request that never reaches the application is refused as the application would have done."""
    with running(db, "gunicorn") as (_, address):
        for request, expected in UNREADABLE.items():
            response, document = exchange(address, request)
            error = document["error"]
            assert list(error) == ["code", "message", "status", "missing", "subwords", "near", "request_id"]
            assert (error["status"], error["code"]) == (response.status, error["code"]) == expected
            assert response.headers["Content-Type"] == "application/json"
            assert "Content-Security-Policy" in response.headers


def test_a_port_in_use(db):
    """Where another program listens, the start fails with the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(FirthError, match=f"port {port}.*choose another with --host or --port"):
            serve(db, running=Running(port=port))


def test_an_address_that_is_not_ours(db):
    """A host name that means nothing here is explained."""
    with pytest.raises(FirthError, match=r"cannot listen on no\.such\.host\.invalid"):
        serve(db, host="no.such.host.invalid", running=Running(port=0))


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_out_of_range(db, port):
    """A port is 0 to 65535."""
    with pytest.raises(SettingError, match="0 to 65535"):
        serve(db, running=Running(port=port))


def test_no_store(tmp_path):
    """Without a store there is nothing to serve, and that is said before any port is taken."""
    with pytest.raises(StoreError, match="no store at"):
        serve(tmp_path / "missing.db", running=Running(port=0))
