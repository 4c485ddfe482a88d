"""What is derived from a store's models for speed, in files beside it that processes map and so share.

The SQLite file is the truth. `FILE.derived/` beside it can be taken away at any time: what is missing, damaged, or made
of another model is not believed, and made again.
"""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from storage.array_folder import Array, ArrayWriter, map_arrays, remove, writing_arrays
from storage.errors import InputError
from storage.models import ModelInfo
from storage.texts import Texts

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

log = logging.getLogger(__name__)

_LOCK = ".lock"
_LEFT_BEHIND = 3600  # seconds after which a folder that somebody began to write is taken for given up


@dataclass(frozen=True, eq=False)
class Derived:
    """Whatever was made of a model's words, counts and vectors, by name; what is mapped is read-only.

    Attributes:
        texts: sequences of strings.
        arrays: arrays of numbers.
    """

    texts: Mapping[str, Texts]
    arrays: Mapping[str, Array]


class DerivedWriter:
    """Takes what was derived from a model, in pieces."""

    def __init__(self, arrays: ArrayWriter) -> None:
        self._arrays = arrays

    def add(self, derived: Derived) -> None:
        """Write texts and arrays.

        Raises:
            OSError: there is no room, or no permission.
        """
        for name, array in _put_together(derived).items():
            self._arrays.add(name, array)

    def add_rows(self, name: str, shape: tuple[int, ...], dtype: "np.dtype[Any]", blocks: Iterable[Array]) -> Array:
        """Write an array from blocks of its rows, and return it mapped; raises as `add` does."""
        return self._arrays.add_rows(name, shape, dtype, blocks)


class DerivedFiles:
    """The folder beside a store, with one folder for each model, named by the hash of its vectors.

    Args:
        db: the store's file.
        layout: what is written, and how it is computed, as a number; what has another is not believed.
    """

    def __init__(self, db: Path, layout: int = 1) -> None:
        self._layout = layout
        real = db.resolve()  # beside the file itself, as SQLite's log
        self.folder = real.with_name(f"{real.name}.derived")

    def of(self, info: ModelInfo) -> Path:
        """Where a model's files are, or would be."""
        return self.folder / f"{info}.{info.vectors_sha256[:16]}"

    def open(self, info: ModelInfo, *, tell: bool = True) -> Derived | None:
        """What was derived from a model, mapped into memory; None where there is nothing that can be believed.

        Why it cannot is logged, unless not to `tell` was asked for.
        """
        folder = self.of(info)
        if not folder.is_dir():
            return None
        try:
            return _taken_apart(map_arrays(folder, self._about(info)))
        except (InputError, OSError) as error:
            if tell:
                log.warning("%s is not believed: %s", folder, error)
            return None

    def check(self, info: ModelInfo) -> None:
        """Read everything that was derived from a model.

        Raises:
            InputError: something is not as it was written, or was made of another model.
            OSError: it is not there, or there is no permission.
        """
        map_arrays(self.of(info), self._about(info), thorough=True)

    def write(self, info: ModelInfo, derived: Derived) -> None:
        """Write what was derived from a model, whole or not at all; two processes may do so at once.

        Raises:
            OSError: there is no room, or no permission.
        """
        with self.writing(info) as writer:
            writer.add(derived)

    @contextmanager
    def writing(self, info: ModelInfo) -> Iterator["DerivedWriter"]:
        """The same where it is made piece by piece, so that not all of it has to be in memory.

        Raises:
            OSError: there is no room, or no permission.
        """
        with writing_arrays(self.of(info), self._about(info)) as arrays:
            yield DerivedWriter(arrays)

    def _about(self, info: ModelInfo) -> dict[str, object]:
        return {"layout": self._layout, "model": info.as_dict()}

    @contextmanager
    def making(self) -> Iterator[bool]:
        """Wait until no other process, nor thread, makes files here, so that not all of them do the same work at once.

        Where there is no folder to be written, or no such lock, nobody waits; that costs work, and no correctness.
        Says whether nobody else can be making any.
        """
        lock = None
        with suppress(OSError):
            self.folder.mkdir(exist_ok=True)
            lock = (self.folder / _LOCK).open("wb")
        if lock is None or fcntl is None:
            yield False
            return
        with lock:  # the lock goes with the file, and so with the process, however that ends
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield True

    def tidy(self, models: Collection[ModelInfo]) -> None:
        """Take away what belongs to none of the store's models, and what was left behind half written long ago."""
        for path in self.litter(models):
            remove(path)

    def litter(self, models: Collection[ModelInfo], *, alone: bool = False) -> list[Path]:
        """What belongs to none of the store's models, or was left behind half written.

        Args:
            models: all that the store has.
            alone: nobody makes files here, so that also what was begun a moment ago is given up.
        """
        known = {self.of(info).name for info in models}
        inside = sorted(self.folder.iterdir()) if self.folder.is_dir() else []
        begun = [path for path in (*inside, *self.folder.glob("*/.*")) if path.name.startswith(".")]
        unknown = [path for path in inside if path not in begun and path.name not in known]
        return unknown + [path for path in begun if path.name != _LOCK and (alone or _is_old(path))]


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _LEFT_BEHIND
    except OSError:
        return False


def _put_together(derived: Derived) -> dict[str, Array]:
    """All as arrays: a text makes two, NAME.text and NAME.offsets."""
    texts = {f"{name}.text": texts.encoded for name, texts in derived.texts.items()}
    offsets = {f"{name}.offsets": texts.offsets for name, texts in derived.texts.items()}
    return {**texts, **offsets, **derived.arrays}


def _taken_apart(arrays: Mapping[str, Array]) -> Derived:
    names = [name.removesuffix(".text") for name in arrays if name.endswith(".text")]
    texts = {name: Texts(arrays[f"{name}.text"], arrays[f"{name}.offsets"]) for name in names}
    return Derived(texts, {name: array for name, array in arrays.items() if "." not in name})
