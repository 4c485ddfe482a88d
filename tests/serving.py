"""Real server processes for tests: started, asked over TCP, and stopped."""

import json
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path

PATIENCE = 120  # seconds until a test fails that should have gone on
START = """
import json, logging, sys
from pathlib import Path
from service.running import Running
from service.server import serve
from service.settings import ServiceSettings
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
settings = ServiceSettings(**json.loads(sys.argv[4]))
serve(Path(sys.argv[1]), running=Running(port=0, **json.loads(sys.argv[3])), settings=settings, server=sys.argv[2])
"""


@contextmanager
def running(db, server="gunicorn", service=None, **settings):
    """A server process and its address, which its log tells."""
    given = json.dumps({"http_workers": 2, **settings})
    python = [sys.executable, "-c", START, str(db), server, given, json.dumps(service or {})]
    root = Path(__file__).parents[1]
    with subprocess.Popen(python, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        deadline = threading.Timer(PATIENCE, process.kill)  # then reading its log ends, and the test fails
        deadline.start()
        try:
            line = next((line for line in process.stdout if line.startswith("Firth answers at http://")), "")
            assert line
            yield process, line.split()[-1]
        finally:
            deadline.cancel()
            process.terminate()
            process.stdout.read()


def fetch(address):
    """The headers and the JSON of a response."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:  # noqa: S310 - our own server
        return response.headers, json.load(response)


def read(address):
    """The text of a response."""
    with urllib.request.urlopen(address, timeout=PATIENCE) as response:  # noqa: S310 - our own server
        return response.read().decode()


def port_of(address):
    """The port in an address."""
    return int(address.rstrip("/").rpartition(":")[2])


def dial(address):
    """A connection to a server, to write bytes to."""
    return socket.create_connection(("127.0.0.1", port_of(address)), timeout=PATIENCE)


def client(address):
    """A client that keeps its connection."""
    return HTTPConnection("127.0.0.1", port_of(address), timeout=PATIENCE)


def exchange(address, request):
    """What a server answers to these bytes."""
    with dial(address) as connection:
        connection.sendall(request + b"\r\n\r\n")
        response = HTTPResponse(connection)
        response.begin()
        return response, json.load(response)


def wait_until(holds):
    """Wait for a condition that others bring about."""
    for _ in range(PATIENCE * 100):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it never came about")
