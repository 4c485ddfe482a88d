"""The tables of the store, as numbered migrations; a released migration never changes, a new one follows it.

Kept apart from the rest of `storage` because importing sqlite_utils takes longer than reading a whole model.
"""

import sqlite3

from sqlite_utils import Database, Migrations

from storage.connection import MIGRATION_SET
from storage.seals import MIGRATED, seal_all_models, seal_file

migrations = Migrations(MIGRATION_SET)
_SEALS = "m004_seals"


def migrate(connection: sqlite3.Connection) -> Database:
    """Bring the tables up to date, whole or not at all, and return the connection as sqlite-utils sees it."""
    database = Database(connection, execute_plugins=False)
    if migrations.pending(database):  # most often nothing is, and then nobody has to wait for a writer
        connection.execute("BEGIN IMMEDIATE")  # two processes that create the same file come one after the other
        with connection:
            unsealed = _SEALS not in {migration.name for migration in migrations.applied(database)}
            migrations.apply(database)
            if unsealed:
                seal_all_models(connection, MIGRATED)
            seal_file(connection)
    return database


@migrations()
def m001_models(database: Database) -> None:
    """One row a model, one row a word, one row for each part of a model's card; published rows never change."""
    _run(
        database,
        """CREATE TABLE models (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            version INTEGER NOT NULL CHECK (version >= 1),
            words INTEGER NOT NULL,
            dimensions INTEGER NOT NULL,
            created TEXT NOT NULL,
            vectors_sha256 TEXT NOT NULL,
            UNIQUE (name, version)
        ) STRICT""",
        """CREATE TABLE words (
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            row INTEGER NOT NULL,
            word TEXT NOT NULL,
            count INTEGER NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (model, row),
            UNIQUE (model, word)
        ) STRICT""",
        """CREATE TABLE cards (
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            part TEXT NOT NULL,
            json TEXT NOT NULL CHECK (json_valid(json)),
            PRIMARY KEY (model, part)
        ) STRICT""",
    )
    for table in ("models", "words", "cards"):
        _never_change(database, table)


@migrations()
def m002_contexts(database: Database) -> None:
    """One row for each word's vector as a context, of models that have such (the output matrix)."""
    _run(
        database,
        """CREATE TABLE contexts (
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            row INTEGER NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (model, row)
        ) STRICT""",
    )
    _never_change(database, "contexts")


@migrations()
def m003_maps(database: Database) -> None:
    """One row for each word that stands on a model's map."""
    _run(
        database,
        """CREATE TABLE maps (
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            row INTEGER NOT NULL,
            x REAL NOT NULL,
            y REAL NOT NULL,
            cluster INTEGER NOT NULL,
            PRIMARY KEY (model, row)
        ) STRICT""",
    )
    _never_change(database, "maps")


@migrations()
def m004_seals(database: Database) -> None:
    """One row for each part of a model with its sha256, and the type of the numbers in a model's vectors.

    Rows without a model are of the file itself. Models that were published before are sealed as they are found now:
    by `migrate`, when all tables are there.
    """
    _run(
        database,
        "ALTER TABLE models ADD COLUMN dtype TEXT NOT NULL DEFAULT 'float32' "
        "CHECK (dtype IN ('float32', 'float16', 'int8'))",
        """CREATE TABLE seals (
            model INTEGER REFERENCES models (id) ON DELETE CASCADE,
            part TEXT NOT NULL,
            sha256 TEXT NOT NULL CHECK (length(sha256) = 64)
        ) STRICT""",
        "CREATE UNIQUE INDEX seals_once ON seals (ifnull(model, 0), part)",
    )
    _never_change(database, "seals")


@migrations()
def m005_tags(database: Database) -> None:
    """One row for each tag, which may be moved; and one for each model that was deleted, whose number stays taken."""
    _run(
        database,
        """CREATE TABLE tags (
            name TEXT NOT NULL,
            tag TEXT NOT NULL,
            version INTEGER NOT NULL,
            changed TEXT NOT NULL,
            PRIMARY KEY (name, tag),
            FOREIGN KEY (name, version) REFERENCES models (name, version) ON DELETE CASCADE
        ) STRICT""",
        """CREATE TABLE deleted (
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            vectors_sha256 TEXT NOT NULL,
            deleted TEXT NOT NULL,
            PRIMARY KEY (name, version)
        ) STRICT""",
    )
    _never_change(database, "deleted")


@migrations()
def m006_subwords(database: Database) -> None:
    """How words are cut into pieces, and one row for each bucket of pieces that has a vector, of fastText's models."""
    _run(
        database,
        """CREATE TABLE ngrams (
            model INTEGER PRIMARY KEY REFERENCES models (id) ON DELETE CASCADE,
            min_n INTEGER NOT NULL CHECK (min_n >= 1),
            max_n INTEGER NOT NULL CHECK (max_n >= min_n),
            buckets INTEGER NOT NULL CHECK (buckets >= 1),
            rows INTEGER NOT NULL CHECK (rows BETWEEN 1 AND buckets)
        ) STRICT""",
        """CREATE TABLE subwords (
            model INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
            bucket INTEGER NOT NULL,
            vector BLOB NOT NULL,
            PRIMARY KEY (model, bucket)
        ) STRICT""",
    )
    for table in ("ngrams", "subwords"):
        _never_change(database, table)


@migrations()
def m007_ledger(database: Database) -> None:
    """One row for each model that was ever published in the file, so that none can go unnoticed."""
    _run(
        database,
        """CREATE TABLE ledger (
            name TEXT NOT NULL,
            version INTEGER NOT NULL,
            vectors_sha256 TEXT NOT NULL,
            PRIMARY KEY (name, version)
        ) STRICT""",
        "INSERT INTO ledger SELECT name, version, vectors_sha256 FROM models "
        "UNION ALL SELECT name, version, vectors_sha256 FROM deleted",
        "CREATE TRIGGER ledger_never_forget BEFORE DELETE ON ledger "
        "BEGIN SELECT RAISE(ABORT, 'what was published stays in the ledger'); END",
    )
    _never_change(database, "ledger")


def _never_change(database: Database, table: str) -> None:
    _run(
        database,
        f"CREATE TRIGGER {table}_never_change BEFORE UPDATE ON {table} "
        "BEGIN SELECT RAISE(ABORT, 'a published model never changes'); END",
    )


def _run(database: Database, *statements: str) -> None:
    for statement in statements:
        database.execute(statement)
