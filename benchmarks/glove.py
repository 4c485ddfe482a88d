"""GloVe: counting, iterations, losses, and what they are worth, beside skip-gram and beside GloVe's own program.

The program has the very same pairs (`glove_program`). Trainings are kept (FIRTH_BENCH_WORK) and not run again while
settings, text and Firth's code are the same. FIRTH_BENCH_GROUPS names groups to be measured, separated by semicolons,
and `speed`; the others stay as they were.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.common import VOCABULARY, WORK, english, in_child, load, median, save, table
from benchmarks.glove_program import programs, trained
from pipeline.evaluation.evaluate import evaluate
from pipeline.settings import TrainSettings, WorkerSettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.training.batch import Floats
from pipeline.training.glove.factors import separated
from pipeline.training.model import load_model
from pipeline.training.stage import train_stage
from pipeline.training.wishes import Wishes
from storage.embeddings import Embeddings
from storage.files import sha256_of_json

PART, SMALL = 10_000_000, 2_000_000
SPEED: dict[str, Any] = {"model": "glove", "vector_size": 100, "window": 5, "epochs": 2}
DEMO: dict[str, Any] = {"model": "glove", "vector_size": 100, "window": 10, "x_max": 10.0, "epochs": 25}
SPEEDS = ("one", "two", "programs")
PAPER = DEMO | {"window": 5, "x_max": 100.0, "epochs": 15}
WORKERS = {"one": "one worker", "two": "two workers"}
SCORES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}
SHOWN = (1, 2, 3, 5, 10, 15, 20, 25)
"""Iterations whose losses are shown."""


@dataclass(frozen=True)
class Group:
    """Trainings that differ only in the seed.

    Attributes:
        name: for people.
        settings: of all.
        seeds: of Firth's.
        program: whether GloVe's program trains with them too.
        words: of english.txt; None for all of it.
    """

    name: str
    settings: Mapping[str, Any]
    seeds: Sequence[int] = (1, 2, 3)
    program: bool = False
    words: int | None = PART


SKIP_GRAM: dict[str, Any] = {"window": 5, "epochs": 3}
GROUPS = (
    Group("2 million words: skip-gram, window 5, 3 epochs", SKIP_GRAM, words=SMALL),
    Group("2 million words: GloVe, window 10, x_max 10, 25 iterations", DEMO, program=True, words=SMALL),
    Group("10 million words: skip-gram, window 5, 3 epochs", SKIP_GRAM),
    Group("10 million words: GloVe, window 10, x_max 10, 25 iterations", DEMO, program=True),
    Group("10 million words: GloVe, window 10, x_max 10, 50 iterations", DEMO | {"epochs": 50}, (1,)),
    Group("10 million words: GloVe, window 5, x_max 10, 25 iterations", DEMO | {"window": 5}, (1,)),
    Group("10 million words: GloVe, window 5, x_max 100, 15 iterations", PAPER, (1,)),
    Group("33 million words: skip-gram, window 5, 3 epochs", SKIP_GRAM, (1,), words=None),
    Group("33 million words: GloVe, window 10, x_max 10, 25 iterations", DEMO, (1,), words=None),
)


def measure() -> None:
    """Count and train for speed, by Firth and by the program; train and evaluate for quality."""
    named = [name.strip() for name in os.environ.get("FIRTH_BENCH_GROUPS", "").split(";") if name.strip()]
    before = load("glove") if named else {}
    kept = {group["name"]: group for group in before.get("groups", [])}
    speed = {key: before[key] for key in SPEEDS} if named and "speed" not in named else _measured_speed()
    groups = [kept.get(group.name) if named and group.name not in named else _measured(group) for group in GROUPS]
    save("glove", {"settings": SPEED, **speed, "groups": list(filter(None, groups))})


def _measured_speed() -> dict[str, Any]:
    tokens = english(PART)
    options = ["benchmarks.one_glove", str(tokens), json.dumps(SPEED)]
    one, two = in_child(*options), in_child(*options, "--workers", "2")
    made = {program.name: trained(program, tokens, TrainSettings(**SPEED))[1] for program in programs()}
    return dict(zip(SPEEDS, (one, two, made), strict=True))


def _measured(group: Group) -> dict[str, Any]:
    """Scores and losses of all trainings of a group."""
    tokens = english(group.words)
    runs = [_by_firth(tokens, {**group.settings, "seed": seed}) for seed in group.seeds]
    wanted = group.program and programs()
    program = _by_program(wanted[-1], tokens, TrainSettings(**group.settings)) if wanted else None
    print(f"{group.name}: {[run['scores'] for run in runs]}, program {program and program['scores']}", flush=True)
    return {"name": group.name, "runs": runs, "program": program}


def _by_firth(tokens: Path, settings: dict[str, Any]) -> dict[str, Any]:
    folder = StageFolder(WORK / "glove" / f"model-{sha256_of_json([str(tokens), settings])[:16]}")
    folder.path.parent.mkdir(exist_ok=True)
    chosen, wishes = TrainSettings(**settings), Wishes(work=WorkerSettings(workers=1))
    train_stage(tokens, folder, VOCABULARY, chosen, wishes=wishes)
    model = load_model(folder.path)
    made = model.embeddings
    found = {"scores": _scores(made), "losses": model.manifest.report["losses"]}
    if chosen.model == "glove":
        alone, _ = separated(made.matrix, model.contexts, chosen.combine)
        found["alone"] = _scores(Embeddings(made.words, made.counts, alone))
    return found


def _by_program(program: Path, tokens: Path, settings: TrainSettings) -> dict[str, Any]:
    words = TokenCorpus.open(tokens).vocabulary(VOCABULARY)
    (alone, contexts), figures = trained(program, tokens, settings)

    def scores(matrix: Floats) -> dict[str, float]:
        return _scores(Embeddings(words.words, words.counts, matrix))

    return {"losses": figures["losses"], "scores": scores(alone + contexts), "alone": scores(alone)}


def _scores(vectors: Embeddings) -> dict[str, float]:
    found = evaluate(vectors).as_dict()
    return {key: found[key].get("spearman", found[key].get("accuracy")) for key in SCORES}


def report(figures: dict[str, Any]) -> str:
    """The README's tables."""
    return "\n\n".join([_speed(figures), _quality(figures["groups"]), _losses(figures["groups"])])


