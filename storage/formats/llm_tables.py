"""The tables `collections` and `embeddings` of `llm`, which sqlite-utils and Datasette show and `llm similar` asks.

Every id is a word, every embedding D little-endian float32; the count stands in the metadata. The tables are those of
llm 0.36 (llm/embeddings_migrations.py), with its record of migrations, without which it would make them once more.
"""

import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np

from storage.beside import made_beside
from storage.formats.format import MOST_DIMENSIONS, Block, Format, Table, rows_at_once
from storage.formats.source import LONGEST_WORD, Source
from storage.formats.target import Target
from storage.formats.text_rows import check_dimensions
from storage.json_text import json_text

_MAGIC = b"SQLite format 3\0"
_TABLES = """
CREATE TABLE collections (id INTEGER PRIMARY KEY, name TEXT, model TEXT);
CREATE UNIQUE INDEX idx_collections_name ON collections (name);
CREATE TABLE embeddings (
    collection_id INTEGER REFERENCES collections (id),
    id TEXT,
    embedding BLOB,
    content TEXT,
    content_blob BLOB,
    content_hash BLOB,
    metadata TEXT,
    updated INTEGER,
    PRIMARY KEY (collection_id, id)
);
CREATE INDEX idx_embeddings_content_hash ON embeddings (content_hash);
CREATE TABLE _sqlite_migrations (id INTEGER PRIMARY KEY, migration_set TEXT, name TEXT, applied_at TEXT);
CREATE UNIQUE INDEX idx__sqlite_migrations_migration_set_name ON _sqlite_migrations (migration_set, name);
"""
_APPLIED = (
    "m001_create_tables",
    "m002_foreign_key",
    "m003_add_updated",
    "m004_store_content_hash",
    "m005_add_content_blob",
)
_NO_TIME = "1970-01-01T00:00:00+00:00"

_INSERT = "INSERT INTO embeddings (collection_id, id, embedding, metadata, updated) VALUES (1, ?, ?, ?, ?)"
_LONGEST_CELL = 4 * MOST_DIMENSIONS + LONGEST_WORD
_SELECT = "SELECT id, embedding, metadata FROM embeddings WHERE collection_id = ? ORDER BY rowid"


class LlmTables(Format):
    """A database with one collection."""

    name = "llm"
    title = "SQLite tables of llm, for `llm similar`, sqlite-utils and Datasette"
    suffixes = (".db", ".sqlite")
    counts = True

    def recognizes(self, head: bytes) -> bool:
        """SQLite's first bytes."""
        return head.startswith(_MAGIC)

    def read(self, source: Source) -> Iterator[Block]:
        """The words and vectors of its only collection."""
        try:
            with _opened(source) as connection:
                yield from _blocks(source, connection)
        except (sqlite3.Error, UnicodeDecodeError) as error:  # the latter where SQLite's message has bytes of the file
            raise source.wrong(f"llm's tables cannot be read from it (SQLite: {error})") from None

    def write(self, table: Table, target: Target) -> None:
        """Write it."""
        file = target.open()
        with made_beside(target.path) as (made, _):
            try:
                with closing(sqlite3.connect(made)) as connection, connection:
                    _fill(connection, table)
            except sqlite3.OperationalError as error:  # there is no room
                raise target.unwritable(error) from error
            with made.open("rb") as whole:
                shutil.copyfileobj(whole, file, 1 << 20)


def _fill(connection: sqlite3.Connection, table: Table) -> None:
    connection.executescript(f"PRAGMA journal_mode = off; PRAGMA synchronous = off; {_TABLES}")  # a file nobody has yet
    named = table.about.get("name", "words"), table.about.get("model", "firth")
    connection.execute("INSERT INTO collections (id, name, model) VALUES (1, ?, ?)", named)
    created = str(table.about.get("created", _NO_TIME))
    updated = int(datetime.fromisoformat(created).timestamp())
    applied = [("llm.embeddings", name, created) for name in _APPLIED]
    connection.executemany("INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES (?, ?, ?)", applied)
    for block in table.blocks():
        rows = np.ascontiguousarray(block.rows, "<f4")
        vectors = (row.tobytes() for row in rows)
        facts = (json_text({"count": count}) for count in block.counts) if block.counts else repeat(None, len(rows))
        connection.executemany(_INSERT, zip(block.words, vectors, facts, repeat(updated, len(rows)), strict=True))


@contextmanager
def _opened(source: Source) -> Iterator[sqlite3.Connection]:
    """The database, from a copy, so that nothing that lies beside it is needed or made."""
    with source.seekable() as file, tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "llm.db"
        with copy.open("wb") as whole:
            shutil.copyfileobj(file, whole, 1 << 20)
        uri = f"{copy.as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            connection.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
            connection.execute("PRAGMA trusted_schema = off")
            if sys.version_info >= (3, 11):  # a damaged file can say of a cell that it has a gigabyte
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, _LONGEST_CELL)
            yield connection


def _check_tables(source: Source, connection: sqlite3.Connection) -> None:
    """Refuse views and columns that are computed, which can be endless."""
    for table in ("collections", "embeddings"):
        kinds = connection.execute("SELECT type FROM sqlite_schema WHERE name = ? AND rootpage > 0", [table]).fetchall()
        hidden = connection.execute("SELECT name FROM pragma_table_xinfo(?) WHERE hidden > 0", [table]).fetchall()
        if kinds != [("table",)] or hidden:
            raise source.wrong(f"it has no table {table!r} as llm makes it")


def _blocks(source: Source, connection: sqlite3.Connection) -> Iterator[Block]:
    _check_tables(source, connection)
    collections = connection.execute("SELECT id, name FROM collections ORDER BY id LIMIT 20").fetchall()
    if len(collections) != 1:
        names = ", ".join(repr(name) for _, name in collections) or "none"
        raise source.wrong(f"one collection is wanted; found: {names}")
    cursor = connection.execute(_SELECT, [collections[0][0]])
    first = connection.execute(_SELECT, [collections[0][0]]).fetchone()
    dimensions = len(first[1]) // 4 if first and isinstance(first[1], bytes) else 0
    check_dimensions(source, dimensions)
    while found := cursor.fetchmany(rows_at_once(dimensions)):
        yield _block(source, found, dimensions)


def _block(source: Source, found: list[tuple[Any, ...]], dimensions: int) -> Block:
    for word, vector, _ in found:
        if not isinstance(word, str) or not isinstance(vector, bytes) or len(vector) != 4 * dimensions:
            raise source.wrong(f"the embedding of {word!r} is not {dimensions} numbers of float32")
    rows = np.frombuffer(b"".join(vector for _, vector, _ in found), "<f4").reshape(-1, dimensions)  # (n, D)
    counts = [_count(facts) for _, _, facts in found]
    known = [count for count in counts if count is not None]
    return Block([word for word, _, _ in found], rows, known if len(known) == len(counts) else None)


def _count(facts: object) -> int | None:
    """The count in an entry's metadata, if there is one."""
    try:
        count = json.loads(str(facts))["count"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return count if type(count) is int and 0 <= count < 1 << 62 else None
