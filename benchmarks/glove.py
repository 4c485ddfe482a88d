"""GloVe: counting, iterations and what they are worth, beside skip-gram on the same tokens and beside GloVe's program.

The program runs where FIRTH_GLOVE names its `glove`, compiled (https://github.com/stanfordnlp/GloVe): on the very pairs
that Firth has counted, shuffled, with one thread.
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.common import VOCABULARY, WORK, english, in_child, median, save, table
from pipeline.evaluation.evaluate import evaluate
from pipeline.settings import TrainSettings, WorkerSettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.training.model import load_model
from pipeline.training.stage import train_stage
from pipeline.training.wishes import Wishes

PART = 10_000_000
SPEED: dict[str, Any] = {"model": "glove", "vector_size": 100, "window": 5}
ITERATIONS = 15
MODELS: dict[str, dict[str, Any]] = {
    "skip-gram, window 5, 3 epochs": {"window": 5, "epochs": 3},
    f"GloVe, window 5, x_max 100, {ITERATIONS} iterations": {**SPEED, "epochs": ITERATIONS},
    "GloVe, window 10, x_max 10, 25 iterations": {**SPEED, "window": 10, "x_max": 10.0, "epochs": 25},
}
WORKERS = {"one": "one worker", "two": "two workers"}
SCORES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}


def measure() -> None:
    """Count and train for speed, by Firth and by the program; train and evaluate for quality."""
    tokens = english(PART)
    pairs = WORK / "glove-pairs.bin"
    options = ["benchmarks.one_glove", str(tokens), json.dumps(SPEED)]
    one = in_child(*options, "--export", str(pairs))
    two = in_child(*options, "--workers", "2")
    program = _program(tokens, pairs) if os.environ.get("FIRTH_GLOVE") else {}
    quality = {name: _quality(tokens, settings) for name, settings in MODELS.items()}
    save("glove", {"settings": SPEED, "one": one, "two": two, "program": program, "quality": quality})


def _program(tokens: Path, pairs: Path) -> dict[str, Any]:
    """An iteration of GloVe's program: the second of two, for the first also reads its start."""
    vocabulary = WORK / "glove-vocabulary.txt"
    words = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    lines = zip(words.words, words.counts, strict=True)
    vocabulary.write_text("".join(f"{word} {count}\n" for word, count in lines), encoding="utf-8")
    files = ["-input-file", str(pairs), "-vocab-file", str(vocabulary), "-save-file", str(WORK / "glove-vectors")]
    numbers = ["-vector-size", "100", "-iter", "2", "-threads", "1", "-binary", "1", "-verbose", "2"]
    began, marks, costs = time.perf_counter(), [], []
    with subprocess.Popen([os.environ["FIRTH_GLOVE"], *files, *numbers], stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr or ():
            if found := re.search(r"iter: \d+, cost: ([0-9.]+)", line):
                marks.append(time.perf_counter() - began)
                costs.append(float(found[1]))
    if process.returncode or len(marks) != 2:
        sys.exit(f"{os.environ['FIRTH_GLOVE']} failed")
    return {"seconds": marks[1] - marks[0], "losses": costs}


def _quality(tokens: Path, settings: dict[str, Any]) -> dict[str, Any]:
    name = re.sub(r"\W+", "-", json.dumps(settings)).strip("-")
    folder = StageFolder(WORK / f"model-{name}")
    chosen, wishes = TrainSettings(**settings), Wishes(work=WorkerSettings(workers=1))
    manifest, _ = train_stage(tokens, folder, VOCABULARY, chosen, wishes=wishes)
    found = evaluate(load_model(folder.path).embeddings).as_dict()
    scores = {key: found[key].get("spearman", found[key].get("accuracy")) for key in SCORES}
    print(f"{settings}: {scores}", flush=True)
    return {**scores, "seconds": manifest.report["seconds"]}


def report(figures: dict[str, Any]) -> str:
    """The README's tables."""
    pairs = figures["one"]["pairs"]
    rows = [_row(f"Firth, {name}", figures[key], pairs) for key, name in WORKERS.items() if key in figures]
    if program := figures["program"]:
        rows.append(
            ["GloVe's program, one thread", "", f"{program['seconds']:.1f} s", _rate(pairs, program["seconds"])]
        )
    speed = table(["10 million words, window 5, 100 dimensions", "counting", "an iteration", "pairs/s"], rows)
    quality = [
        [name, *(f"{found[key]:.3f}" for key in SCORES), f"{found['seconds']:.0f} s" if "seconds" in found else ""]
        for name, found in figures["quality"].items()
    ]
    note = f"{figures['note']}\n\n" if "note" in figures else ""
    return f"{note}{speed}\n\n{table(['one worker, one seed', *SCORES.values(), 'training'], quality)}"


def _row(name: str, found: dict[str, Any], pairs: int) -> list[str]:
    counting = found["counting"]["seconds"] + found["arranging"]["seconds"]
    iteration = median([each["seconds"] for each in found["iterations"]])
    return [name, f"{counting:.1f} s", f"{iteration:.1f} s", _rate(pairs, iteration)]


def _rate(pairs: int, seconds: float) -> str:
    return f"{pairs / seconds / 1e6:.2f} million"
