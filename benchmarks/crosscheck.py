"""The three levels of the cross-check against gensim on the demo corpus: what `firth run` does, kept as a table."""

import json
import subprocess
import sys
from typing import Any

from benchmarks.common import WORK, clean, save, table


def measure() -> None:
    """Run the main job on the demo corpus and keep its verdicts."""
    folder = clean(WORK / "crosscheck")
    command = [sys.executable, "-m", "pipeline", "run", "--work", str(folder / "work"), "--db", str(folder / "firth.db")]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    result = json.loads((folder / "work" / "model" / "crosscheck.json").read_text("utf-8"))["result"]
    save("crosscheck", {"result": result})
