"""The store: one SQLite file with many models, each whole or not there, and unchanged once it is published.

Reading goes through sqlite3 alone, so that a question is answered before sqlite_utils would be imported.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from storage.assembling import Blocks, Cuts, contexts_of, cuts_of, embeddings_of, map_of, subwords_of, words_of
from storage.catalog import Catalog
from storage.connection import explained, open_for_writing
from storage.embeddings import Embeddings, Floats
from storage.errors import InputError, StoreError
from storage.maps import Map
from storage.models import ModelInfo, check_name
from storage.parts import Parts
from storage.seals import seal_file, seals_of
from storage.steady import Found, Steady
from storage.subwords import Subwords
from storage.tables import card_parts, rows_of
from storage.tags import let_mean

if TYPE_CHECKING:
    from sqlite_utils import Database

_READERS_PATIENCE, _WRITERS_PATIENCE = 10.0, 120.0  # seconds; publishing a large model takes another a minute


class Store:
    """A connection to one SQLite file; a context manager that closes it.

    Tables: `models` (one row a model), `words` (one row a word, its vector a blob), `cards` (one row for each part of a
    model's card, as JSON), and more, which docs/schema.md explains.
    """

    def __init__(self, file: Steady, database: "Database | None" = None) -> None:
        self.path = file.path
        self._file = file
        self._database = database

    @classmethod
    def open(cls, path: Path, *, create: bool = False, patience: float | None = None) -> "Store":
        """Open a store, for reading unless `create`.

        Args:
            path: the SQLite file.
            create: open it for publishing too, and make it when it is missing.
            patience: seconds to wait where another process holds the lock; by default 10, and 120 to publish.

        Raises:
            StoreError: the file is missing, is no store, is damaged or locked, cannot be written, or is newer.
        """
        if not create:
            return cls(Steady.open(path, _READERS_PATIENCE if patience is None else patience))
        from storage.schema import migrate

        patience = _WRITERS_PATIENCE if patience is None else patience
        connection = open_for_writing(path, patience)
        try:
            with explained(path):
                return cls(Steady(path, connection, None, patience), migrate(connection))
        except BaseException:
            connection.close()
            raise

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def publish(
        self,
        name: str,
        embeddings: Embeddings,
        card: Mapping[str, Any],
        *,
        contexts: Floats | None = None,
        map: Map | None = None,  # noqa: A002 - what the reader gets from load_map
        subwords: Subwords | None = None,
        dtype: str = "float32",
        keep_current: bool = False,
    ) -> ModelInfo:
        """Store a model in one transaction, as the next version of its name.

        Args:
            name: 1 to 64 letters, digits, dots, underscores or hyphens.
            embeddings: the words, their counts and their vectors.
            card: what else is known of the model, any JSON value under each key; Firth's own keys are `settings`,
                `manifest`, `loss_curve`, `crosscheck` and `evaluation`.
            contexts: (V, D) the words' output vectors, where the model has such.
            map: where the words stand on a plane, if that was computed.
            subwords: the rows of words' pieces, where the model has such.
            dtype: how the numbers of both matrices are kept: float32, float16 or int8.
            keep_current: let the bare name go on meaning the version that it means now; else it means this one.

        Raises:
            SettingError: the name is not usable, or there is no such dtype.
            InputError: a part of the card is not JSON, contexts, map or subwords do not fit the words, or a number is
                too large.
            StoreError: the store was opened for reading, or the file cannot be written; nothing of the model is kept.
        """
        check_name(name)
        parts = Parts.of(embeddings, card, contexts=contexts, map_=map, subwords=subwords, dtype=dtype)
        with self.changing() as connection:
            meant = Catalog.read(connection).references.get(name) if keep_current else None
            info = parts.write(connection, name)
            let_mean(connection, meant or info, newest=info)
        return info

    @contextmanager
    def changing(self) -> Iterator[sqlite3.Connection]:
        """One transaction: what is written in it appears whole or not at all, and nobody else writes meanwhile.

        Raises:
            StoreError: the store was opened for reading, or the file cannot be written.
        """
        if self._database is None:
            raise StoreError(f"{self.path} was opened for reading; open it with create=True to write")
        with explained(self.path), self._file.connection as connection:  # commits, or undoes everything
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            seal_file(connection)

    @contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """The connection, outside of a transaction; whatever SQLite says about the file becomes a `StoreError`."""
        with explained(self.path):
            yield self._file.connection

    def catalog(self) -> Catalog:
        """All published models and their tags, as of now."""
        return self._file.read(Catalog.read)

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version."""
        return list(self.catalog().models)

    def find(self, asked: str) -> ModelInfo:
        """The model that `name`, `name@version` or `name@tag` means now.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return self.catalog().find(asked)

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        return self._file.read(lambda connection: self._card(connection, info))

    def words(self, info: ModelInfo) -> tuple[str, ...]:
        """The model's words alone, most frequent first; raises as `load` does."""
        return self._made(info, words_of, "vocabulary")

    def seals(self, info: ModelInfo) -> dict[str, str]:
        """The hash of each of the model's parts, as they were taken; none in a file of an earlier schema."""
        return self._file.read(lambda connection: seals_of(connection, info.order))

    def load(self, info: ModelInfo, *, verify: bool = False) -> Embeddings:
        """The model's words, counts and vectors.

        What is cheap is verified: the number of rows, their ranks, and the size of each vector; the hash of the
        vectors too if `verify`, or where we read without locks.

        Raises:
            StoreError: the file is damaged, or others write to it all the time while we may not lock it.
            UnknownModel: the model is not in this store.
        """
        return self._file.read(lambda connection: self._embeddings(connection, info, verify=verify))

    def load_contexts(self, info: ModelInfo) -> Floats | None:
        """(V, D) the model's context vectors, or None where it was published without; raises as `load` does."""
        return self._made(info, contexts_of, "contexts")

    def load_map(self, info: ModelInfo) -> Map | None:
        """The model's map, or None where it was published without; raises as `load` does."""
        return self._made(info, map_of, "maps")

    def load_subwords(self, info: ModelInfo) -> Subwords | None:
        """The rows of words' pieces, or None where it was published without; raises as `load` does."""
        return self._made(info, subwords_of, "ngrams", "subwords")

    def cuts(self, info: ModelInfo) -> Cuts | None:
        """How a model cuts words into pieces, read in a moment; None where it was published without their rows."""
        return self._made(info, cuts_of, "ngrams")

    def _made(self, info: ModelInfo, make: Callable[..., Found], *tables: str) -> Found:
        """What `make` makes of the model's rows in some tables."""

        def read(connection: sqlite3.Connection) -> Found:
            with self._fitting(info):
                return make(info, *(self._rows(connection, info, table) for table in tables))

        return self._file.read(read)

    def _card(self, connection: sqlite3.Connection, info: ModelInfo) -> dict[str, Any]:
        parts = card_parts(connection, info)
        with self._fitting(info):
            try:
                return {part: json.loads(text) for part, text in parts}
            except ValueError as error:
                raise InputError(f"its card is not JSON: {error}") from error

    def _embeddings(self, connection: sqlite3.Connection, info: ModelInfo, *, verify: bool) -> Embeddings:
        with self._fitting(info):
            embeddings = embeddings_of(info, self._rows(connection, info, "words"))
            is_checked = verify or not self._file.has_locks
            if is_checked and hashlib.sha256(embeddings.matrix.data).hexdigest() != info.vectors_sha256:
                raise InputError("its vectors are not those that were published")
        return embeddings

    def _rows(self, connection: sqlite3.Connection, info: ModelInfo, table: str) -> Blocks:
        return rows_of(connection, info, table)

    @contextmanager
    def _fitting(self, info: ModelInfo) -> Iterator[None]:
        """Where what is read of a model does not fit together, the file is damaged."""
        try:
            yield
        except InputError as error:
            why = f"model {info}: {error}; restore it from a copy or publish it again"
            raise StoreError(f"{self.path} is damaged: {why}") from error
