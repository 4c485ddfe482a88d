"""Peak memory of a training, Python and NumPy included, for texts and vocabularies of several sizes."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import WORK, english, in_child, save, table
from benchmarks.train_speed import SETTINGS
from pipeline.settings import TokenSettings
from pipeline.stages import StageFolder
from pipeline.text.tokenizing import tokenize
from storage.files import whole_file

MILLION = 1_000_000
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def measure() -> None:
    """Train once on each."""
    small, middle = english(MILLION), english(10 * MILLION)
    many = _million_words()
    cases: list[tuple[Path, dict[str, Any]]] = [(small, {}), (middle, {}), (many, {"vector_size": 300})]
    runs = []
    for tokens, change in cases:
        figures = in_child("benchmarks.one_training", "firth", str(tokens), json.dumps(SETTINGS | change))
        runs.append(figures | {"vector_size": (SETTINGS | change)["vector_size"]})
        print(f"{figures['words']:,} words: {figures['peak_bytes'] / 1e6:,.0f} MB", flush=True)
    save("memory", {"runs": runs})


def _million_words() -> Path:
    """Token files of a made text in which each of a million words stands five times, the fewest that are kept."""
    text = WORK / "million-words.txt"
    if not text.is_file():
        text.parent.mkdir(parents=True, exist_ok=True)
        with whole_file(text) as file:
            for line in _lines():
                file.write(f"{line}\n".encode())
    tokenize(StageFolder(WORK / "million-words"), [str(text)], TokenSettings())
    return WORK / "million-words"


def _lines(length: int = 20) -> Iterator[str]:
    random = np.random.default_rng(0)
    for _ in range(5):
        order = random.permutation(MILLION)
        for start in range(0, MILLION, length):
            yield " ".join(_name(number) for number in order[start : start + length])


def _name(number: int) -> str:
    """Five letters."""
    return "".join(LETTERS[int(number) // 26**place % 26] for place in range(5))


def report(figures: dict[str, Any]) -> str:
    """The README's table."""
    rows = [
        [
            f"{run['tokens'] / 1e6:.1f} million",
            f"{run['words']:,} x {run['vector_size']}",
            f"{run['peak_bytes'] / 1e6:,.0f} MB",
            f"{run['beyond_two_matrices'] / 1e6:.0f} MB",
        ]
        for run in figures["runs"]
    ]
    return table(["tokens", "vocabulary", "peak of the process", "beyond the two matrices"], rows)
