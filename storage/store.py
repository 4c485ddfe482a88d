"""The store: one SQLite file with many models, each whole or not there, and unchanged once it is published.

Reading goes through sqlite3 alone, so that a question is answered before sqlite_utils would be imported.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from storage.assembling import Blocks, Cuts, contexts_of, cuts_of, embeddings_of, map_of, subwords_of, words_of
from storage.catalog import Catalog
from storage.connection import Stamp, explained, open_for_reading, open_for_writing, stamp_of
from storage.embeddings import Embeddings, Floats
from storage.errors import InputError, StoreError, UnknownModel
from storage.maps import Map
from storage.models import ModelInfo, check_name
from storage.parts import Parts
from storage.seals import seal_file, seals_of
from storage.subwords import Subwords
from storage.tables import card_parts, rows_of
from storage.tags import let_mean

if TYPE_CHECKING:
    from sqlite_utils import Database

_TRIES = 3  # to read without locks what others may be writing
_READERS_PATIENCE, _WRITERS_PATIENCE = 10.0, 120.0  # seconds; publishing a large model takes another a minute

Found = TypeVar("Found")


class Store:
    """A connection to one SQLite file; a context manager that closes it.

    Tables: `models` (one row a model), `words` (one row a word, its vector a blob), `cards` (one row for each part of a
    model's card, as JSON), and more, which docs/schema.md explains.
    """

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        *,
        database: "Database | None" = None,
        stamp: Stamp | None = None,
        patience: float = _READERS_PATIENCE,
    ) -> None:
        self.path = path
        self._connection = connection
        self._database = database
        self._stamp = stamp
        self._patience = patience

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
            patience = _READERS_PATIENCE if patience is None else patience
            connection, stamp = open_for_reading(path, patience)
            return cls(path, connection, stamp=stamp, patience=patience)
        from storage.schema import migrate

        connection = open_for_writing(path, _WRITERS_PATIENCE if patience is None else patience)
        try:
            with explained(path):
                return cls(path, connection, database=migrate(connection))
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
        self._connection.close()

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
        with explained(self.path), self._connection:  # commits, or undoes everything
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection
            seal_file(self._connection)

    @contextmanager
    def using(self) -> Iterator[sqlite3.Connection]:
        """The connection, outside of a transaction; whatever SQLite says about the file becomes a `StoreError`."""
        with explained(self.path):
            yield self._connection

    def catalog(self) -> Catalog:
        """All published models and their tags, as of now."""
        return self._steadily(self._read_catalog)

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
        return self._steadily(lambda: self._read_card(info))

    def words(self, info: ModelInfo) -> tuple[str, ...]:
        """The model's words alone, most frequent first; raises as `load` does."""
        return self._made(info, words_of, "vocabulary")

    def seals(self, info: ModelInfo) -> dict[str, str]:
        """The hash of each of the model's parts, as they were taken; none in a file of an earlier schema."""
        return self._steadily(lambda: self._read_seals(info))

    def load(self, info: ModelInfo, *, verify: bool = False) -> Embeddings:
        """The model's words, counts and vectors.

        What is cheap is verified: the number of rows, their ranks, and the size of each vector; the hash of the
        vectors too if `verify`, or where we read without locks.

        Raises:
            StoreError: the file is damaged, or others write to it all the time while we may not lock it.
            UnknownModel: the model is not in this store.
        """
        return self._steadily(lambda: self._read(info, partial(self._read_embeddings, verify=verify)))

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
        return self._steadily(lambda: self._read(info, lambda _: make(info, *(self._rows(info, t) for t in tables))))

    def _steadily(self, read: Callable[[], Found], tries: int = _TRIES) -> Found:
        """What `read` finds when nobody writes in its midst.

        SQLite sees to that, except where we may not write beside the file and so have no locks: there the store is
        opened and read once more when its stamp has changed, or when what was read does not fit together.
        """
        try:
            found = read()
            self._check_stamp()
        except (StoreError, UnknownModel):
            if self._stamp is None or tries == 1:
                raise
        else:
            return found
        self._reopen()
        return self._steadily(read, tries - 1)

    def _check_stamp(self) -> None:
        if self._stamp not in (None, stamp_of(self.path)):
            raise StoreError(f"{self.path} was written to again and again while it was read; try once more later")

    def _reopen(self) -> None:
        self.close()
        self._connection, self._stamp = open_for_reading(self.path, self._patience)

    def _read_catalog(self) -> Catalog:
        with explained(self.path):
            return Catalog.read(self._connection)

    def _read_seals(self, info: ModelInfo) -> dict[str, str]:
        with explained(self.path):
            return seals_of(self._connection, info.order)

    def _read_card(self, info: ModelInfo) -> dict[str, Any]:
        with explained(self.path):
            parts = card_parts(self._connection, info)
        try:
            return {part: json.loads(text) for part, text in parts}
        except ValueError as error:
            raise self._damaged(info, f"its card is not JSON: {error}") from error

    def _read(self, info: ModelInfo, read: Callable[[ModelInfo], Found]) -> Found:
        """What `read` makes of the model's rows; where they do not fit together, the file is damaged."""
        try:
            with explained(self.path):
                return read(info)
        except InputError as error:
            raise self._damaged(info, str(error)) from error

    def _read_embeddings(self, info: ModelInfo, *, verify: bool) -> Embeddings:
        embeddings = embeddings_of(info, self._rows(info, "words"))
        if (verify or self._stamp) and hashlib.sha256(embeddings.matrix.data).hexdigest() != info.vectors_sha256:
            raise InputError("its vectors are not those that were published")
        return embeddings

    def _rows(self, info: ModelInfo, table: str) -> Blocks:
        return rows_of(self._connection, info, table)

    def _damaged(self, info: ModelInfo, why: str) -> StoreError:
        return StoreError(f"{self.path} is damaged: model {info}: {why}; restore it from a copy or publish it again")
