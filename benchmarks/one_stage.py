"""Plan, tokenize or train once, alone in a process; prints what was found, seconds and memory.

`python -m benchmarks.one_stage plan|tokenize|train TEXT FOLDER SETTINGS-JSON`
"""

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

from pipeline.plan.calibration import peak_bytes
from pipeline.plan.planning import plan
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import Manifest, StageFolder
from pipeline.text.tokenizing import processors, tokenize
from pipeline.training.stage import train_stage


def run(stage: str, text: str, folder: Path, settings: TrainSettings) -> dict[str, Any]:
    """The report of a stage and the bytes of its files, or the plan."""
    if stage == "plan":
        return plan([text], TokenSettings(), VocabularySettings(), settings).as_dict()
    if stage == "tokenize":
        return _found(tokenize(StageFolder(folder / "tokens"), [text], TokenSettings(), force=True)[0])
    model = StageFolder(folder / "model")
    return _found(train_stage(folder / "tokens", model, VocabularySettings(), settings, force=True)[0])


def _found(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.report, "disk": sum(manifest.files.values())}


def main() -> None:
    """Run, print one line of JSON."""
    stage, text, folder, settings = sys.argv[1:]
    started = time.perf_counter()
    found = run(stage, text, Path(folder), TrainSettings(**json.loads(settings)))
    seconds = time.perf_counter() - started
    children = 1024 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss  # the largest of them
    memory = peak_bytes() + (processors() * children if stage == "tokenize" else 0)
    print(json.dumps({"stage": stage, "found": found, "wall": seconds, "memory": memory}))


if __name__ == "__main__":
    main()
