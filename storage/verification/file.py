"""What is checked of a store's file as a whole: its header, its pages, its tables, and the seals of the file's own.

A byte that no check misses holds nothing that could be read: it is on a free page, between the cells of a page, or one
of the numbers in the header by which SQLite knows its own work, such as its change counter and its schema cookie.
"""

import sqlite3
from collections.abc import Iterator
from functools import cache, partial
from pathlib import Path

from storage.connection import KNOWN_MIGRATIONS, has_log, tables_of
from storage.ledger import unbalanced
from storage.seals import FILE_PARTS, Part, Seals, hashes, seals_of, unsealed
from storage.verification.checks import Check, checked

_FIXED = {  # of the header, https://www.sqlite.org/fileformat.html, 1.3
    "fractions of pages": (21, bytes([64, 32, 32])),
    "format of the schema": (44, bytes([0, 0, 0, 4])),
    "size of the cache, size of a vacuum": (48, bytes(8)),
    "encoding": (56, bytes([0, 0, 0, 1])),
    "numbers of the user, room for more": (60, bytes(32)),
}
_JOURNALS = {bytes([1, 1]), bytes([2, 2])}  # how to write and how to read: with a rollback journal, with a log
_MOST = 5  # findings of SQLite that are told

_OF_SQLITE_UTILS = "_sqlite_migrations"  # whose versions may write another statement; it has a seal

Objects = dict[tuple[str, str], str]


def check_file(path: Path, connection: sqlite3.Connection) -> Iterator[Check]:
    """Everything about the file that belongs to none of its models."""
    yield checked("", "header", lambda: _header(path, connection))
    yield checked("", "pages", lambda: _integrity(connection))
    yield checked("", "references", lambda: _references(connection))
    yield checked("", "schema", lambda: _schema(connection))
    if "seals" not in tables_of(connection):
        yield Check("", "seals", note="an earlier schema, without seals; publishing into the file brings them")
        return
    kept = seals_of(connection, None)
    yield checked("", "seals", partial(_known, kept))
    yield _models(connection)
    for part in FILE_PARTS:
        yield checked("", part.name, partial(_part, connection, part, kept))


def _models(connection: sqlite3.Connection) -> Check:
    if "ledger" not in tables_of(connection):
        return Check("", "models", note="an earlier schema, without a ledger; publishing into the file brings it")
    return checked("", "models", partial(unbalanced, connection))


def _known(kept: Seals) -> Iterator[str]:
    if strange := sorted(kept.keys() - {part.name for part in FILE_PARTS}):
        yield f"a seal of {', '.join(strange)}, which is no part of the file"


def _part(connection: sqlite3.Connection, part: Part, kept: Seals) -> Iterator[str]:
    yield from unsealed({name: kept[name] for name in kept if name == part.name}, hashes(connection, part))


def _header(path: Path, connection: sqlite3.Connection) -> Iterator[str]:
    """Of what Firth never sets, SQLite's own values are in the header; the rest is for SQLite to know."""
    with path.open("rb") as file:
        head = file.read(100)
    for name, (at, usual) in _FIXED.items():
        if (found := head[at : at + len(usual)]) != usual:
            yield f"{name} (from byte {at} on) is {found.hex()}, not {usual.hex()}"
    if head[18:20] not in _JOURNALS:
        yield f"the way to write and to read (from byte 18 on) is {head[18:20].hex()}"
    if not has_log(path):  # else pages may still be on their way from the log
        yield from _size(path, connection)


def _size(path: Path, connection: sqlite3.Connection) -> Iterator[str]:
    ((page_size,), (pages,)) = (connection.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count"))
    if path.stat().st_size != page_size * pages:
        yield f"it has {path.stat().st_size} bytes, not {pages} pages of {page_size}"


def _integrity(connection: sqlite3.Connection) -> Iterator[str]:
    found = [said for (said,) in connection.execute(f"PRAGMA integrity_check({_MOST})")]
    yield from () if found == ["ok"] else found


def _references(connection: sqlite3.Connection) -> Iterator[str]:
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check").fetchmany(_MOST):
        yield f"row {row} of {table} belongs to no row of {parent}"


def _schema(connection: sqlite3.Connection) -> Iterator[str]:
    """Tables, indexes and triggers are those of the migrations that the file says to have."""
    found, wanted = _objects(connection), _wanted(_applied(connection))
    for kind, name in sorted(found.keys() | wanted.keys()):
        if found.get((kind, name)) != wanted.get((kind, name)):
            changed = "is not as Firth makes it" if (kind, name) in wanted else "is not Firth's"
            yield f"{kind} {name} {changed if (kind, name) in found else 'is missing'}"


def _applied(connection: sqlite3.Connection) -> str | None:
    """The first migration that the file does not have; None where it has all."""
    applied = {name for (name,) in connection.execute("SELECT name FROM _sqlite_migrations")}
    return next((name for name in KNOWN_MIGRATIONS if name not in applied), None)


@cache
def _wanted(stop_before: str | None) -> Objects:
    """What the migrations make of an empty database."""
    from sqlite_utils import Database

    from storage.schema import migrations

    database = Database(memory=True)
    migrations.apply(database, stop_before=stop_before)
    return _objects(database.conn)


def _objects(connection: sqlite3.Connection) -> Objects:
    rows = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'")
    return {(kind, name): f"{table}: {'' if table == _OF_SQLITE_UTILS else sql}" for kind, name, table, sql in rows}
