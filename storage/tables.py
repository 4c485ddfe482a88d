"""The statements that read and write the tables; `Store` gives them their meaning."""

import sqlite3
from collections.abc import Iterable
from dataclasses import replace
from itertools import repeat

from storage.assembling import Blocks
from storage.connection import tables_of
from storage.errors import UnknownModel
from storage.ledger import enter
from storage.models import ModelInfo

_ROWS_AT_ONCE = 1024

_SELECT = {
    "vocabulary": "SELECT word FROM words WHERE model = ? ORDER BY row",
    "words": "SELECT row, word, count, vector FROM words WHERE model = ? ORDER BY row",
    "contexts": "SELECT row, vector FROM contexts WHERE model = ? ORDER BY row",
    "maps": "SELECT row, x, y, cluster FROM maps WHERE model = ? ORDER BY row",
    "ngrams": "SELECT min_n, max_n, buckets, rows FROM ngrams WHERE model = ?",
    "subwords": "SELECT bucket, vector FROM subwords WHERE model = ? ORDER BY bucket",
}
_OLDEST = ("words", "cards")  # tables that every file has
_INSERT = {
    "words": "INSERT INTO words (model, row, word, count, vector) VALUES (?, ?, ?, ?, ?)",
    "cards": "INSERT INTO cards (model, part, json) VALUES (?, ?, ?)",
    "contexts": "INSERT INTO contexts (model, row, vector) VALUES (?, ?, ?)",
    "maps": "INSERT INTO maps (model, row, x, y, cluster) VALUES (?, ?, ?, ?, ?)",
    "ngrams": "INSERT INTO ngrams (model, min_n, max_n, buckets, rows) VALUES (?, ?, ?, ?, ?)",
    "subwords": "INSERT INTO subwords (model, bucket, vector) VALUES (?, ?, ?)",
}


def card_parts(connection: sqlite3.Connection, info: ModelInfo) -> list[tuple[str, str]]:
    """The parts of a model's card as they were published, each with its JSON."""
    query = "SELECT part, json FROM cards WHERE model = ? ORDER BY rowid"
    return connection.execute(query, [_id(connection, info)]).fetchall()


def rows_of(connection: sqlite3.Connection, info: ModelInfo, table: str) -> Blocks:
    """The columns of a thousand of a model's rows at a time; none where the table came with a later schema.

    `vocabulary` is what the table `words` has without its vectors.

    A file of an earlier schema is read as it is; opening it to publish brings it up to date.
    """
    model = _id(connection, info)
    if table not in ("vocabulary", *_OLDEST) and table not in tables_of(connection):
        return
    cursor = connection.execute(_SELECT[table], [model])
    while rows := cursor.fetchmany(_ROWS_AT_ONCE):
        yield tuple(zip(*rows, strict=True))


def insert_rows(connection: sqlite3.Connection, info: ModelInfo, table: str, *columns: Iterable[object]) -> None:
    """Write a model's rows, from the columns that stand in the table after its model."""
    connection.executemany(_INSERT[table], zip(repeat(info.order), *columns, strict=False))


def insert_model(connection: sqlite3.Connection, info: ModelInfo) -> ModelInfo:
    """Write the row of a new model, and enter it in the ledger; its order is given here."""
    query = (
        "INSERT INTO models (name, version, words, dimensions, created, vectors_sha256, dtype) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id"
    )
    row = (info.name, info.version, info.words, info.dimensions, info.created, info.vectors_sha256, info.dtype)
    ((order,),) = connection.execute(query, row).fetchall()
    enter(connection, info)
    return replace(info, order=order)


def next_version(connection: sqlite3.Connection, name: str) -> int:
    """The version that the next model of a name gets; that of one that is gone is not given again."""
    query = (
        "SELECT coalesce(max(version), 0) + 1 FROM "
        "(SELECT name, version FROM models UNION ALL SELECT name, version FROM ledger) WHERE name = ?"
    )
    return int(connection.execute(query, [name]).fetchone()[0])


def _id(connection: sqlite3.Connection, info: ModelInfo) -> int:
    query = "SELECT id FROM models WHERE name = ? AND version = ? AND vectors_sha256 = ?"
    found = connection.execute(query, [info.name, info.version, info.vectors_sha256]).fetchone()
    if found is None:
        raise UnknownModel(str(info))
    return int(found[0])