def _speed(figures: dict[str, Any]) -> str:
    pairs = figures["one"]["pairs"]
    rows = []
    for key, name in WORKERS.items():
        found = figures[key]
        counting = found["counting"]["seconds"] + found["arranging"]["seconds"]
        iteration = median([each["seconds"] for each in found["iterations"]])  # the first also waits for processes
        rows.append([f"Firth, {name}", f"{counting:.1f} s", f"{iteration:.1f} s", _rate(pairs, iteration)])
    for name, found in figures["programs"].items():
        second = found["seconds"][-1]  # the first also reads its start
        rows.append([f"GloVe's program, one thread ({name})", "", f"{second:.1f} s", _rate(pairs, second)])
    return table(["10 million words, window 5, 100 dimensions", "counting", "an iteration", "pairs/s"], rows)


def _quality(groups: Sequence[dict[str, Any]]) -> str:
    rows = []
    for group in groups:
        rows.append(_row(group["name"], group["runs"]))
        if "alone" in group["runs"][0]:
            rows.append(_row("… the words' vectors alone", group["runs"], "alone"))
        if program := group["program"]:
            rows.append(_row("… by GloVe's program, on the same pairs", [program]))
            rows.append(_row("… the words' vectors alone", [program], "alone"))
    return table(["mean of three seeds (lowest to highest), or one seed", *SCORES.values()], rows)


def _row(name: str, runs: Sequence[dict[str, Any]], which: str = "scores") -> list[str]:
    return [name, *(_spread([run[which][key] for run in runs]) for key in SCORES)]


def _spread(values: list[float]) -> str:
    return f"{np.mean(values):.3f}" + (f" ({min(values):.3f} to {max(values):.3f})" if len(values) > 1 else "")


def _losses(groups: Sequence[dict[str, Any]]) -> str:
    """Of what both have trained."""
    rows = []
    for group in (group for group in groups if group["program"]):
        for name, run in (("Firth", group["runs"][0]), ("GloVe's program", group["program"])):
            rows.append([f"{group['name']}: {name}", *(f"{run['losses'][number - 1]:.4f}" for number in SHOWN)])
    return table(["loss of iteration", *map(str, SHOWN)], rows)


def _rate(pairs: int, seconds: float) -> str:
    return f"{pairs / seconds / 1e6:.2f} million"
