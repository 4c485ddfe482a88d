"""The store: one SQLite file with many models, each whole or not there, and unchanged once it is published.

Reading goes through sqlite3 alone, so that a question is answered before sqlite_utils would be imported.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timezone
from itertools import repeat
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from storage.connection import Stamp, explained, open_for_reading, open_for_writing, stamp_of
from storage.embeddings import Embeddings
from storage.errors import InputError, StoreError, UnknownModel
from storage.json_text import json_text
from storage.models import ModelInfo, check_name, find_model

if TYPE_CHECKING:
    from sqlite_utils import Database

_FLOAT_BYTES = 4
_ROWS_AT_ONCE = 1024  # words read at once: their vectors are joined while they are still in the processor's cache
_TRIES = 3  # to read without locks what others may be writing
_READERS_PATIENCE, _WRITERS_PATIENCE = 10.0, 120.0  # seconds; publishing a large model takes another a minute

Found = TypeVar("Found")


class Store:
    """A connection to one SQLite file; a context manager that closes it.

    Tables: `models` (one row a model), `words` (one row a word, its vector a blob of little-endian float32) and
    `cards` (one row for each part of a model's card, as JSON).
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

    def publish(self, name: str, embeddings: Embeddings, card: Mapping[str, Any]) -> ModelInfo:
        """Store a model in one transaction, as the next version of its name.

        Args:
            name: 1 to 64 letters, digits, dots, underscores or hyphens.
            embeddings: the words, their counts and their vectors.
            card: what else is known of the model, any JSON value under each key; Firth's own keys are `settings`,
                `manifest`, `loss_curve`, `crosscheck` and `evaluation`.

        Raises:
            SettingError: the name is not usable.
            InputError: a part of the card is not JSON.
            StoreError: the store was opened for reading, or the file cannot be written; nothing of the model is kept.
        """
        check_name(name)
        if self._database is None:
            raise StoreError(f"{self.path} was opened for reading; open it with create=True to publish")
        parts = {part: _card_text(part, value) for part, value in card.items()}
        vectors = np.ascontiguousarray(embeddings.matrix, dtype="<f4")  # (V, D)
        digest = hashlib.sha256(vectors.data).hexdigest()
        with explained(self.path), self._database.atomic():
            info = self._insert_model(name, embeddings, digest)
            rows = zip(repeat(info.order), range(len(vectors)), embeddings.words, embeddings.counts.tolist(), vectors)
            self._connection.executemany("INSERT INTO words VALUES (?, ?, ?, ?, ?)", rows)
            self._database.table("cards").insert_all(
                {"model": info.order, "part": part, "json": text} for part, text in parts.items()
            )
        return info

    def models(self) -> list[ModelInfo]:
        """All published models, by name and version."""
        return self._steadily(self._read_models)

    def find(self, asked: str) -> ModelInfo:
        """The model called `name@version`, or the latest version of `name`.

        Raises:
            UnknownModel: there is none; it carries the models that may have been meant.
        """
        return find_model(asked, self.models())

    def card(self, info: ModelInfo) -> dict[str, Any]:
        """Everything that was published with the model besides its words and vectors."""
        return self._steadily(lambda: self._read_card(info))

    def load(self, info: ModelInfo) -> Embeddings:
        """The model's words, counts and vectors.

        What is cheap is verified: the number of rows, their ranks, and the size of each vector; the hash of the
        vectors too where we read without locks.

        Raises:
            StoreError: the file is damaged, or others write to it all the time while we may not lock it.
            UnknownModel: the model is not in this store.
        """
        return self._steadily(lambda: self._read_embeddings(info))

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

    def _read_models(self) -> list[ModelInfo]:
        with explained(self.path):
            rows = self._connection.execute(
                "SELECT name, version, words, dimensions, created, vectors_sha256, id FROM models "
                "ORDER BY name, version"
            ).fetchall()
        return [ModelInfo(*row) for row in rows]

    def _read_card(self, info: ModelInfo) -> dict[str, Any]:
        with explained(self.path):
            query = "SELECT part, json FROM cards WHERE model = ? ORDER BY rowid"
            parts = self._connection.execute(query, [self._row(info)]).fetchall()
        try:
            return {part: json.loads(text) for part, text in parts}
        except ValueError as error:
            raise self._damaged(info, f"its card is not JSON: {error}") from error

    def _read_embeddings(self, info: ModelInfo) -> Embeddings:
        words: list[str] = []
        counts: list[int] = []
        vectors = bytearray()
        with explained(self.path):
            for ranks, some_words, some_counts, blobs in self._rows(info):
                first = len(words)
                # ranks ascend: where the first and the last are right, all are
                if (ranks[0], ranks[-1]) != (first, first + len(ranks) - 1):
                    raise self._damaged(info, f"row {first} or one soon after it is missing or of a wrong size")
                words += some_words
                counts += some_counts
                vectors += b"".join(blobs)
        if len(words) != info.words:
            raise self._damaged(info, f"it has {len(words)} words where {info.words} were published")
        if self._stamp and hashlib.sha256(vectors).hexdigest() != info.vectors_sha256:
            raise self._damaged(info, "its vectors are not those that were published")
        matrix = np.frombuffer(vectors, dtype="<f4").reshape(info.words, info.dimensions)  # (V, D)
        try:
            return Embeddings(tuple(words), np.array(counts, dtype=np.int64), matrix)
        except InputError as error:
            raise self._damaged(info, str(error)) from error

    def _insert_model(self, name: str, embeddings: Embeddings, digest: str) -> ModelInfo:
        created = datetime.now(timezone.utc).isoformat(timespec="seconds")
        # one statement reads the last version and writes the next: two writers can never take the same
        (row,) = self._connection.execute(
            "INSERT INTO models (name, version, words, dimensions, created, vectors_sha256) "
            "SELECT ?, coalesce(max(version), 0) + 1, ?, ?, ?, ? FROM models WHERE name = ? "
            "RETURNING name, version, words, dimensions, created, vectors_sha256, id",
            (name, len(embeddings), embeddings.dimensions, created, digest, name),
        ).fetchall()
        return ModelInfo(*row)

    def _row(self, info: ModelInfo) -> int:
        query = "SELECT id FROM models WHERE name = ? AND version = ? AND vectors_sha256 = ?"
        found = self._connection.execute(query, [info.name, info.version, info.vectors_sha256]).fetchone()
        if found is None:
            raise UnknownModel(str(info))
        return int(found[0])

    def _rows(self, info: ModelInfo) -> Iterator[tuple[tuple[Any, ...], ...]]:
        """The columns row, word, count, vector of a thousand rows at a time, without vectors of a wrong size."""
        query = "SELECT row, word, count, vector FROM words WHERE model = ? AND length(vector) = ? ORDER BY row"
        cursor = self._connection.execute(query, [self._row(info), _FLOAT_BYTES * info.dimensions])
        while rows := cursor.fetchmany(_ROWS_AT_ONCE):
            yield tuple(zip(*rows, strict=True))

    def _damaged(self, info: ModelInfo, why: str) -> StoreError:
        return StoreError(f"{self.path} is damaged: model {info}: {why}; restore it from a copy or publish it again")


def _card_text(part: str, value: Any) -> str:
    try:
        return json_text(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"the card's {part!r} is not JSON: {error}") from error
