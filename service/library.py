"""The models of one store, loaded when first asked for and shared by all threads."""

import logging
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from service.engine import Engine
from storage.connection import Stamp, stamp_of
from storage.errors import StoreError
from storage.maps import Map
from storage.models import ModelInfo, find_model, newest_first
from storage.store import Store

log = logging.getLogger(__name__)

_PATIENCE = 0.5  # seconds that a question waits for others who use the store


@dataclass
class _Slot:
    """One model's engine; the lock makes sure that only one thread loads it."""

    lock: Lock = field(default_factory=Lock)
    engine: Engine | None = None


@dataclass(frozen=True)
class _Listing:
    """What was in the store when its file had this stamp."""

    stamp: Stamp
    models: tuple[ModelInfo, ...]


class Library:
    """Finds and loads models; a version published while the process runs is seen by the next question.

    Where the store cannot be read any more, the models it had are still known, and those loaded still answer.

    Args:
        db: the store's file.
        keep: how many models stay loaded; the one that was not asked for the longest goes first.
    """

    def __init__(self, db: Path, keep: int = 4) -> None:
        self._db = db
        self._keep = keep
        self._lock = Lock()  # of the slots; never held while the store is read
        self._slots: OrderedDict[ModelInfo, _Slot] = OrderedDict()
        self._reading = Lock()
        self._known: _Listing | None = None
        self._lost = False

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version; the last known ones where the store cannot be read.

        Raises:
            StoreError: the store cannot be read, and never could.
        """
        return list(self._listing().models)

    def find(self, asked: str) -> ModelInfo:
        """The model called `name@version`, or the latest version of `name`.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return find_model(asked, self.models())

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        with Store.open(self._db, patience=_PATIENCE) as store:
            return store.card(info)

    def map(self, info: ModelInfo) -> Map | None:
        """Where the model's words stand on a plane; None where it was stored without a map."""
        with Store.open(self._db, patience=_PATIENCE) as store:
            return store.load_map(info)

    def engine(self, info: ModelInfo) -> Engine:
        """The engine of a model, loaded if it is not yet.

        Raises:
            StoreError: it cannot be loaded; the models that are loaded stay so.
        """
        slot = self._slot(info)
        with slot.lock:
            if slot.engine is None:
                slot.engine = self._load(info, slot)
            return slot.engine

    def preload(self) -> None:
        """Load the latest versions of as many names as stay loaded, those published last, ready for any question."""
        latest = {info.name: info for info in self.models()}
        for info in newest_first(latest.values())[: self._keep]:
            self.engine(info).prepare()

    def _is_current(self, known: _Listing) -> bool:
        return known.stamp == stamp_of(self._db) and not self._lost

    def _listing(self) -> _Listing:
        """What is in the store now; one thread reads it, and others wait for it only so long, if something is known."""
        known = self._known
        if known is None:
            with self._reading:
                return self._refreshed()
        if not self._is_current(known) and self._reading.acquire(timeout=_PATIENCE):
            try:
                return self._refreshed()
            finally:
                self._reading.release()
        return known

    def _refreshed(self) -> _Listing:
        if self._known is None or not self._is_current(self._known):
            self._known = self._read()
        return self._known

    def _read(self) -> _Listing:
        stamp = stamp_of(self._db)
        try:
            with Store.open(self._db, patience=_PATIENCE) as store:
                listing = _Listing(stamp, tuple(store.models()))
        except StoreError as error:
            if self._known is None:
                raise
            self._tell(lost=True, message=f"the last known models go on answering: {error}")
            return self._known
        self._tell(lost=False, message=f"{self._db} can be read again")
        return listing

    def _tell(self, *, lost: bool, message: str) -> None:
        """Log a change of state, not every question that meets it."""
        if lost != self._lost:
            log.warning("%s", message)
        self._lost = lost

    def _slot(self, info: ModelInfo) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(info, _Slot())
            self._slots.move_to_end(info)
            return slot

    def _load(self, info: ModelInfo, slot: _Slot) -> Engine:
        """Load a model; only when that has worked does another one have to go."""
        try:
            with Store.open(self._db, patience=_PATIENCE) as store:
                engine = Engine(store.load(info))
        except BaseException:
            with self._lock:
                if self._slots.get(info) is slot:
                    del self._slots[info]
            raise
        with self._lock:
            while len(self._slots) > self._keep:
                self._slots.popitem(last=False)
        return engine
