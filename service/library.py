"""The models of one store, loaded when first asked for and shared by all threads."""

from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from service.engine import Engine
from storage.connection import log_of
from storage.models import ModelInfo, find_model
from storage.store import Store

Fingerprint = tuple[tuple[int, int, int], ...]


@dataclass
class _Slot:
    """One model's engine; the lock makes sure that only one thread loads it."""

    lock: Lock = field(default_factory=Lock)
    engine: Engine | None = None


class Library:
    """Finds and loads models; a version published while the process runs is seen by the next question.

    Args:
        db: the store's file.
        keep: how many models stay loaded; the one that was not asked for the longest goes first.
    """

    def __init__(self, db: Path, keep: int = 4) -> None:
        self._db = db
        self._keep = keep
        self._lock = Lock()
        self._slots: OrderedDict[ModelInfo, _Slot] = OrderedDict()
        self._seen: Fingerprint | None = None
        self._models: list[ModelInfo] = []

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version."""
        fingerprint = _fingerprint(self._db)
        with self._lock:
            if self._seen != fingerprint:
                with Store.open(self._db) as store:
                    self._models = store.models()
                self._seen = fingerprint
            return list(self._models)

    def find(self, asked: str) -> ModelInfo:
        """The model called `name@version`, or the latest version of `name`.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return find_model(asked, self.models())

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        with Store.open(self._db) as store:
            return store.card(info)

    def engine(self, info: ModelInfo) -> Engine:
        """The engine of a model, loaded if it is not yet."""
        slot = self._slot(info)
        with slot.lock:
            if slot.engine is None:
                with Store.open(self._db) as store:
                    slot.engine = Engine(store.load(info))
            return slot.engine

    def preload(self) -> None:
        """Load the latest version of as many names as stay loaded."""
        latest = {info.name: info for info in self.models()}
        for info in list(latest.values())[: self._keep]:
            self.engine(info)

    def _slot(self, info: ModelInfo) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(info, _Slot())
            self._slots.move_to_end(info)
            while len(self._slots) > self._keep:
                self._slots.popitem(last=False)
            return slot


def _fingerprint(db: Path) -> Fingerprint:
    """What changes whenever something is written to the store: two system calls instead of opening the file."""
    return tuple(_stamp(file) for file in (db, log_of(db)))


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except FileNotFoundError:
        return (0, 0, 0)
    # an empty log counts as none: every reader makes one and takes it away again
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_size else (0, 0, 0)
