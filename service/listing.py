"""Which models a store has, as of now, read again only when its file has changed."""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from storage.catalog import Catalog
from storage.connection import Stamp, stamp_of
from storage.errors import StoreError
from storage.store import Store

log = logging.getLogger(__name__)

PATIENCE = 0.5  # seconds that a question waits for others who use the store


@dataclass(frozen=True)
class _Known:
    """What was in the store when its file had this stamp."""

    stamp: Stamp
    catalog: Catalog


class Listing:
    """The models in a store; the last known ones where it cannot be read any more."""

    def __init__(self, db: Path) -> None:
        self._db = db
        self._reading = Lock()
        self._known: _Known | None = None
        self._lost = False

    def catalog(self) -> Catalog:
        """All published models, and which are meant by names and tags.

        One thread reads the store, and others wait for it only so long, if something is known.

        Raises:
            StoreError: the store cannot be read, and never could.
        """
        return self._now().catalog

    def _now(self) -> _Known:
        known = self._known
        if known is None:
            with self._reading:
                return self._refreshed()
        if not self._is_current(known) and self._reading.acquire(timeout=PATIENCE):
            try:
                return self._refreshed()
            finally:
                self._reading.release()
        return known

    def _is_current(self, known: _Known) -> bool:
        return known.stamp == stamp_of(self._db) and not self._lost

    def _refreshed(self) -> _Known:
        if self._known is None or not self._is_current(self._known):
            self._known = self._read()
        return self._known

    def _read(self) -> _Known:
        stamp = stamp_of(self._db)
        try:
            with Store.open(self._db, patience=PATIENCE) as store:
                known = _Known(stamp, store.catalog())
        except StoreError as error:
            if self._known is None:
                raise
            self._tell(lost=True, message=f"the last known models go on answering: {error}")
            return self._known
        self._tell(lost=False, message=f"{self._db} can be read again")
        return known

    def _tell(self, *, lost: bool, message: str) -> None:
        """Log a change of state, not every question that meets it."""
        if lost != self._lost:
            log.warning("%s", message)
        self._lost = lost
