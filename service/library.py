"""The models of one store, loaded when first asked for or ahead of that, and shared by all threads."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from service.approximating import load_approximate
from service.attempts import Attempts
from service.engine import Engine
from service.listing import PATIENCE, Listing
from service.loading import load_vectors
from service.nearest import Ranker
from service.readiness import Readiness
from storage.errors import FirthError, UnknownModel
from storage.maps import Map
from storage.models import ModelInfo, find_model, newest_first
from storage.store import Store

log = logging.getLogger(__name__)


@dataclass(eq=False)
class _Slot:
    """One model's engine; the lock makes sure that only one thread loads it."""

    lock: Lock = field(default_factory=Lock)
    engine: Engine | None = None
    by_version: bool = False  # somebody asked for just this version


class Library:
    """Finds and loads models; a version published while the process runs answers as soon as it is loaded.

    Until then, questions to its name are answered from the version that answered before, and so it is when the newest
    version disappears from the store. Where the store cannot be read any more, the models it had are still known,
    and those loaded still answer.

    Args:
        db: the store's file.
        keep: how many models stay loaded; the one that was not asked for the longest goes first.
        around: makes of an engine's index what the engine asks instead, for example a `Batcher`.
        approximate_from: words times dimensions from which on a model gets an approximate index; None for never.
        changed: called with the models that are loaded, whenever these have changed.
    """

    def __init__(
        self,
        db: Path,
        keep: int = 4,
        *,
        around: Callable[[Ranker], Ranker] | None = None,
        approximate_from: int | None = None,
        changed: Callable[[Sequence[ModelInfo]], None] = lambda _: None,
    ) -> None:
        self._db = db
        self._keep = keep
        self._around = around
        self._approximate_from = approximate_from
        self._changed = changed
        self._listing = Listing(db)
        self._lock = Lock()  # of all below; never held while the store is read
        self._slots: OrderedDict[ModelInfo, _Slot] = OrderedDict()
        self._answering: dict[str, tuple[ModelInfo, Engine]] = {}  # what questions to a name get meanwhile
        self._attempts = Attempts()

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version; the last known ones where the store cannot be read.

        Raises:
            StoreError: the store cannot be read, and never could.
        """
        return self._listing.models()

    def find(self, asked: str) -> ModelInfo:
        """The model called `name@version`, or the latest version of `name`.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return find_model(asked, self.models())

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        with Store.open(self._db, patience=PATIENCE) as store:
            return store.card(info)

    def map(self, info: ModelInfo) -> Map | None:
        """Where the model's words stand on a plane; None where it was stored without a map."""
        with Store.open(self._db, patience=PATIENCE) as store:
            return store.load_map(info)

    def answering(self, asked: str) -> tuple[ModelInfo, Engine]:
        """What answers questions to `name@version` or to `name`: one model and its engine, for the whole answer.

        A name is answered without waiting as long as any of its versions answers: its latest when that is loaded,
        else the one that answered before, while the latest is loaded aside.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
            StoreError: it cannot be loaded; the models that are loaded stay so.
        """
        newest = self.find(asked)
        if asked != newest.name:
            return newest, self.engine(newest, by_version=True)
        if engine := self._loaded(newest):
            return self._promote(newest, engine)
        if before := self._answering.get(asked):
            self._load_aside(newest)
            return before
        try:
            return self._promote(newest, self.engine(newest))
        except UnknownModel:  # it disappeared a moment ago: what the store says now counts
            if self.find(asked) == newest:
                raise
            return self.answering(asked)

    def engine(self, info: ModelInfo, *, by_version: bool = False) -> Engine:
        """The engine of a model, loaded if it is not yet; `by_version` where somebody asked for just this version.

        Raises:
            StoreError: it cannot be loaded; the models that are loaded stay so.
        """
        slot = self._slot(info)
        slot.by_version |= by_version
        with slot.lock:
            if slot.engine is None:
                slot.engine = self._load(info, slot)
                self._make_room(info)
            return slot.engine

    def preload(self) -> None:
        """Load the latest versions of as many names as stay loaded, those published last, ready for any question."""
        for info in self._due():
            self._prepare(info)

    def catch_up(self) -> None:
        """Load what is due by now, and let go what is gone; failures are logged and tried again later."""
        for info in self._due():
            if self._answers(info) != info and self._attempts.begin(info):
                self._try_to_prepare(info)
        self._forget()
        self._tell()

    def readiness(self) -> list[Readiness]:
        """How far the names are that answer, or are to answer, without being asked for first."""
        return [Readiness(info, self._answers(info), self._attempts.has_failed(info)) for info in self._due()]

    def _due(self) -> list[ModelInfo]:
        """The latest versions of the names that answer now and, while there is room, of those published last.

        Where there is none, what was asked for has pushed something out, which is not to come back by itself.
        """
        latest = {info.name: info for info in self.models()}
        with self._lock:
            answering = {name for name in self._answering if name in latest}
            room = self._keep - sum(slot.engine is not None for slot in self._slots.values())
        others = newest_first(info for name, info in latest.items() if name not in answering)
        return [latest[name] for name in sorted(answering)] + others[: max(room, 0)]

    def _answers(self, info: ModelInfo) -> ModelInfo | None:
        found = self._answering.get(info.name)
        return found[0] if found else None

    def _is_newest(self, info: ModelInfo) -> bool:
        return {each.name: each for each in self.models()}.get(info.name) == info

    def _loaded(self, info: ModelInfo) -> Engine | None:
        with self._lock:
            slot = self._slots.get(info)
            if slot is None or slot.engine is None:
                return None
            self._slots.move_to_end(info)
            return slot.engine

    def _promote(self, info: ModelInfo, engine: Engine) -> tuple[ModelInfo, Engine]:
        """From now on this version answers for its name; the one before goes, unless somebody asked for just that."""
        before = self._answering.get(info.name)
        if (before is None or before[0] != info) and self._is_newest(info):  # while we looked a newer one may have come
            with self._lock:
                self._answering[info.name] = info, engine
                if before and before[0] in self._slots and not self._slots[before[0]].by_version:
                    del self._slots[before[0]]
            self._tell()
        return info, engine

    def _prepare(self, info: ModelInfo) -> None:
        engine = self.engine(info)
        engine.prepare()
        self._promote(info, engine)

    def _load_aside(self, info: ModelInfo) -> None:
        """Let a thread of its own load a model, if none does; questions go on meanwhile."""
        if self._attempts.begin(info):
            Thread(target=self._try_to_prepare, args=(info,), name=f"load {info}", daemon=True).start()

    def _try_to_prepare(self, info: ModelInfo) -> None:
        failed = True
        try:
            self._prepare(info)
            failed = False
        except FirthError as error:
            log.warning("%s is not loaded: %s", info, error)
        except Exception:
            log.exception("%s is not loaded", info)
        else:
            log.info("%s answers now", info)
        finally:
            self._attempts.end(info, failed=failed)

    def _forget(self) -> None:
        """Let go the models that are not in the store any more, and the failures of those."""
        known = set(self.models())
        names = {info.name for info in known}
        with self._lock:
            for name in self._answering.keys() - names:
                del self._answering[name]
            kept = known | {info for info, _ in self._answering.values()}
            for info in [info for info in self._slots if info not in kept]:
                del self._slots[info]
        self._attempts.forget_all_but(known)

    def _tell(self) -> None:
        with self._lock:
            loaded = [info for info, slot in self._slots.items() if slot.engine is not None]
        self._changed(loaded)

    def _slot(self, info: ModelInfo) -> _Slot:
        with self._lock:
            slot = self._slots.setdefault(info, _Slot())
            self._slots.move_to_end(info)
            return slot

    def _load(self, info: ModelInfo, slot: _Slot) -> Engine:
        try:
            vectors, least = load_vectors(self._db, info, patience=PATIENCE), self._approximate_from
            if least is None or vectors.unit.size < least:
                return Engine(vectors, self._around)
            engine = Engine(vectors, self._around, approximate=partial(load_approximate, self._db, info, vectors))
            _ = engine.approximate  # made now, not when the first question waits
            return engine
        except BaseException:
            with self._lock:
                if self._slots.get(info) is slot:
                    del self._slots[info]
            raise

    def _make_room(self, info: ModelInfo) -> None:
        """Only when a model is loaded does another one have to go."""
        with self._lock:
            if info in self._slots:
                self._slots.move_to_end(info)
            while len(self._slots) > self._keep:
                out, _ = self._slots.popitem(last=False)
                if self._answers(out) == out:
                    del self._answering[out.name]
        self._tell()
