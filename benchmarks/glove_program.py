"""GloVe's own program, compiled (https://github.com/stanfordnlp/GloVe), on the very pairs that Firth has counted.

FIRTH_GLOVE names its `glove`, or several of them that are compiled with other options, separated as in PATH.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, in_child
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.batch import Floats
from storage.files import sha256_of_file, sha256_of_json, write_array, write_json


def programs() -> list[Path]:
    """Those that FIRTH_GLOVE names."""
    return [Path(name) for name in os.environ.get("FIRTH_GLOVE", "").split(os.pathsep) if name]


def trained(program: Path, tokens: Path, settings: TrainSettings) -> tuple[Floats, dict[str, Any]]:
    """Word and context vectors, (2, V, D), with seconds and costs of each iteration; kept, and not run again."""
    key = sha256_of_json([sha256_of_file(program), TokenCorpus.open(tokens).manifest.key, settings.as_dict()])[:16]
    vectors, figures = (WORK / "glove" / f"program-{key}{ending}" for ending in (".npy", ".json"))
    if not figures.is_file():
        figures.parent.mkdir(parents=True, exist_ok=True)
        saved = figures.with_suffix("")
        found = run(program, tokens, settings, saved)
        write_array(vectors, _both(saved.with_suffix(".bin"), settings.vector_size))
        write_json(figures, found)
    return np.load(vectors), json.loads(figures.read_text("utf-8"))


def run(program: Path, tokens: Path, settings: TrainSettings, saved: Path) -> dict[str, Any]:
    """Let it train by one thread, and write what it has into a file of this name; seconds and costs by iteration."""
    vocabulary = WORK / "glove-vocabulary.txt"
    words = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    lines = zip(words.words, words.counts, strict=True)
    vocabulary.write_text("".join(f"{word} {count}\n" for word, count in lines), encoding="utf-8")
    names = {"input": pairs_of(tokens, settings), "vocab": vocabulary, "save": saved}
    files = [part for name, path in names.items() for part in (f"-{name}-file", str(path))]
    numbers = {"vector-size": settings.vector_size, "iter": settings.epochs, "x-max": settings.x_max, "threads": 1}
    usual = {"alpha": settings.glove_alpha, "eta": settings.alpha, "binary": 1, "verbose": 2}
    given = [part for name, number in (numbers | usual).items() for part in (f"-{name}", f"{number:g}")]
    began, marks, costs = time.perf_counter(), [], []
    with subprocess.Popen([program, *files, *given], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            if found := re.search(r"iter: \d+, cost: ([0-9.]+)", line):
                marks.append(time.perf_counter() - began)
                costs.append(float(found[1]))
    if process.returncode or len(marks) != settings.epochs:
        sys.exit(f"{program} failed")
    return {"seconds": np.diff(marks, prepend=0.0).tolist(), "losses": costs}


def pairs_of(tokens: Path, settings: TrainSettings) -> Path:
    """The file of all pairs, shuffled, which is counted once for a window."""
    file = WORK / f"glove-pairs-{TokenCorpus.open(tokens).manifest.key[:12]}-{settings.window}.bin"
    if not file.is_file():
        fresh, counted = file.with_suffix(".new"), {"model": "glove", "window": settings.window}
        in_child("benchmarks.one_glove", str(tokens), json.dumps(counted), "--iterations", "0", "--export", str(fresh))
        fresh.rename(file)
    return file


def _both(file: Path, dimensions: int) -> Floats:
    """(2, V, D) of its binary file, which has doubles, and behind each vector its bias."""
    numbers = np.fromfile(file, "<f8").reshape(2, -1, dimensions + 1)
    file.unlink()
    return numbers[:, :, :-1].astype(np.float32)
