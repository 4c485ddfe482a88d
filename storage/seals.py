"""Seals: a sha256 of every part of a model, kept with it, by which anyone finds out whether all is as it was published.

The hash of a part is taken over the rows that a plain SELECT gives: of blobs, over these one after the other; of
anything else, over the JSON of all rows, `[[0,"the",4123],[1,"of",2210]]`, in UTF-8 and without spaces. A part without
rows has no seal. One more seal is taken over all others of the model, and has the name of the occasion.

The file has seals, too, of what belongs to none of its models; they are taken anew whenever that changes.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from storage.connection import tables_of

if TYPE_CHECKING:
    from storage.embeddings import Counts

OCCASIONS = PUBLISHED, MIGRATED = "published", "migrated"
"""Occasions on which a model is sealed: its publication, or the migration that brought seals to its file (m004)."""
_ROWS_AT_ONCE = 1024

Seals = Mapping[str, str]
Rows = Iterable[tuple[Any, ...]]


@dataclass(frozen=True)
class Part:
    """What has a seal.

    Attributes:
        name: what the seal is called.
        table: where its rows are; a file of an earlier schema may lack it.
        query: selects its rows in their order, those of the model whose id is the parameter.
        each: whether each row has a seal of its own, called after what its first column holds.
    """

    name: str
    table: str
    query: str
    each: bool = False


PARTS = (
    Part(
        "model",
        "models",
        "SELECT name, version, words, dimensions, created, vectors_sha256, dtype FROM models WHERE id = ?",
    ),
    Part("vocabulary", "words", "SELECT row, word, count FROM words WHERE model = ? ORDER BY row"),
    Part("vectors", "words", "SELECT vector FROM words WHERE model = ? ORDER BY row"),
    Part("contexts", "contexts", "SELECT vector FROM contexts WHERE model = ? ORDER BY row"),
    Part("map", "maps", "SELECT row, x, y, cluster FROM maps WHERE model = ? ORDER BY row"),
    Part("ngrams", "ngrams", "SELECT min_n, max_n, buckets, rows FROM ngrams WHERE model = ?"),
    Part("buckets", "subwords", "SELECT bucket FROM subwords WHERE model = ? ORDER BY bucket"),
    Part("subwords", "subwords", "SELECT vector FROM subwords WHERE model = ? ORDER BY bucket"),
    Part("card", "cards", "SELECT part, json FROM cards WHERE model = ? ORDER BY part", each=True),
)
"""All that a model consists of; a later migration adds a part of its own here, and changes none of these."""

FILE_PARTS = (
    Part("migrations", "_sqlite_migrations", "SELECT id, migration_set, name, applied_at FROM _sqlite_migrations"),
    Part(
        "table of migrations",
        "_sqlite_migrations",
        "SELECT type, name, sql FROM sqlite_master WHERE tbl_name = '_sqlite_migrations' ORDER BY type, name",
    ),
    Part("tags", "tags", "SELECT name, tag, version, changed FROM tags ORDER BY name, tag"),
    Part("deleted", "deleted", "SELECT name, version, vectors_sha256, deleted FROM deleted ORDER BY name, version"),
    Part("ledger", "ledger", "SELECT name, version, vectors_sha256 FROM ledger ORDER BY name, version"),
)
"""What belongs to the file and to none of its models."""


def seal_model(connection: sqlite3.Connection, model: int, occasion: str) -> None:
    """Write the seals of a model as its rows are now, inside the caller's transaction."""
    found = found_in_model(connection, model)
    _write(connection, model, {**found, occasion: sha256_of_seals(occasion, found)})


def seal_all_models(connection: sqlite3.Connection, occasion: str) -> None:
    """The same for every model there is."""
    for (model,) in connection.execute("SELECT id FROM models").fetchall():
        seal_model(connection, model, occasion)


def seal_file(connection: sqlite3.Connection) -> None:
    """Take the seals of what belongs to no model anew, inside the caller's transaction."""
    connection.execute("DELETE FROM seals WHERE model IS NULL")
    _write(connection, None, found_in_file(connection))


def seals_of(connection: sqlite3.Connection, model: int | None) -> dict[str, str]:
    """The seals that are kept of a model, or of the file; none in a file of an earlier schema."""
    if "seals" not in tables_of(connection):
        return {}
    return dict(connection.execute("SELECT part, sha256 FROM seals WHERE model IS ? ORDER BY rowid", [model]))


def found_in_model(connection: sqlite3.Connection, model: int) -> dict[str, str]:
    """The hash of each part of a model as its rows are now."""
    return {name: sha256 for part in PARTS for name, sha256 in hashes(connection, part, model).items()}


def found_in_file(connection: sqlite3.Connection) -> dict[str, str]:
    """The hash of each part of the file that belongs to no model."""
    return {name: sha256 for part in FILE_PARTS for name, sha256 in hashes(connection, part).items()}


def hashes(connection: sqlite3.Connection, part: Part, *model: int) -> dict[str, str]:
    """The hash of a part, or of each of its rows, by name; none where it has no rows, or the file no such table."""
    if part.table not in tables_of(connection):
        return {}
    rows = connection.execute(part.query, model)
    named = ((f"{part.name}/{name}", [tuple(values)]) for name, *values in rows) if part.each else [(part.name, rows)]
    found = {name: sha256_of_rows(some) for name, some in named}
    return {name: sha256 for name, sha256 in found.items() if sha256}


def unsealed(seals: Seals, found: Seals) -> Iterator[str]:
    """What is wrong with parts whose hashes were `found`: other than their seals, without a seal, or gone."""
    for name in sorted(seals.keys() | found.keys()):
        if name not in found:
            yield f"{name} was sealed, and is not there"
        elif name not in seals:
            yield f"{name} is there, and was never sealed"
        elif seals[name] != found[name]:
            yield f"{name} is not as it was sealed"


def sha256_of_seals(occasion: str, seals: Seals) -> str:
    """The seal of the occasion: over its name and all other seals by their names."""
    return hashlib.sha256(_json([[occasion], *sorted(seals.items())])).hexdigest()


def sha256_of_vocabulary(words: Sequence[str], counts: "Counts") -> str:
    """The seal that words and their counts will have; "" where there are no words."""
    return sha256_of_rows(zip(range(len(words)), words, counts.tolist(), strict=True)) or ""


def sha256_of_rows(rows: Rows) -> str | None:
    """The hash of a part, from its rows; None where there are none."""
    pieces = _pieces(rows)
    first = next(pieces, None)
    if first is None:
        return None
    digest = hashlib.sha256(first)
    for piece in pieces:
        digest.update(piece)
    return digest.hexdigest()


def _pieces(rows: Rows) -> Iterator[bytes]:
    """What is hashed of rows: blobs as they are, anything else as one JSON array."""
    before = b"["
    for block in _blocks(rows):
        if isinstance(block[0][0], bytes):
            yield b"".join(blob for (blob,) in block)
        else:
            yield before + _json(block)[1:-1]
            before = b","
    if before == b",":
        yield b"]"


def _blocks(rows: Rows) -> Iterator[list[tuple[Any, ...]]]:
    iterator = iter(rows)
    while block := list(islice(iterator, _ROWS_AT_ONCE)):
        yield block


def _json(rows: Any) -> bytes:
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def _write(connection: sqlite3.Connection, model: int | None, seals: Seals) -> None:
    rows = [(model, part, sha256) for part, sha256 in seals.items()]
    connection.executemany("INSERT INTO seals (model, part, sha256) VALUES (?, ?, ?)", rows)
