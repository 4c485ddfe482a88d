"""The service under real load: models swapped, processes killed, slow clients, numbers and logs of all processes."""

import contextlib
import json
import os
import re
import signal
import sqlite3
import sys
import threading
import urllib.error
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from storage.embeddings import Embeddings
from storage.store import Store
from tests.serving import PATIENCE, client, dial, exchange, fetch, read, running, wait_until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn needs fork")

NEIGHBORS = "/api/v1/models/m/neighbors?word=king&topn=1"


def publish(path, number):
    """Publish m, whose version `number` says 'v<number>' to whoever asks for the neighbor of king."""
    words = ("king", f"v{number}", "other")
    vectors = np.array([[1, 0], [1, 0.1], [0, 1]], np.float32)
    with Store.open(path, create=True) as store:
        assert store.publish("m", Embeddings(words, np.array([3, 2, 1]), vectors), {}).version == number


def withdraw(path, number):
    """Take a version out of the store, as a rollback does."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA foreign_keys = on")
        connection.execute("DELETE FROM models WHERE version = ?", [number])


@pytest.fixture
def db(tmp_path):
    """A store where m@1 says v1."""
    path = tmp_path / "firth.db"
    publish(path, 1)
    return path


def ask(connection, path=NEIGHBORS):
    """The version that answered on a connection that is kept; the answer is wholly of that version."""
    connection.request("GET", path)
    response = connection.getresponse()
    answer = json.load(response)
    assert response.status == 200, answer
    assert answer["neighbors"][0]["word"] == f"v{answer['model']['version']}"
    return answer["model"]["version"]


@contextlib.contextmanager
def load(address, clients=8):
    """Clients that ask without pause; a list of which versions answered, one after the other."""
    stop, seen = threading.Event(), []

    def keep_asking():
        with closing(client(address)) as connection:
            while not stop.is_set():
                seen.append(ask(connection))

    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(keep_asking) for _ in range(clients)]
        try:
            yield seen
        finally:
            stop.set()
            for future in futures:
                future.result(PATIENCE)


def workers(process):
    """The worker processes of a gunicorn."""
    return psutil.Process(process.pid).children()


def ready(address):
    """The versions that answer, where the process that was asked is ready."""
    with closing(client(address)) as connection:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        body = json.load(response)
    assert (response.status, body["status"]) in ((200, "ready"), (503, "loading"))
    return [model["answering"] for model in body["models"]] if response.status == 200 else None


def answered_by(seen, version):
    """Whether this version, and nothing else, answers the next fifty requests."""
    before = len(seen)
    wait_until(lambda: len(seen) >= before + 50)
    return set(seen[before:]) == {version}


@pytest.mark.parametrize("server", ["gunicorn", "waitress"])
def test_models_are_swapped_under_load(db, server):
    """While versions come and go no request fails, each is answered by one version, and soon all by the newest."""
    with running(db, server, threads=8) as (_, address), load(address) as seen:
        wait_until(lambda: answered_by(seen, 1))
        for number in (2, 3, 4):
            publish(db, number)
            wait_until(lambda number=number: answered_by(seen, number))
        withdraw(db, 4)
        wait_until(lambda: answered_by(seen, 3))
    assert set(seen) == {1, 2, 3, 4}


def test_a_signal_makes_all_workers_look_at_once(db):
    """SIGHUP has every worker load what is newest, although the next look is an hour away; none is replaced by it."""
    with running(db, look_every=3600) as (process, address):
        wait_until(lambda: len(workers(process)) == 2)
        before = {worker.pid for worker in workers(process)}
        wait_until(lambda: version_numbers(address) == {"m": 1})
        publish(db, 2)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: version_numbers(address) == {"m": 2})  # the lowest of all processes
        assert ready(address) == ["m@2"]
        assert {worker.pid for worker in workers(process)} == before


def metrics(address):
    """The numbers: (name, labels) -> value."""
    families = text_string_to_metric_families(read(f"{address}metrics"))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def version_numbers(address):
    """The lowest version that all processes have, by name."""
    return {
        dict(labels)["name"]: value
        for (name, labels), value in metrics(address).items()
        if name == "firth_model_version"
    }


def requests_to(address, route, status="200"):
    """How many requests to a route were answered so."""
    labels = (("method", "GET"), ("route", route), ("status", status))
    return metrics(address).get(("firth_http_requests_total", labels), 0)


ROUTE = "/api/v1/models/<model>/neighbors"


def test_metrics_are_those_of_all_processes(db):
    """Whichever process is asked adds up all of them, those that have ended included, and none twice."""
    with running(db) as (process, address):
        wait_until(lambda: len(workers(process)) == 2)
        for _ in range(20):
            fetch(address[:-1] + NEIGHBORS)  # each on a connection of its own, so that both processes get some
        assert requests_to(address, ROUTE) == 20
        first = workers(process)[0]
        first.kill()
        wait_until(lambda: len(workers(process)) == 2 and first.pid not in {each.pid for each in workers(process)})
        fetch(address[:-1] + NEIGHBORS)
        numbers = metrics(address)
        assert requests_to(address, ROUTE) == 21
        assert numbers["firth_batch_size_sum", ()] == 21
        assert numbers["firth_http_request_seconds_count", (("route", ROUTE),)] == 21
        wait_until(lambda: version_numbers(address) == {"m": 1})


def test_metrics_hold_no_words_and_no_secrets(db):
    """What clients choose freely (words, names, addresses, methods, headers) is in no label."""
    private = "hush"
    asked = [
        f"GET /api/v1/models/m/neighbors?word={private} HTTP/1.1",
        f"GET /api/v1/models/{private}/neighbors?word=king HTTP/1.1",
        f"GET /{private} HTTP/1.1",
        f"{private.upper()} /livez HTTP/1.1",
        f"GET /livez HTTP/1.1\r\nAuthorization: Bearer {private}\r\nX-Request-ID: {private}",
        f"GET /{private} {private} HTTP/1.1",
    ]
    with running(db) as (_, address):
        for line in asked:
            with dial(address) as connection:
                connection.sendall(f"{line}\r\nHost: {private}\r\nConnection: close\r\n\r\n".encode())
                while connection.recv(65536):
                    pass
        text = read(f"{address}metrics")
    assert private not in text.lower()
    assert 'method="OTHER"' in text
    assert re.search(r'firth_http_requests_total\{.*route="",status="404"\} 1.0', text)


def test_the_folder_of_the_metrics_goes_with_the_service(db, tmp_path, monkeypatch):
    """What the processes share lies in a temporary folder, which is gone when the service has stopped."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with running(db) as (process, address):
        fetch(f"{address}livez")
        assert len(list(tmp_path.glob("firth-metrics-*"))) == 1
        process.terminate()
        process.stdout.read()
        assert process.wait(PATIENCE) == 0
    assert not list(tmp_path.glob("firth-metrics-*"))


