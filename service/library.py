"""The models of one store, loaded when first asked for or ahead of that, and shared by all threads."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock, Thread
from typing import Any

from service.attempts import Attempts
from service.engine import Engine
from service.engine_maker import EngineMaker
from service.listing import PATIENCE, Listing
from service.nearest import Ranker
from service.readiness import Readiness
from storage.card import whole_card
from storage.catalog import Catalog
from storage.errors import UnknownModel
from storage.maps import Map
from storage.models import ModelInfo
from storage.store import Store


@dataclass(eq=False)
class _Slot:
    """One model's engine; the lock makes sure that only one thread loads it."""

    lock: Lock = field(default_factory=Lock)
    engine: Engine | None = None
    by_version: bool = False  # somebody asked for just this version


class Library:
    """Finds and loads models; a version published while the process runs answers as soon as it is loaded.

    Until then, questions to its name are answered from the version that answered before, and so it is when a name or a
    tag means another version by now. Where the store cannot be read any more, the models it had are still known, and
    those loaded still answer.

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
        self._make_engine = EngineMaker(db, around, approximate_from)
        self._changed = changed
        self._listing = Listing(db)
        self._lock = Lock()  # of all below; never held while the store is read
        self._slots: OrderedDict[ModelInfo, _Slot] = OrderedDict()
        self._answering: dict[str, tuple[ModelInfo, Engine]] = {}  # what questions to a name or a tag get meanwhile
        self._attempts = Attempts()

    def catalog(self) -> Catalog:
        """All published models and their tags; the last known ones where the store cannot be read.

        Raises:
            StoreError: the store cannot be read, and never could.
        """
        return self._listing.catalog()

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version; raises as `catalog` does."""
        return list(self.catalog().models)

    def find(self, asked: str) -> ModelInfo:
        """The model that `name`, `name@version` or `name@tag` means now.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return self.catalog().find(asked)

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        with Store.open(self._db, patience=PATIENCE) as store:
            return store.card(info)

    def whole_card(self, info: ModelInfo) -> dict[str, Any]:
        """The model, its tags, its chain from text to seals, and its card."""
        with Store.open(self._db, patience=PATIENCE) as store:
            return whole_card(store, info)

    def map(self, info: ModelInfo) -> Map | None:
        """Where the model's words stand on a plane; None where it was stored without a map."""
        with Store.open(self._db, patience=PATIENCE) as store:
            return store.load_map(info)

    def answering(self, asked: str) -> tuple[ModelInfo, Engine]:
        """What answers questions to `name@version`, `name` or `name@tag`: one model, its engine, for the whole answer.

        A name or tag is answered without waiting once it has been answered: by the version that it means when that is
        loaded, else by the one that answered before, while the other is loaded aside.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
            StoreError: it cannot be loaded; the models that are loaded stay so.
        """
        meant = self.find(asked)
        if asked == str(meant):
            return meant, self.engine(meant, by_version=True)
        if engine := self._loaded(meant):
            return self._promote(asked, meant, engine)
        if before := self._answering.get(asked):
            self._load_aside(asked, meant)
            return before
        try:
            return self._promote(asked, meant, self.engine(meant))
        except UnknownModel:  # it disappeared a moment ago: what the store says now counts
            if self.find(asked) == meant:
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
        """Load what as many names mean as stay loaded, those published last, ready for any question."""
        for asked, info in self._due():
            self._prepare(asked, info)

    def catch_up(self) -> None:
        """Load what is due by now, and let go what is gone; failures are logged and tried again later."""
        for asked, info in self._due():
            if self._answers(asked) != info and self._attempts.begin(info):
                self._try_to_prepare(asked, info)
        self._forget()
        self._tell()

    def readiness(self) -> list[Readiness]:
        """How far the names and tags are that answer, or are to answer, without being asked for first."""
        return [
            Readiness(asked, info, self._answers(asked), self._attempts.has_failed(info)) for asked, info in self._due()
        ]

    def _due(self) -> list[tuple[str, ModelInfo]]:
        """The names and tags that answer now and, while there is room, the names published last; with what they mean.

        Where there is none, what was asked for has pushed something out, which is not to come back by itself.
        """
        catalog = self.catalog()
        with self._lock:
            answering = sorted(asked for asked in self._answering if asked in catalog.references)
            room = self._keep - sum(slot.engine is not None for slot in self._slots.values())
        others = [(info.name, info) for info in catalog.current if info.name not in answering]
        return [(asked, catalog.find(asked)) for asked in answering] + others[: max(room, 0)]

    def _answers(self, asked: str) -> ModelInfo | None:
        found = self._answering.get(asked)
        return found[0] if found else None

    def _means(self, asked: str) -> ModelInfo | None:
        return self.catalog().references.get(asked)

    def _loaded(self, info: ModelInfo) -> Engine | None:
        with self._lock:
            slot = self._slots.get(info)
            if slot is None or slot.engine is None:
                return None
            self._slots.move_to_end(info)
            return slot.engine

    def _promote(self, asked: str, info: ModelInfo, engine: Engine) -> tuple[ModelInfo, Engine]:
        """From now on this version answers for a name or tag; the one before goes, unless it is needed elsewhere."""
        before = self._answers(asked)
        if before != info and self._means(asked) == info:  # while we looked it may have come to mean another
            with self._lock:
                self._answering[asked] = info, engine
                if before:
                    self._let_go(before)
            self._tell()
        return info, engine

    def _let_go(self, info: ModelInfo) -> None:
        """Forget a model's engine, unless somebody asked for just this version, or it answers for another name."""
        slot = self._slots.get(info)
        if slot and not slot.by_version and info not in (meant for meant, _ in self._answering.values()):
            del self._slots[info]

    def _prepare(self, asked: str, info: ModelInfo) -> None:
        engine = self.engine(info)
        engine.prepare()
        self._promote(asked, info, engine)

    def _load_aside(self, asked: str, info: ModelInfo) -> None:
        """Let a thread of its own load a model, if none does; questions go on meanwhile."""
        if self._attempts.begin(info):
            Thread(target=self._try_to_prepare, args=(asked, info), name=f"load {info}", daemon=True).start()

    def _try_to_prepare(self, asked: str, info: ModelInfo) -> None:
        with self._attempts.told(info):
            self._prepare(asked, info)

    def _forget(self) -> None:
        """Let go the models that are not in the store any more, and the failures of those."""
        catalog = self.catalog()
        known = set(catalog.models)
        with self._lock:
            for asked in self._answering.keys() - catalog.references.keys():
                del self._answering[asked]
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
            return self._make_engine(info)
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
                for asked in [asked for asked, (info, _) in self._answering.items() if info == out]:
                    del self._answering[asked]
        self._tell()
