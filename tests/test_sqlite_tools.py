"""The command line of sqlite-utils, and Datasette, read every word and number of a store, and of an export for llm."""

import base64
import json
import subprocess
import sys
from urllib.parse import urlencode

import numpy as np
import pytest

from storage.embeddings import Embeddings
from storage.formats.known import named
from storage.store import Store
from tests.test_formats import AWKWARD, export

WORDS = tuple(AWKWARD.values())
MADE = Embeddings(
    WORDS,
    np.arange(len(WORDS), 0, -1),
    np.random.default_rng(1).standard_normal((len(WORDS), 5)).astype(np.float32),
)
FROM_STORE = "SELECT word AS id, count, vector AS embedding FROM words WHERE model = 1 ORDER BY row"
FROM_EXPORT = "SELECT id, json_extract(metadata, '$.count') AS count, embedding FROM embeddings ORDER BY rowid"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store of one model, and an export of that for llm."""
    folder = tmp_path_factory.mktemp("tools")
    with Store.open(folder / "store.db", create=True) as store:
        store.publish("news", MADE, {"notes": "of somebody"})
    export(MADE, named("llm"), folder / "export.db")
    return folder


def printed(*command):
    """What a program prints, which comes with Python as a module of that name."""
    return subprocess.run([sys.executable, "-m", *map(str, command)], check=True, capture_output=True).stdout.decode()


def sqlite_utils(path, query):
    """Rows by the command line of sqlite-utils."""
    return json.loads(printed("sqlite_utils", "query", path, query))


def datasette(path, query):
    """Rows as Datasette answers over HTTP."""
    parameters = urlencode({"sql": query, "_shape": "array"})
    return json.loads(printed("datasette", path, "--get", f"/{path.stem}.json?{parameters}"))


@pytest.mark.parametrize("tool", [sqlite_utils, datasette], ids=lambda tool: tool.__name__)
@pytest.mark.parametrize(("name", "query"), [("store.db", FROM_STORE), ("export.db", FROM_EXPORT)])
def test_every_word_and_number_is_read(tool, name, query, folder):
    """Words, counts and the little-endian float32 of vectors are those that were published; the file stays as it is."""
    path = folder / name
    before = path.read_bytes()
    rows = tool(path, query)
    assert tuple(row["id"] for row in rows) == MADE.words
    assert [row["count"] for row in rows] == MADE.counts.tolist()
    blobs = b"".join(base64.b64decode(row["embedding"]["encoded"]) for row in rows)
    assert blobs == MADE.matrix.tobytes()
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "table"), [("store.db", "words"), ("export.db", "embeddings")])
def test_their_pages_show_the_tables(name, table, folder):
    """`sqlite-utils tables` counts the rows, and Datasette's page of a table links its blobs."""
    path = folder / name
    assert {"table": table, "count": len(WORDS)} in json.loads(printed("sqlite_utils", "tables", path, "--counts"))
    page = printed("datasette", path, "--get", f"/{path.stem}/{table}")
    assert f"{len(WORDS)} rows" in page
    assert "Binary: 20 bytes" in page.replace("\N{NO-BREAK SPACE}", " ").replace("&nbsp;", " ")
