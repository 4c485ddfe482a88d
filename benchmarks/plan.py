"""What `firth plan` says against what then happens: counts, memory, disk and seconds, on each of the corpora."""

import json
from pathlib import Path
from typing import Any

from benchmarks.common import CORPORA, WORK, clean, first_words, in_child, median, save, table

SETTINGS: dict[str, Any] = {"vector_size": 100, "epochs": 1}
RUNS = 3
COUNTS = ("1", "2", "5", "10", "20", "50")


def measure(words: int | None = None) -> None:
    """Plan, tokenize and train each corpus, of English the first `words` words (about) or all."""
    english = CORPORA / "english.txt.xz"
    texts = [CORPORA / f"{name}.txt.xz" for name in ("fra", "deu", "rus")]
    texts.append(first_words(english, words, WORK / f"english-{words}.txt") if words else english)
    corpora = []
    for text in texts:
        rows = compare(text)
        corpora.append({"text": text.name, "rows": rows})
        print(f"{text.name}\n{_rows(rows)}", flush=True)
    save("plan", {"settings": SETTINGS, "corpora": corpora})


def compare(text: Path) -> list[dict[str, Any]]:
    """Each number of the plan, and what came out: medians of some runs, in turn."""
    folder = clean(WORK / "plan")
    runs = [[_run(stage, text, folder) for stage in ("plan", "tokenize", "train")] for _ in range(RUNS)]
    pairs = [_pairs(*run) for run in runs]
    rows = [_medians(what, [each[what] for each in pairs]) for what in pairs[0]]
    took = median([said["wall"] for said, _, _ in runs])
    return [*rows, {"what": "seconds, plan", "value": took, "exact": True, "actual": took}]


def _run(stage: str, text: Path, folder: Path) -> dict[str, Any]:
    return in_child("benchmarks.one_stage", stage, str(text), str(folder), json.dumps(SETTINGS))


def _pairs(
    said: dict[str, Any], tokenized: dict[str, Any], trained: dict[str, Any]
) -> dict[str, tuple[dict[str, Any], float]]:
    """A number of the plan and what came out, by name."""
    plan, tokens, model = said["found"], tokenized["found"], trained["found"]
    return {
        "tokens": (plan["tokens"], tokens["tokens"]),
        "lines": (plan["sentences"], tokens["sentences"]),
        **{f"words, min_count {each}": (plan["sizes"][each], tokens["size_curve"][each]) for each in COUNTS},
        "words of the model": (plan["words"], model["words"]),
        "disk, tokens": (plan["disk"]["tokens"], tokens["disk"]),
        "disk, model": (plan["disk"]["model"], model["disk"]),
        "memory, tokenize": (plan["memory"]["tokenize"], tokenized["memory"]),
        "memory, train": (plan["memory"]["train"], trained["memory"]),
        "seconds, tokenize": (plan["seconds"]["tokenize"], tokenized["wall"]),
        "seconds, train": (plan["seconds"]["train"], trained["wall"]),
    }


def _medians(what: str, runs: list[tuple[dict[str, Any], float]]) -> dict[str, Any]:
    value, actual = median([said["value"] for said, _ in runs]), median([found for _, found in runs])
    return {"what": what, "value": value, "exact": runs[0][0]["exact"], "actual": actual}


def report(figures: dict[str, Any]) -> str:
    """The README's table: for each corpus the estimate as a share of what came out."""
    names = [corpus["text"] for corpus in figures["corpora"]]
    columns = [{row["what"]: row for row in corpus["rows"]} for corpus in figures["corpora"]]
    rows = [[what, *(_share(column[what]) for column in columns)] for what in columns[0] if what != "seconds, plan"]
    took = ["seconds that the plan took", *(f"{column['seconds, plan']['actual']:.0f}" for column in columns)]
    return table(["estimated / actual", *names], [*rows, took])


def _share(row: dict[str, Any]) -> str:
    return f"{row['value'] / row['actual']:.2f}{' (exact)' if row['exact'] else ''}"


def _rows(rows: list[dict[str, Any]]) -> str:
    lines = [[row["what"], f"{row['value']:,.1f}", f"{row['actual']:,.1f}", _share(row)] for row in rows]
    return table(["what", "estimated", "actual", "ratio"], lines)
