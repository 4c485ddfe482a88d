"""crosscheck.json: the levels that were checked, each with its own key, so that one is checked without the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.crosscheck.kind import kind_of
from pipeline.crosscheck.levels import Level
from pipeline.evaluation.results import Kept, ResultFile
from pipeline.stages import Manifest, StageFolder, stage_key
from storage.errors import InputError

CROSSCHECK = ResultFile("crosscheck", "crosscheck")


@dataclass(frozen=True)
class KeptLevel:
    """A level, and the settings of the cross-check that decided what it compared."""

    level: Level
    settings: Mapping[str, Any]

    def key(self, model: Manifest) -> str:
        """Hash of everything that decides what the level finds; the replay, on its own text, takes the kind alone."""
        inputs = kind_of(model.settings) if self.level.name == "replay" else {"model": model.key}
        return stage_key(f"crosscheck {self.level.name}", self.settings, inputs)


def kept_levels(folder: Path) -> dict[str, KeptLevel]:
    """The kept levels that are about the model in `folder` and about this code; none where the file is damaged.

    Raises:
        InputError: the folder holds no finished model.
    """
    model = StageFolder(folder).manifest("train")
    try:
        kept = CROSSCHECK.read(folder)
        found = _levels(kept) if kept else {}
        return {name: level for name, level in found.items() if kept and kept.key[name] == level.key(model)}
    except (InputError, KeyError, TypeError, ValueError, AttributeError):
        return {}


def keep_levels(folder: Path, levels: Mapping[str, KeptLevel], report: Mapping[str, Any]) -> None:
    """Write the levels' keys and settings and the report that joins them."""
    model = StageFolder(folder).manifest("train")
    keys = {name: level.key(model) for name, level in levels.items()}
    settings = {name: level.settings for name, level in levels.items()}
    CROSSCHECK.write(folder, Kept(model.key, keys, settings, report))


def _levels(kept: Kept) -> dict[str, KeptLevel]:
    made = kept.result["levels"].items()
    return {name: KeptLevel(Level.of(name, level), kept.settings[name]) for name, level in made}
