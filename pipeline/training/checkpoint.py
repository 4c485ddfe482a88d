"""Checkpoints: a training on disk, whole or not at all, to go on from after the process has ended in any way.

A checkpoint is a folder `checkpoint-...` in the stage's folder, beside its data: all matrices, and in checkpoint.json
the `Position`, what is trained (the stage's key, settings, inputs and code) and the sha256 of each matrix and of the
JSON itself. It is written under another name, synced and renamed; only then the one before it goes. So at every moment
the last good one is there.

There are no states of generators in it: see `Position`. With one process, or several that are deterministic, a training
that goes on from a checkpoint ends in the bytes of one that was never interrupted.
"""

import json
import logging
import re
import secrets
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.training.learned import Learned
from pipeline.training.position import Position
from storage.errors import InputError
from storage.files import sha256_of_file, sha256_of_json, sync_folder, write_array, write_json

JSON = "checkpoint.json"
_FINISHED = re.compile(r"checkpoint-[0-9]{6,}")
_UNFINISHED = re.compile(r"\.checkpoint-[0-9a-f]{12}")
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was found whole.

    Attributes:
        folder: where it is.
        position: how far the training was.
    """

    folder: Path
    position: Position

    def restore(self, parameters: Learned) -> None:
        """Write the matrices, whose bytes have been checked, over those of a training that has not begun."""
        for name, array in parameters.arrays.items():
            kept = np.load(self.folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)  # no second copy in memory
            array[...] = kept


class Checkpoints:
    """The checkpoints of one training.

    Args:
        folder: the stage's.
        minutes: between two of them; 0 for none.
        training: what decides the bytes: the stage's key, settings, inputs and code.
    """

    def __init__(self, folder: Path, minutes: float, training: Mapping[str, Any]) -> None:
        self.folder, self.minutes, self.training = folder, minutes, training
        self._written = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time for the next one."""
        return self.minutes > 0 and time.monotonic() - self._written >= 60 * self.minutes

    def save(self, parameters: Learned, position: Position) -> Path:
        """Write a checkpoint, then remove the ones before it; returns its folder.

        Raises:
            Diverged: a number is not finite; nothing is written.
            InputError: it cannot be written; the one before it is still there.
        """
        parameters.require_finite()
        older = self._found()
        fresh = self.folder / f".checkpoint-{secrets.token_hex(6)}"
        try:
            made = self._write(fresh, parameters, position, 1 + max(map(_number, older), default=0))
        except OSError as error:
            left = f"; the last good one, {older[-1]}, is still there" if older else ""
            raise InputError(
                f"a checkpoint cannot be written into {self.folder}: {error.strerror or error}{left}; make room there"
                " and go on with --resume, or write none with --checkpoint-minutes 0"
            ) from error
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        self._remove(older)
        self._written = time.monotonic()
        _LOG.debug("%s: epoch %d, %.1f %%", made, position.epoch + 1, 100 * position.progress)
        return made

    def load(self) -> Checkpoint | None:
        """The newest checkpoint, if there is one.

        Raises:
            InputError: it is damaged, or of a training with other settings, inputs or code; the message says which.
        """
        found = self._found()
        if not found:
            return None
        kept = _read(found[-1])
        if kept["training"]["key"] != self.training["key"]:
            raise InputError(
                f"{found[-1]} is of another training: {differences(kept['training'], self.training)}; start that one"
                " again, or begin this one without --resume"
            )
        for name, sha256 in kept["sha256"].items():
            file = found[-1] / f"{name}.npy"
            if not file.is_file() or sha256_of_file(file) != sha256:
                raise _damaged(found[-1], f"{file.name} is not what was written")
        return Checkpoint(found[-1], _position(kept))

    def warn_of_unused(self) -> None:
        """Tell of a checkpoint from which this training, which begins at its beginning, could have gone on."""
        for folder in self._found()[-1:]:
            try:
                kept = _read(folder)
            except InputError:
                continue
            share, mine = kept["position"]["progress"], kept["training"]["key"] == self.training["key"]
            whose = "this training; --resume would go on from it" if mine else "another training, of the same folder"
            _LOG.warning("%s holds %.0f %% of %s; the next checkpoint replaces it", folder, 100 * share, whose)

    def remove(self) -> None:
        """Remove all of them."""
        self._remove(self._found())

    def remove_own(self) -> None:
        """Remove what is left of this training, which was finished before."""
        for folder in self._found()[-1:]:
            try:
                mine = _read(folder)["training"]["key"] == self.training["key"]
            except InputError:
                continue
            if mine:
                self.remove()

    def _found(self) -> list[Path]:
        """Their folders, the newest last."""
        inside = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in inside if _FINISHED.fullmatch(path.name)), key=_number)

    def _write(self, fresh: Path, parameters: Learned, position: Position, number: int) -> Path:
        fresh.mkdir()
        arrays = parameters.arrays
        for name, array in arrays.items():
            write_array(fresh / f"{name}.npy", array)
        hashes = {name: sha256_of_file(fresh / f"{name}.npy") for name in arrays}
        kept = {"training": self.training, "position": asdict(position), "sha256": hashes}
        write_json(fresh / JSON, {**kept, "sha256_of_this": sha256_of_json(kept)})
        sync_folder(fresh)
        made = fresh.rename(self.folder / f"checkpoint-{number:06}")
        sync_folder(self.folder)
        return made

    def _remove(self, folders: list[Path]) -> None:
        litter = [path for path in self.folder.iterdir() if _UNFINISHED.fullmatch(path.name)]
        for folder in (*folders, *litter):
            shutil.rmtree(folder, ignore_errors=True)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """What differs between two trainings, in words."""
    said = []
    for part in ("settings", "inputs", "code"):
        names = sorted(before[part].keys() | now[part].keys())
        for name in names:
            old, new = (each[part].get(name, "nothing") for each in (before, now))
            if old != new:
                said.append(f"{name if part == 'settings' else f'{part}: {name}'} was {old}, now {new}")
    return ", ".join(said) or "its key is another"


def _read(folder: Path) -> dict[str, Any]:
    """What a checkpoint's JSON says.

    Raises:
        InputError: it is missing or damaged.
    """
    try:
        kept: dict[str, Any] = json.loads((folder / JSON).read_text("utf-8"))
        if kept.pop("sha256_of_this") != sha256_of_json(kept):
            raise ValueError(f"{JSON} is not what was written")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(folder, str(error)) from None
    return kept


def _position(kept: Mapping[str, Any]) -> Position:
    lists = {name: tuple(value) for name, value in kept["position"].items() if isinstance(value, list)}
    return Position(**{**kept["position"], **lists})


def _number(folder: Path) -> int:
    return int(folder.name.rpartition("-")[2])


def _damaged(folder: Path, why: str) -> InputError:
    return InputError(f"{folder} is damaged ({why}); remove it, or begin again without --resume")
