"""Plan, tokenize or train once, alone in a process; prints what was found, seconds and memory.

`python -m benchmarks.one_stage plan|tokenize|train TEXT FOLDER SETTINGS-JSON`
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.plan.memory import peak_bytes
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import Manifest, StageFolder


class Peak:
    """The most memory that this process and its processes have held."""

    def __init__(self) -> None:
        self.memory = 0

    def look(self, *_progress: int) -> None:
        """To be called while there are processes."""
        self.memory = max(self.memory, peak_bytes())


def prepared(stage: str, text: str, folder: Path, settings: TrainSettings, peak: Peak) -> Callable[[], dict[str, Any]]:
    """What runs a stage and returns its report and the bytes of its files, or the plan; others are not imported."""
    if stage == "plan":
        from pipeline.plan.planning import plan

        return lambda: plan([text], TokenSettings(), VocabularySettings(), settings).as_dict()
    tokens, model = StageFolder(folder / "tokens"), StageFolder(folder / "model")
    if stage == "tokenize":
        from pipeline.text.tokenizing import tokenize

        return lambda: _found(tokenize(tokens, [text], TokenSettings(), force=True, report=peak.look)[0])
    from pipeline.training.stage import train_stage

    return lambda: _found(train_stage(tokens.path, model, VocabularySettings(), settings, force=True)[0])


def _found(manifest: Manifest) -> dict[str, Any]:
    return {**manifest.report, "disk": sum(manifest.files.values())}


def main() -> None:
    """Run, print one line of JSON."""
    stage, text, folder, settings = sys.argv[1:]
    peak = Peak()
    run = prepared(stage, text, Path(folder), TrainSettings(**json.loads(settings)), peak)
    started = time.perf_counter()
    found = run()
    seconds = time.perf_counter() - started
    peak.look()
    print(json.dumps({"stage": stage, "found": found, "wall": seconds, "memory": peak.memory}))


if __name__ == "__main__":
    main()
