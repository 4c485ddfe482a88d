"""The ledger: every model that was ever published in a file, so that one is missed that no `firth delete` took away."""

import sqlite3
from collections.abc import Iterator

from storage.connection import tables_of
from storage.models import ModelInfo
from storage.tags import now

_LOST = (
    "SELECT name, version, vectors_sha256 FROM ledger WHERE (name, version) NOT IN "
    "(SELECT name, version FROM models UNION ALL SELECT name, version FROM deleted) ORDER BY name, version"
)
_STRANGE = (
    "SELECT name, version FROM models WHERE (name, version, vectors_sha256) NOT IN "
    "(SELECT name, version, vectors_sha256 FROM ledger) ORDER BY name, version"
)
_BOTH = "SELECT name, version FROM models JOIN deleted USING (name, version) ORDER BY name, version"


def enter(connection: sqlite3.Connection, info: ModelInfo) -> None:
    """Enter a model that is published; one that comes back stands there already."""
    query = "INSERT OR IGNORE INTO ledger (name, version, vectors_sha256) VALUES (?, ?, ?)"
    connection.execute(query, [info.name, info.version, info.vectors_sha256])


def entered(connection: sqlite3.Connection, info: ModelInfo) -> str | None:
    """The hash of the vectors with which `name@version` was published here; None where it never was."""
    query = "SELECT vectors_sha256 FROM ledger WHERE name = ? AND version = ?"
    found = connection.execute(query, [info.name, info.version]).fetchone()
    return str(found[0]) if found else None


def lost(connection: sqlite3.Connection) -> list[str]:
    """`name@version` of each model that was published, and neither is there nor was deleted; none in older files."""
    rows = connection.execute(_LOST) if "ledger" in tables_of(connection) else ()
    return [f"{name}@{version}" for name, version, _ in rows]


def write_off(connection: sqlite3.Connection, asked: str) -> None:
    """Let a lost model, `name@version`, count as deleted."""
    insert = "INSERT INTO deleted (name, version, vectors_sha256, deleted) VALUES (?, ?, ?, ?)"
    rows = [row for row in connection.execute(_LOST) if asked == f"{row[0]}@{row[1]}"]
    connection.executemany(insert, [(*row, now()) for row in rows])


def unbalanced(connection: sqlite3.Connection) -> Iterator[str]:
    """What is wrong with the list of models: each that was published is there or was deleted, and no other is."""
    for name in lost(connection):
        yield f"{name} was published, and is gone; copy it back from a backup, or accept that: `firth delete {name}`"
    for name, version in connection.execute(_STRANGE):
        yield f"{name}@{version} is there, and was never published so"
    for name, version in connection.execute(_BOTH):
        yield f"{name}@{version} was deleted, and is there"
