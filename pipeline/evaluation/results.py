"""What was found out about a model, kept as a JSON file in its folder with the key of the model it belongs to."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipeline.stages import StageFolder, stage_key
from storage.errors import InputError
from storage.files import write_json


@dataclass(frozen=True)
class Stored:
    """A result that was read back.

    Attributes:
        result: plain JSON values.
        stale: whether the model has changed since, so that the result is about another one.
    """

    result: Mapping[str, Any]
    stale: bool


@dataclass(frozen=True)
class Kept:
    """What a result file holds, plain JSON values.

    Attributes:
        model: key of the model that the result is about.
        key: of how it was made; a result of several parts has one for each.
        settings: it was made with.
        result: what was found.
    """

    model: str
    key: Any
    settings: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True)
class ResultFile:
    """`<name>.json` in a model's folder: results, the model's key, and the key of how they were made.

    Attributes:
        name: of the file.
        command: that makes it, `firth <command>`.
    """

    name: str
    command: str

    def path(self, folder: Path) -> Path:
        """Where the file is."""
        return folder / f"{self.name}.json"

    def load(self, folder: Path) -> Stored | None:
        """The kept result, or None where none was kept.

        Raises:
            InputError: the folder holds no finished model, or the file is damaged.
        """
        model = StageFolder(folder).manifest("train").key
        kept = self.read(folder)
        return Stored(kept.result, stale=kept.model != model) if kept else None

    def current_or(
        self, folder: Path, settings: Mapping[str, Any], compute: Callable[[], Mapping[str, Any]], force: bool
    ) -> tuple[Mapping[str, Any], bool]:
        """The kept result where model, settings and code are still the same; otherwise compute and keep it.

        Returns:
            The result, and whether it was computed now.
        """
        model = StageFolder(folder).manifest("train").key
        key = stage_key(self.name, settings, {"model": model})
        kept = None if force else self._read_sound(folder)
        if kept and kept.key == key:
            return kept.result, False
        result = compute()
        self.write(folder, Kept(model, key, settings, result))
        return result, True

    def write(self, folder: Path, kept: Kept) -> None:
        """Write the file, whole or not at all; nothing where it already says so."""
        if self._read_sound(folder) != kept:
            write_json(self.path(folder), vars(kept))

    def read(self, folder: Path) -> Kept | None:
        """The file, or None where there is none.

        Raises:
            InputError: it is damaged.
        """
        path = self.path(folder)
        try:
            return Kept(**json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise InputError(f"{path} is damaged ({error}); run `firth {self.command}` again") from None

    def _read_sound(self, folder: Path) -> Kept | None:
        """A damaged file is as good as none for who would replace it."""
        try:
            return self.read(folder)
        except InputError:
            return None
