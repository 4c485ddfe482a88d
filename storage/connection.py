"""Opening the SQLite file, for reading and for writing; every failure is told with its file and the way out."""

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal

from storage.errors import StoreError

MIGRATION_SET = "firth"
KNOWN_MIGRATIONS = (
    "m001_models",
    "m002_contexts",
    "m003_maps",
    "m004_seals",
    "m005_tags",
    "m006_subwords",
    "m007_ledger",
)
_OLDEST_SCHEMA = KNOWN_MIGRATIONS[:1]  # what a reader needs: tables that came later may be missing
_OLDEST_SQLITE = (3, 37)  # the first with STRICT tables
_PAGE_BYTES = 16384  # reads a model of 121,926 x 100 in 0.7 of the time that SQLite's default of 4096 takes
_CACHE_KILOBYTES = 1 << 18  # at most, of a writer: the index of words; 1,500,000 take two thirds of the time with it

_PAUSE = 0.01  # seconds between two tries to switch to the log
_UNLOCKED = "mode=ro&immutable=1"
_NO_ROOM_TO_READ = ("disk I/O", "unable to open")  # what SQLite says where a disk has no room for FILE-shm
_MAGIC = b"SQLite format 3\0"

Stamp = tuple[tuple[int, int, int], ...]

_WAYS_OUT = {
    "not a database": "is not an SQLite database; name the right file with --db",
    "malformed": "is damaged; restore it from a copy, or save what is left with `sqlite3 FILE .recover`",
    "could not decode": "is damaged; restore it from a copy, or save what is left with `sqlite3 FILE .recover`",
    "locked": "is in use by another writer; try again when that has ended",
    "readonly": "cannot be written; check the permissions of the file and its folder",
    "unable to open": "cannot be opened; check the permissions of the file and its folder",
    "full": "does not fit on its disk; make room and publish again, the models published before are whole",
    "disk i/o": "met an error of its disk; check the disk's health and room, the models published before are whole",
}


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Turn whatever SQLite says about the file into a `StoreError` that names the file and the way out."""
    try:
        yield
    except sqlite3.Error as error:
        said = str(error)
        way_out = next((way for text, way in _WAYS_OUT.items() if text in said.lower()), "could not be used")
        raise StoreError(f"{path} {way_out} (SQLite: {said})") from error
    except UnicodeDecodeError as error:  # what SQLite says quotes what it has met, which need not be text
        raise StoreError(f"{path} {_WAYS_OUT['malformed']} ({error})") from error


def log_of(path: Path) -> Path:
    """Where SQLite writes first (WAL): beside the file itself, not beside a link to it."""
    real = path.resolve() if path.is_symlink() else path  # the folder's own links change nothing beside it
    return real.with_name(f"{real.name}-wal")


def stamp_of(path: Path) -> Stamp:
    """What changes whenever something is written to a store: two system calls instead of opening the file."""
    return tuple(_stamp(file) for file in (path, log_of(path)))


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = file.stat()
    except OSError:
        return (0, 0, 0)
    # an empty log counts as none: every reader makes one and takes it away again
    return (found.st_mtime_ns, found.st_size, found.st_ino) if found.st_size else (0, 0, 0)


def open_for_reading(path: Path, patience: float) -> tuple[sqlite3.Connection, Stamp | None]:
    """Open an existing store; neither the file nor its folder is changed by it.

    Args:
        path: the file.
        patience: seconds to wait where another process holds the lock.

    Returns:
        The connection. Where it has to read without locks, also the stamp from before it was opened: what is read
        is right only if `stamp_of` is still the same afterwards.

    Raises:
        StoreError: no such file, not a store, damaged, unreadable, or written by a newer Firth.
    """
    _check_file(path)
    if not path.exists():
        raise StoreError(f"there is no store at {path}; `firth store` makes one, --db names another")
    stamp, mode = stamp_of(path), _reading_mode(path)
    with explained(path):
        try:
            return _connect_to_read(path, mode, patience), stamp if mode == _UNLOCKED else None
        except sqlite3.OperationalError as error:
            if has_log(path) or not any(text in str(error) for text in _NO_ROOM_TO_READ):
                raise
            return _connect_to_read(path, _UNLOCKED, patience), stamp


def _connect_to_read(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    connection = _connect(path, mode, patience)
    try:
        connection.execute("PRAGMA query_only = on")
        _check_schema(path, connection, wanted=_OLDEST_SCHEMA)
    except BaseException:
        connection.close()
        raise
    return connection


def address_to_read(path: Path) -> str:
    """What SQLite can attach to read an existing store beside another, without a lock on it where that is written.

    While it is attached the store has to be open, so that its log, which this cannot take away, goes with that.
    """
    return _address(path, _UNLOCKED if _reading_mode(path) == _UNLOCKED else "mode=ro")


def is_store(path: Path) -> bool:
    """Whether an existing file is a store; a database that is too damaged to tell counts as one.

    Raises:
        OSError: the file cannot be read.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) != _MAGIC:
            return False
    try:
        with closing(_connect(path, _reading_mode(path), 0)) as connection:
            return "_sqlite_migrations" in tables_of(connection) and bool(_applied(connection))
    except sqlite3.Error:
        return True