def lines_of(log):
    """The access log's lines."""
    return [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.exists() else []


@pytest.mark.parametrize("queries", [False, True])
def test_the_access_log(db, tmp_path, queries):
    """Each request is a line of JSON; what was asked is in it only if that was wished, and a token never is."""
    log = tmp_path / "access.log"
    with running(db, access_log=str(log), access_log_queries=queries) as (_, address):
        request = f"GET {NEIGHBORS} HTTP/1.1\r\nHost: here\r\nAuthorization: Bearer hush\r\nConnection: close".encode()
        response, _ = exchange(address, request)
        with pytest.raises(urllib.error.HTTPError) as refused:
            fetch(f"{address}nowhere/hush")
        refused.value.close()
        exchange(address, b"hello hush")
        wait_until(lambda: len(lines_of(log)) == 3)
    asked, unknown, unreadable = lines_of(log)
    assert (asked["method"], asked["route"], asked["status"], asked["model"]) == ("GET", ROUTE, 200, "m@1")
    assert asked["bytes"] == int(response.headers["Content-Length"])
    assert asked["milliseconds"] >= 0
    assert asked["time"].endswith("+00:00")
    assert (unknown["route"], unknown["status"], unknown["model"]) == (None, 404, None)
    assert (unreadable["method"], unreadable["status"]) == ("OTHER", 400)
    assert asked.get("query") == ("word=king&topn=1" if queries else None)
    assert "hush" not in log.read_text("utf-8")


def test_the_access_log_can_be_moved_away(db, tmp_path):
    """After the file was renamed, as logrotate does, lines go to a new one; no line is lost, none is mixed."""
    log, old = tmp_path / "access.log", tmp_path / "access.log.1"
    with running(db, access_log=str(log)) as (_, address):
        with load(address) as seen:
            wait_until(lambda: len(seen) >= 100)
            log.rename(old)
            before = len(seen)
            wait_until(lambda: len(seen) >= before + 100)
        wait_until(lambda: len(lines_of(old)) + len(lines_of(log)) == len(seen))
    assert lines_of(old)
    assert lines_of(log)


def test_who_sends_slowly_holds_up_nobody_for_long(db):
    """More clients than threads send half a request and then a byte now and then: they are cut off, others answered."""
    with running(db, http_workers=1, threads=2, request_timeout=1) as (_, address), contextlib.ExitStack() as opened:
        slow = [opened.enter_context(dial(address)) for _ in range(6)]
        for connection in slow:
            connection.sendall(b"GET /livez HTTP/1.1\r\nX-Slow: ")
        stop = threading.Event()
        drip = threading.Thread(target=dribble, args=(slow, stop))
        drip.start()
        try:
            assert fetch(f"{address}livez")[1] == {"status": "ok"}
            for connection in slow:
                with contextlib.suppress(ConnectionError):
                    assert connection.recv(1) == b""  # closed, without an answer
        finally:
            stop.set()
            drip.join(PATIENCE)


def dribble(connections, stop):
    """Send a byte on each connection again and again."""
    while not stop.wait(0.05):
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.sendall(b"x")


def test_who_reads_slowly_is_cut_off(db):
    """A client that asks and asks and reads nothing loses its connection, and with it the thread it held."""
    with running(db, http_workers=1, threads=1, answer_timeout=1) as (_, address), dial(address) as greedy:
        greedy.setblocking(False)
        with contextlib.suppress(ConnectionError):
            wait_until(lambda: has_filled(greedy))
        assert fetch(f"{address}livez")[1] == {"status": "ok"}  # the only thread is free again
        greedy.settimeout(PATIENCE)
        with contextlib.suppress(ConnectionError):
            while greedy.recv(1 << 20):
                pass


def has_filled(connection):
    """Ask for the page as often as the connection takes; whether it takes no more, since nobody reads there."""
    try:
        for _ in range(100):
            connection.send(b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
    except BlockingIOError:
        return True
    return False


def test_what_is_in_flight_is_finished(db):
    """A request that is half read when the service is told to stop is still answered; then the process ends."""
    with running(db, http_workers=1) as (process, address), dial(address) as connection:
        connection.sendall(f"GET {NEIGHBORS} HTTP/1.1\r\nHost: ".encode())
        wait_until(lambda: any(has_connection(worker) for worker in workers(process)))
        process.terminate()
        wait_until(lambda: not listens(process))
        connection.sendall(b"here\r\n\r\n")
        answer = b""
        while more := connection.recv(65536):
            answer += more
        assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
        assert process.wait(PATIENCE) == 0


def has_connection(worker):
    """Whether a process talks to a client."""
    return any(each.status == "ESTABLISHED" for each in worker.net_connections())


def listens(process):
    """Whether the parent process has its listening socket open; it closes it before it tells the workers to stop."""
    return any(each.status == "LISTEN" for each in psutil.Process(process.pid).net_connections())


def test_connections_are_kept(db):
    """One connection carries many requests."""
    with running(db) as (_, address), closing(client(address)) as connection:
        ask(connection)
        own = connection.sock.getsockname()
        for _ in range(5):
            ask(connection)
            assert connection.sock.getsockname() == own


def test_a_process_that_dies_is_replaced(db):
    """The service outlives any of its workers, and the new one answers from the newest version."""
    with running(db) as (process, address):
        wait_until(lambda: len(workers(process)) == 2)
        old = workers(process)
        publish(db, 2)
        for worker in old:
            os.kill(worker.pid, signal.SIGKILL)
        wait_until(lambda: len({each.pid for each in workers(process)} - {each.pid for each in old}) == 2)
        wait_until(lambda: version_numbers(address) == {"m": 2})
        assert ready(address) == ["m@2"]
