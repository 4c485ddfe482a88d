"""A model from one store into another: all its rows, byte for byte, in one transaction, and checked by its seals."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from storage.catalog import Catalog
from storage.connection import address_to_read, explained, tables_of
from storage.errors import StoreError
from storage.ledger import entered
from storage.models import ModelInfo, check_name
from storage.seals import MIGRATED, OCCASIONS, found_in_model, seal_model
from storage.store import Store
from storage.tables import insert_model, next_version

_ROWS = {  # table -> its columns behind that of the model
    "words": "row, word, count, vector",
    "cards": "part, json",
    "contexts": "row, vector",
    "maps": "row, x, y, cluster",
    "ngrams": "min_n, max_n, buckets, rows",
    "subwords": "bucket, vector",
}


@dataclass(frozen=True)
class Copied:
    """What became of a copy.

    Attributes:
        source: the model.
        target: the same in the other store.
        is_new: whether it was not there before.
    """

    source: ModelInfo
    target: ModelInfo
    is_new: bool


def copy_model(source: Path, asked: str, target: Path, name: str | None = None) -> Copied:
    """Copy a model with its card, contexts, map, subwords and seals; its tags are the source's own and stay there.

    It keeps its name, its version and the time of its publication; under another name it is the next version.

    Args:
        source: the store that has it.
        asked: `name`, `name@version` or `name@tag`.
        target: the store that gets it; made when missing.
        name: what it is to be called there.

    Raises:
        SettingError: the name is not usable.
        StoreError: another model has its name and version there; it is damaged; or a file cannot be used. Nothing has
            changed then.
        UnknownModel: there is no such model.
    """
    if name:
        check_name(name)
    with Store.open(source) as original, Store.open(target, create=True) as store:
        info = original.find(asked)
        with _attached(store, source), store.changing() as connection:
            there = None if name else _there(connection, info, target)
            copied = there or _copied(connection, info, name, source)
            if not there:
                _check(connection, info, copied, source)
    return Copied(info, copied, is_new=there is None)


@contextmanager
def _attached(store: Store, source: Path) -> Iterator[None]:
    """Let the statements of a store see another one, as `source`."""
    with store.using() as connection, explained(source):
        connection.execute("ATTACH ? AS source", [address_to_read(source)])
    try:
        yield
    finally:
        with store.using() as connection:
            connection.execute("DETACH source")


def _there(connection: sqlite3.Connection, info: ModelInfo, target: Path) -> ModelInfo | None:
    """The same model, if it is there already.

    Raises:
        StoreError: another model has its name and version, or had them.
    """
    found = Catalog.read(connection).references.get(str(info))
    if found and replace(found, order=info.order) == info:
        return found
    if found or entered(connection, info) not in (None, info.vectors_sha256):
        has = "has" if found else "once had"
        raise StoreError(f"{target} {has} another model {info}; --name gives the copy a name or version of its own")
    return None


def _copied(connection: sqlite3.Connection, info: ModelInfo, name: str | None, source: Path) -> ModelInfo:
    """Write the rows of a model, under a new id."""
    called = replace(info, name=name, version=next_version(connection, name)) if name else info
    connection.execute("DELETE FROM deleted WHERE name = ? AND version = ?", [called.name, called.version])
    copied = insert_model(connection, called)
    for table in _ROWS.keys() & tables_of(connection, "source"):
        columns = _ROWS[table]
        query = f"INSERT INTO {table} (model, {columns}) SELECT ?, {columns} FROM source.{table} WHERE model = ?"  # noqa: S608 - names from above
        with _told_of(source):
            connection.execute(f"{query} ORDER BY rowid", [copied.order, info.order])
    return copied


@contextmanager
def _told_of(source: Path) -> Iterator[None]:
    """Where damaged pages are met, they are the source's: what is written is new."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        if "malformed" in str(error):
            with explained(source):
                raise
        raise


def _check(connection: sqlite3.Connection, info: ModelInfo, copied: ModelInfo, source: Path) -> None:
    """Seal the copy as the model is sealed; what was no more as it was published is not copied.

    Raises:
        StoreError: names the part.
    """
    words = connection.execute("SELECT count(*) FROM words WHERE model = ?", [copied.order]).fetchone()[0]
    if words != info.words:  # damaged where there are no seals, or deleted since we looked
        raise StoreError(f"{source} has {words} words of {info} where {info.words} were published; it is not copied")
    found = found_in_model(connection, copied.order)
    query = "SELECT part, sha256 FROM source.seals WHERE model = ?"
    sealed = "seals" in tables_of(connection, "source")
    seals = dict(connection.execute(query, [info.order])) if sealed else {"vectors": info.vectors_sha256}
    occasion = next((each for each in OCCASIONS if each in seals), MIGRATED)
    renamed = {"model"} if str(copied) != str(info) else set()
    for part in sorted(seals.keys() - renamed - {occasion}):
        if found.get(part) != seals[part]:
            raise StoreError(f"{source} is damaged: the {part} of {info} is not what was published; it is not copied")
    seal_model(connection, copied.order, occasion)
