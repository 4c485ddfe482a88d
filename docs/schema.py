"""The generated parts of docs/schema.md: the tables as the migrations make them, each column with what it means."""

import sqlite3
from collections.abc import Iterator, Mapping
from functools import cache

from sqlite_utils import Database

from storage.connection import KNOWN_MIGRATIONS
from storage.schema import migrate, migrations
from storage.seals import FILE_PARTS, PARTS

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "models": {
        "": "One row for each version of each model; it never changes.",
        "id": "names the model in the other tables; a model published later has a larger one",
        "name": "1 to 64 of A-Z a-z 0-9 . _ -",
        "version": "1 for the first of its name",
        "words": "V, how many words it has",
        "dimensions": "D, how many numbers a vector has",
        "created": "when it was published, UTC, ISO 8601",
        "vectors_sha256": "of the V x D numbers as float32, little-endian, row after row, as they are read",
        "dtype": "how the numbers of its vectors are kept: `float32`, `float16` or `int8`, see below",
    },
    "words": {
        "": "One row for each word of each model, the most frequent first.",
        "model": "whose word it is",
        "row": "its place, 0 to V - 1",
        "word": "UTF-8, any characters; never empty, and once in a model",
        "count": "how often it stood in the text",
        "vector": "its vector",
    },
    "contexts": {
        "": "One row for each word's vector as a context (word2vec's output matrix), for models that have such.",
        "model": "whose it is",
        "row": "the word's place in `words`",
        "vector": "kept as those of `words` are",
    },
    "maps": {
        "": "One row for each word that stands on a model's map, for models that have one.",
        "model": "whose map it is",
        "row": "the word's place in `words`",
        "x": "its place on the plane",
        "y": "its place on the plane",
        "cluster": "the number of its cluster; the card's part `map` has a few words of each",
    },
    "ngrams": {
        "": "One row for each model that has vectors of pieces of words, as fastText's have: how it cuts words.",
        "model": "whose it is",
        "min_n": "characters of the shortest pieces; `<` where a word begins and `>` where it ends count as one each",
        "max_n": "characters of the longest",
        "buckets": "a piece's bucket is the 32-bit FNV-1a hash of its UTF-8, of signed bytes, modulo this",
        "rows": "how many rows of `subwords` it has",
    },
    "subwords": {
        "": "One row for each bucket of pieces that has a vector; one that is not here counts as zeros. The vector of "
        "an unknown word is the mean of the vectors of all its pieces.",
        "model": "whose it is",
        "bucket": "0 to `buckets` - 1",
        "vector": "D numbers as float32, whatever the model's `dtype` is",
    },
    "cards": {
        "": "What else is known of a model, each part as JSON: `settings`, `manifest` (what each stage read, did and "
        "found, with which code, when and on which machine), `loss_curve`, `crosscheck`, `evaluation`, `map`, "
        "`rounding`, and whatever its publisher wished to say.",
        "model": "whose card it is",
        "part": "which part",
        "json": "the part, as JSON text",
    },
    "seals": {
        "": "One row for each part of each model with its hash, see below.",
        "model": "whose part it is; NULL for a part of the file itself",
        "part": "which part; `published` or `migrated` is the seal over all the others, and its occasion",
        "sha256": "64 hexadecimal digits",
    },
    "tags": {
        "": "One row for each tag; unlike versions, tags may be moved and taken away.",
        "name": "of the model",
        "tag": "`name@tag` means the version; `current`, where there is one, is what the bare name means",
        "version": "the version that is meant",
        "changed": "when the tag was set, UTC, ISO 8601",
    },
    "deleted": {
        "": "One row for each version that was deleted, whose number is not given again.",
        "name": "of the model that was",
        "version": "its version",
        "vectors_sha256": "of its vectors",
        "deleted": "when, UTC, ISO 8601",
    },
    "ledger": {
        "": "One row for each version that was ever published in the file, whatever has become of it.",
        "name": "of the model",
        "version": "its version",
        "vectors_sha256": "of its vectors",
    },
    "_sqlite_migrations": {
        "": "One row for each migration that the file has been through (kept by sqlite-utils).",
        "id": "1, 2, 3 ...",
        "migration_set": "`firth`",
        "name": "of the migration, a function in storage/schema.py",
        "applied_at": "when, UTC",
    },
}
"""Table -> column -> meaning; the table's own stands under no name. What is missing here stops the documentation."""


def tables() -> str:
    """Every table: what it holds, its columns with type, key, reference and meaning, and its statement."""
    return "\n".join(line for name in MEANINGS for line in _table(name)) + _forgotten()


def history() -> str:
    """Every migration with what it brought."""
    functions = {migration.name: migration.fn.__doc__ or "" for migration in migrations.pending(Database(memory=True))}
    return "\n".join(f"- `{name}`: {functions[name].splitlines()[0]}" for name in KNOWN_MIGRATIONS)


def parts() -> str:
    """Every part that has a seal, with the SELECT that its hash is taken over."""
    rows = [f"| `{part.name}{'/...' if part.each else ''}` | `{part.query}` |" for part in (*PARTS, *FILE_PARTS)]
    return "\n".join(["| seal | rows |", "| --- | --- |", *rows])


def _table(name: str) -> Iterator[str]:
    meanings = MEANINGS[name]
    (statement,) = _of(name, "table")
    references = {column: f"{parent}.{to}" for parent, column, to in _references(name)}
    yield from (f"### {name}", "", meanings[""], "", "| column | type | key | meaning |", "| --- | --- | --- | --- |")
    for column, kind, key in _made().execute("SELECT name, type, pk FROM pragma_table_info(?)", [name]):
        bound = f"-> {references[column]}" if column in references else ""
        yield f"| {column} | {kind} | {'primary ' * bool(key)}{bound} | {meanings[column]} |"
    yield from ("", "```sql", statement, *_of(name, "index"), *_of(name, "trigger"), "```", "")


def _of(table: str, kind: str) -> list[str]:
    query = "SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type = ? AND sql IS NOT NULL ORDER BY name"
    return [_unindented(sql) + ";" for (sql,) in _made().execute(query, [table, kind])]


def _references(table: str) -> list[tuple[str, str, str]]:
    return _made().execute('SELECT "table", "from", "to" FROM pragma_foreign_key_list(?)', [table]).fetchall()


def _unindented(sql: str) -> str:
    lines = sql.splitlines()
    return "\n".join(line[8:] if line.startswith(" " * 8) else line for line in lines)


def _forgotten() -> str:
    """Nothing; whoever forgets to explain a table or a column is told.

    Raises:
        KeyError: a table or a column has no meaning.
    """
    found = {name for (name,) in _made().execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if missing := found - MEANINGS.keys():
        raise KeyError(f"no meaning of the tables {missing}")
    return ""


@cache
def _made() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    migrate(connection)
    return connection