def open_for_writing(path: Path, patience: float) -> sqlite3.Connection:
    """Open a store to be written, or an empty database where there is none; the schema is the caller's to migrate.

    Args:
        path: the file; its folder is made when missing.
        patience: seconds to wait where another process holds the lock.

    Raises:
        StoreError: a database of something else, damaged, not writable, or written by a newer Firth.
    """
    _check_file(path)
    _make_folder(path.parent)
    if path.exists() and not _may_write(path):
        raise StoreError(f"{path} {_WAYS_OUT['readonly']}")
    with explained(path):
        connection = _connect(path, "mode=rwc", patience)
        try:
            _check_schema(path, connection, wanted=())
            connection.execute(f"PRAGMA page_size = {_PAGE_BYTES}")
            connection.execute(f"PRAGMA cache_size = -{_CACHE_KILOBYTES}")
            _use_log(connection, patience)
            connection.execute("PRAGMA foreign_keys = on")
        except BaseException:
            connection.close()
            raise
    return connection


def _use_log(connection: sqlite3.Connection, patience: float) -> None:
    """Let the file have a write-ahead log, so that readers and a writer need not wait for each other.

    The switch needs the file for itself, and SQLite gives up at once when another process has it open, however
    patient the connection is: it turns a lock for reading into one for writing, where waiting could last forever.
    """
    deadline = time.monotonic() + patience
    while not _has_switched(connection, last_try=time.monotonic() >= deadline):
        time.sleep(_PAUSE)


def _has_switched(connection: sqlite3.Connection, *, last_try: bool) -> bool:
    if connection.execute("PRAGMA journal_mode").fetchone() == ("wal",):
        return True
    try:
        connection.execute("PRAGMA journal_mode = wal")
    except sqlite3.OperationalError as error:
        if last_try or "locked" not in str(error):
            raise
        return False
    return True


def _connect(path: Path, mode: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(_address(path, mode), uri=True, timeout=patience)


def _address(path: Path, mode: str) -> str:
    # as_uri writes ? and # as %3F and %23, so that no file name can be taken for a parameter
    return f"{path.absolute().as_uri()}?{mode}"


def _reading_mode(path: Path) -> str:
    """How to read without leaving anything behind.

    A `mode=ro` connection makes FILE-wal and FILE-shm and cannot take them away again; a `mode=rw` connection can.
    Where we may not write, nothing may be made at all, and the file itself holds everything unless there is a log.
    """
    if _may_write(path):
        return "mode=rw"
    return "mode=ro" if has_log(path) else _UNLOCKED


def _may_write(path: Path) -> bool:
    """Whether file and folder can be written: SQLite needs both, since the log stands beside the file."""
    effective = os.access in os.supports_effective_ids
    return all(os.access(place, os.W_OK, effective_ids=effective) for place in (path, log_of(path).parent))


def has_log(path: Path) -> bool:
    """Whether something was written that is not in the file yet."""
    log = log_of(path)
    return log.exists() and log.stat().st_size > 0


def tables_of(connection: sqlite3.Connection, database: Literal["main", "source"] = "main") -> set[str]:
    """The names of the tables that are there, of the file itself or of one that is attached."""
    query = f"SELECT name FROM {database}.sqlite_master WHERE type = 'table'"  # noqa: S608 - one of two words
    return {name for (name,) in connection.execute(query)}


def _check_file(path: Path) -> None:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreError(f"Python brings SQLite {sqlite3.sqlite_version}; the store needs 3.37: use a newer Python")
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a file; name the store's file with --db")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"the folder {folder} cannot be made: {error.strerror}") from error


def _check_schema(path: Path, connection: sqlite3.Connection, wanted: tuple[str, ...]) -> None:
    """Refuse a database of something else, one that lacks a `wanted` migration, and one that knows more than we."""
    tables = tables_of(connection)
    applied = _applied(connection) if "_sqlite_migrations" in tables else set()
    if newer := sorted(applied - set(KNOWN_MIGRATIONS)):
        raise StoreError(f"{path} was written by a newer Firth (it has {', '.join(newer)}); update Firth to read it")
    if wanted and not tables:
        raise StoreError(f"{path} holds nothing yet; `firth store` and `firth import` publish into it")
    if (tables and not applied) or not applied.issuperset(wanted):
        raise StoreError(f"{path} is a database, but not a store of Firth; name another file with --db")


def _applied(connection: sqlite3.Connection) -> set[str]:
    query = "SELECT name FROM _sqlite_migrations WHERE migration_set = ?"
    return {str(name) for (name,) in connection.execute(query, [MIGRATION_SET])}  # of a damaged file it may be none
