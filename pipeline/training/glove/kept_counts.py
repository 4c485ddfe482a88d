"""`KeptCounts`: a training's counts beside its checkpoints, whole or not there, so that one who goes on need not count.

They lie in a folder `counts-...` in the stage's folder: the files of `Cells`, and counts.json with the key of the
training and the sha256 of each file and of the JSON itself. The folder gets its name when all is in it, and goes when
the training has ended.
"""

import json
import logging
import re
import shutil
from pathlib import Path
from typing import Any

from pipeline.cooccurrence.cells import KEYS, UNITS, Cells
from pipeline.training.checkpoint import Checkpoints
from storage.files import sha256_of_file, sha256_of_json, sync_folder, write_json

JSON = "counts.json"
_OWN = re.compile(r"counts-[0-9a-f]{12}")  # anything else there is the user's
_LOG = logging.getLogger(__name__)


class KeptCounts:
    """Those of one training.

    Args:
        folder: the stage's.
        key: of the training.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._stage, self._key = folder, key
        self.folder = folder / f"counts-{key[:12]}"

    @classmethod
    def beside(cls, checkpoints: Checkpoints) -> "KeptCounts":
        """Where a training keeps its checkpoints."""
        return cls(checkpoints.folder, checkpoints.training["key"])

    def load(self, size_v: int, symmetric: bool) -> Cells | None:
        """The counts of V words, if they are there; what is damaged is only told of, since it can be counted again."""
        if not self.folder.is_dir():
            return None
        try:
            kept: dict[str, Any] = json.loads((self.folder / JSON).read_text("utf-8"))
            whole = kept.pop("sha256_of_this") == sha256_of_json(kept) and kept == self._about(self.folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            whole = False
        if not whole:
            _LOG.warning("%s is damaged, or of another training: the text is counted again", self.folder)
            return None
        _LOG.info("the counts in %s are used: the text is not counted again", self.folder)
        return Cells(self.folder, size_v, symmetric)

    def keep(self, cells: Cells) -> Cells:
        """Give the folder of these counts its name here, in place of all that were kept before."""
        about = self._about(cells.folder)
        write_json(cells.folder / JSON, {**about, "sha256_of_this": sha256_of_json(about)})
        sync_folder(cells.folder)
        remove_counts(self._stage)
        cells.folder.rename(self.folder)
        sync_folder(self._stage)
        return Cells(self.folder, cells.size_v, cells.symmetric)

    def remove(self) -> None:
        """What is left of this training, which was finished before."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _about(self, folder: Path) -> dict[str, Any]:
        return {"training": self._key, "sha256": {name: sha256_of_file(folder / name) for name in (KEYS, UNITS)}}


def remove_counts(stage: Path) -> None:
    """Remove all counts from a stage's folder."""
    for folder in stage.iterdir() if stage.is_dir() else ():
        if _OWN.fullmatch(folder.name):
            shutil.rmtree(folder, ignore_errors=True)
