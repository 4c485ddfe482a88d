"""The three levels of the cross-check against gensim on the demo corpus: what `firth run` does, kept as a table."""

import json
import subprocess
import sys
from typing import Any

from benchmarks.common import WORK, clean, save, table

SCORES = {"wordsim353": "WordSim-353", "simlex999": "SimLex-999", "analogies": "Google analogies"}


def measure() -> None:
    """Run the main job on the demo corpus and keep its verdicts."""
    folder = clean(WORK / "crosscheck")
    places = ["--work", str(folder / "work"), "--db", str(folder / "firth.db")]
    subprocess.run([sys.executable, "-m", "pipeline", "run", *places], check=False, stdout=subprocess.DEVNULL)
    result = json.loads((folder / "work" / "model" / "crosscheck.json").read_text("utf-8"))["result"]
    save("crosscheck", {"result": result})


def report(figures: dict[str, Any]) -> str:
    """The README's table: what each level compares, what it found, and its verdict."""
    levels = figures["result"]["levels"]
    tables, replay, quality = levels["tables"], levels["replay"], levels["quality"]
    rows = [
        ["1 tables", "counts: largest difference", f"{tables['largest_count_difference']}"],
        ["", "keep probabilities: largest difference", f"{tables['largest_keep_difference']:.1e}"],
        ["", "noise distribution: largest difference", f"{tables['largest_noise_difference']:.1e}"],
        ["2 replay", "vectors after an epoch: largest difference", f"{replay['largest_vector_difference']:.1e}"],
        ["", "context vectors: largest difference", f"{replay['largest_context_difference']:.1e}"],
        *(_score_row(name, quality["scores"][key]) for key, name in SCORES.items()),
        ["", "shared neighbors: Firth with gensim, gensim with itself", _neighbors(quality["neighbors"])],
    ]
    rows[5][0] = "3 quality"
    verdicts = {row[0]: levels[row[0].split()[1]]["verdict"] for row in rows if row[0]}
    return table(["level", "compared", "found", "verdict"], [[*row, verdicts.get(row[0], "")] for row in rows])


def _score_row(name: str, score: dict[str, Any]) -> list[str]:
    firth, gensim = (f"{score[key]['mean']:.3f} ± {score[key]['deviation']:.3f}" for key in ("firth", "gensim"))
    return ["", f"{name} ({score['covered']:,} questions): Firth, gensim", f"{firth}, {gensim}"]


def _neighbors(neighbors: dict[str, Any]) -> str:
    return f"{neighbors['firth_with_gensim']:.1%}, {neighbors['gensim_with_itself']:.1%}"
