"""What is derived from a store's models for speed, in files beside it that processes map and so share.

The SQLite file is the truth. `FILE.derived/` beside it can be taken away at any time: what is missing, damaged, or made
of another model is not believed, and made again.
"""

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from storage.array_folder import Array, map_arrays, remove, write_arrays
from storage.errors import InputError
from storage.models import ModelInfo

log = logging.getLogger(__name__)

_LAYOUT = 1
_LEFT_BEHIND = 3600  # seconds after which a folder that somebody began to write is taken for given up


@dataclass(frozen=True, eq=False)
class Derived:
    """Words, and arrays about them, by name.

    Attributes:
        words: the V words of a model.
        arrays: whatever was made of the model's words, counts and vectors; mapped ones are read-only.
    """

    words: tuple[str, ...]
    arrays: Mapping[str, Array]


class DerivedFiles:
    """The folder beside a store, with one folder for each model, named by the hash of its vectors."""

    def __init__(self, db: Path) -> None:
        real = db.resolve()  # beside the file itself, as SQLite's log
        self.folder = real.with_name(f"{real.name}.derived")

    def of(self, info: ModelInfo) -> Path:
        """Where a model's files are, or would be."""
        return self.folder / f"{info}.{info.vectors_sha256[:16]}"

    def open(self, info: ModelInfo) -> Derived | None:
        """What was derived from a model, mapped into memory; None where there is nothing that can be believed."""
        folder = self.of(info)
        if not folder.is_dir():
            return None
        try:
            arrays = map_arrays(folder, _about(info))
            return Derived(_words(arrays.pop("text"), arrays.pop("offsets")), arrays)
        except (InputError, OSError) as error:
            log.warning("%s is not believed: %s", folder, error)
            return None

    def write(self, info: ModelInfo, derived: Derived) -> None:
        """Write what was derived from a model, whole or not at all; two processes may do so at once.

        Raises:
            OSError: there is no room, or no permission.
        """
        text, offsets = _text(derived.words)
        write_arrays(self.of(info), _about(info), {"text": text, "offsets": offsets, **derived.arrays})

    def tidy(self, models: Collection[ModelInfo]) -> None:
        """Take away what belongs to none of the store's models, and what was left behind half written."""
        known = {self.of(info).name for info in models}
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            if _is_given_up(path) if path.name.startswith(".") else path.name not in known:
                remove(path)


def _about(info: ModelInfo) -> dict[str, object]:
    return {"layout": _LAYOUT, "model": info.as_dict()}


def _is_given_up(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _LEFT_BEHIND
    except OSError:
        return False


def _text(words: tuple[str, ...]) -> tuple[Array, Array]:
    """The words in UTF-8, each followed by a line feed, and (V + 1,) where each begins, and the end."""
    encoded = [word.encode() for word in words]
    text = np.frombuffer(b"\n".join([*encoded, b""]), np.uint8)
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum([len(word) + 1 for word in encoded], out=offsets[1:])
    return text, offsets


def _words(text: Array, offsets: Array) -> tuple[str, ...]:
    """The words: split where none holds a line feed, which takes a third of the time, else cut at the offsets."""
    encoded = text.tobytes()
    words = encoded.decode().split("\n")[:-1]
    if len(words) == len(offsets) - 1:
        return tuple(words)
    places = offsets.tolist()
    return tuple(encoded[start : end - 1].decode() for start, end in pairwise(places))
