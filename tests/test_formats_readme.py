"""The README's way to other programs is walked: every command of it runs, and prints what it should."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from storage.embeddings import Embeddings
from storage.formats.known import named
from storage.store import Store
from tests.test_formats import export, model

ROOT = Path(__file__).parents[1]
TITLE = "## From and to other programs"


def commands():
    """The lines of the section's block."""
    block = (ROOT / "README.md").read_text("utf-8").split(TITLE)[1].split("```")[1]
    return [line for line in block.splitlines() if line]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a store that has `books`, and a file of the name in the README."""
    folder = tmp_path_factory.mktemp("readme")
    words = ("sea", "whale", "ship", "king", "queen")
    matrix = np.array([[0, 1, 0], [0, 0.9, 0.1], [0, 0.5, 0.5], [1, 0, 0], [0.9, 0, 0.1]], np.float32)
    with Store.open(folder / "firth.db", create=True) as store:
        store.publish("books", Embeddings(words, np.array([50, 40, 30, 20, 10]), matrix), {})
    export(model(["a", "b", "c"]), named("word2vec-binary"), folder / "GoogleNews-vectors-negative300.bin.gz")
    (folder / "bin").mkdir()
    (folder / "bin" / "firth").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipeline "$@"\n')
    (folder / "bin" / "firth").chmod(0o755)
    return folder


def test_every_command_runs(folder):
    """Import, export to gensim, the projector, llm and DuckDB, as written; each prints the vectors it was given."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith("FIRTH_")}
    path = os.pathsep.join([str(folder / "bin"), str(Path(sys.executable).parent), bare["PATH"]])
    environment = {**bare, "PATH": path, "PYTHONPATH": str(ROOT), "LLM_USER_PATH": str(folder / "llm")}
    script = "\n".join(["set -e", *commands()])
    ran = subprocess.run(
        [shutil.which("bash"), "-c", script], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "news@1: 3 words of 3 dimensions" in ran.stdout
    assert "[0.  0.9 0.1]" in ran.stdout  # gensim
    assert '{"id": "sea", "score": 0.99' in ran.stdout  # llm
    assert "│ sea " in ran.stdout.replace("'", "")  # DuckDB
    assert (folder / "metadata.tsv").read_text() == "word\tcount\nsea\t50\nwhale\t40\nship\t30\nking\t20\nqueen\t10\n"
    assert (folder / "vectors.tsv").read_text().splitlines()[3] == "1\t0\t0"


def test_three_programs_or_more_are_shown():
    """The README has a line for each program that it names."""
    text = "\n".join(commands())
    assert all(name in text for name in ("gensim", "projector", "llm similar", "duckdb"))
