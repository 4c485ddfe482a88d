"""docs/schema.md explains the file to someone without Firth: its programs run, and no column is left out."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from docs import schema
from service.engine import Engine
from service.questions import Neighbors
from storage.dtypes import as_kept, encoded, row_type
from storage.embeddings import Embeddings
from storage.models import DTYPES
from storage.store import Store

PAGE = (Path(__file__).parents[1] / "docs" / "schema.md").read_text("utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
WORDS = ("the", "king", "queen", "sea", "naïve", 'a "word"')


@pytest.fixture
def folder(tmp_path):
    """A folder with firth.db and its model `demo`."""
    matrix = np.random.default_rng(1).standard_normal((len(WORDS), 8)).astype(np.float32)
    with Store.open(tmp_path / "firth.db", create=True) as store:
        store.publish("demo", Embeddings(WORDS, np.arange(len(WORDS), 0, -1), matrix), {})
    return tmp_path


def printed(program, folder):
    """What a program prints in a folder, by a Python that finds NumPy and nothing of Firth."""
    python = [sys.executable, "-P", "-c", program] if sys.version_info >= (3, 11) else [sys.executable, "-c", program]
    return subprocess.run(python, cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def test_ten_lines_read_a_model(folder):
    """The first program has ten lines, imports nothing of Firth, and finds the words that Firth finds."""
    program = PROGRAMS[0]
    assert len([line for line in program.splitlines() if line]) == 10
    assert set(re.findall(r"import (\w+)", program)) == {"sqlite3", "numpy"}
    with Store.open(folder / "firth.db") as store:
        answer = Engine(store.load(store.find("demo"))).answer(Neighbors(word="king", topn=3))
    assert printed(program, folder) == str([neighbor.word for neighbor in answer.neighbors])


def test_a_seal_is_taken_again(folder):
    """The second takes the seal of the vocabulary again."""
    assert printed(PROGRAMS[1], folder) == "True"


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_types_are_those_of_the_page(dtype):
    """What the page says of a blob, as NumPy takes it, is what Firth writes."""
    (written,) = re.findall(rf"^\| `{dtype}` \|.*?\| `(.*?)` \|", PAGE, re.MULTILINE)
    (kind,) = re.findall(r'"<f[24]"|scale', written)[:1]
    said = np.dtype([("scale", "<f4"), ("numbers", "i1", (8,))] if kind == "scale" else (kind.strip('"'), (8,)))
    assert said == row_type(dtype, 8)
    matrix = np.random.default_rng(1).standard_normal((5, 8)).astype(np.float32)
    rows = np.frombuffer(encoded(matrix, dtype).tobytes(), said)
    read = rows["scale"][:, None] * rows["numbers"] if dtype == "int8" else rows.astype(np.float32)
    assert np.array_equal(read, as_kept(matrix, dtype))


def test_a_column_without_a_meaning_stops_the_page(monkeypatch):
    """Whoever adds a column or a table to the schema has to say what it means."""
    without = {**schema.MEANINGS, "words": {"": "One row a word."}}
    monkeypatch.setattr(schema, "MEANINGS", without)
    with pytest.raises(KeyError, match="model"):
        schema.tables()
    monkeypatch.setattr(schema, "MEANINGS", {name: without[name] for name in without if name != "words"})
    with pytest.raises(KeyError, match="words"):
        schema.tables()
