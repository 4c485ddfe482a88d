"""What a store keeps for nothing: files of models that are gone, what a kill left behind, rows and pages of nothing."""

import shutil
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from storage.array_folder import remove
from storage.connection import log_of, tables_of
from storage.derived import DerivedFiles
from storage.errors import StoreError
from storage.store import Store

_OF_MODELS = ("words", "cards", "contexts", "maps", "ngrams", "subwords", "seals")  # their rows belong to a model
_OF_NOTHING = "model NOT IN (SELECT id FROM models)"  # NULL, which is the file itself, is never NOT IN


@dataclass(frozen=True)
class Litter:
    """What could go.

    Attributes:
        files: files and folders beside the store, with their bytes.
        rows: how many rows belong to no model, by table.
        free_bytes: bytes of pages in the file that hold nothing.
        log_bytes: bytes of the write-ahead log.
    """

    files: dict[Path, int]
    rows: dict[str, int]
    free_bytes: int
    log_bytes: int

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {**vars(self), "files": {str(path): size for path, size in self.files.items()}}


def find_litter(store: Store, *, alone: bool = False) -> Litter:
    """What could go; nothing is changed.

    Args:
        store: opened for reading or for writing.
        alone: nobody makes derived files now, so that also those begun a moment ago are given up.
    """
    with store.using() as connection:
        rows = {table: _rows_of_nothing(connection, table) for table in _OF_MODELS if table in tables_of(connection)}
        free, size = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("freelist_count", "page_size"))
    files = DerivedFiles(store.path).litter(store.models(), alone=alone)
    log = log_of(store.path)
    return Litter(
        {path: _size(path) for path in files},
        {table: number for table, number in rows.items() if number},
        free * size,
        log.stat().st_size if log.exists() else 0,
    )


def collect(store: Store) -> Litter:
    """Take away what is kept for nothing, and make the file as small as what it holds; says what that was.

    No model is touched, and whoever reads goes on. The file shrinks when nobody reads from before any more.

    Args:
        store: opened for writing.

    Raises:
        StoreError: another writes all the time, or there is no room to write the file anew; no model is lost then.
    """
    with DerivedFiles(store.path).making() as alone:
        found = find_litter(store, alone=alone)
        if found.rows:
            with store.changing() as connection:
                for table in found.rows:
                    connection.execute(f"DELETE FROM {table} WHERE {_OF_NOTHING}")  # noqa: S608 - names from above
        for path in found.files:
            remove(path)
    _shrink(store)
    return found


def _rows_of_nothing(connection: sqlite3.Connection, table: str) -> int:
    """How many rows belong to no model: another program has deleted that without its foreign keys."""
    query = f"SELECT count(*) FROM {table} WHERE {_OF_NOTHING}"  # noqa: S608 - names from above
    return int(connection.execute(query).fetchone()[0])


def _shrink(store: Store) -> None:
    """Write the file anew without its free pages, in one transaction; then empty the log into it."""
    with store.using() as connection:
        pages, free, size = (
            connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        if free:
            _need_room(store.path, 2 * (pages - free) * size)  # SQLite writes it once aside and once into the log
            connection.execute("VACUUM")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _need_room(path: Path, needed: int) -> None:
    room = shutil.disk_usage(path.resolve().parent).free
    if room < needed:
        raise StoreError(
            f"{path} keeps its free pages: to write it anew takes {needed / 1e9:.1f} GB for a while, and its disk has "
            f"{room / 1e9:.1f} GB; new models will use these pages"
        )


def _size(path: Path) -> int:
    inside = [file for file in path.rglob("*") if file.is_file()] if path.is_dir() else [path]
    return sum(file.stat().st_size for file in inside)
