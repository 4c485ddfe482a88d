"""`verify` finds one changed byte, wherever it is, and names the stage that does not fit."""

import json
import os
import shutil
import sqlite3
import struct
import zlib
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli import firth
from pipeline.commands.store import publish
from pipeline.evaluation.evaluate import evaluate
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.tokenizing import tokenize
from pipeline.training.stage import train_stage
from service.derived_checks import check_derived
from service.loading import derive, derived_files
from storage.embeddings import Embeddings
from storage.errors import StoreError
from storage.managing.copying import copy_model
from storage.managing.versions import delete, set_tag
from storage.maps import Map
from storage.models import DTYPES
from storage.ngrams import Ngrams
from storage.schema import migrate
from storage.store import Store
from storage.subwords import Subwords
from storage.verification.verify import verify

FLIPS = 6  # of each column
BYTES = 250  # of the file

FOUND_BY = {
    "models": {"model"},
    "words": {"vocabulary", "vectors"},
    "contexts": {"contexts", "rows of contexts"},
    "ngrams": {"ngrams"},
    "subwords": {"buckets", "subwords"},
    "maps": {"map"},
    "cards": {"card"},
    "seals": {"seals"},
    "_sqlite_migrations": {"migrations"},
    "tags": {"tags"},
    "deleted": {"deleted"},
    "ledger": {"ledger"},
}
"""Which stages are named, by table; a field that refers to another table may also be found as a reference."""


def a_model(seed=1):
    """40 words with vectors, contexts and a map."""
    generator = np.random.default_rng(seed)
    matrix, contexts = (generator.standard_normal((40, 3)).astype(np.float32) for _ in range(2))
    words = tuple(f"word{row}" for row in range(40))
    points = generator.standard_normal((20, 2)).astype(np.float32)
    drawn = Map(np.arange(0, 40, 2), points, generator.integers(0, 3, 20))
    return Embeddings(words, np.arange(40, 0, -1), matrix), contexts, drawn


def some_subwords():
    """Rows for some of 500 buckets of pieces."""
    rows = np.random.default_rng(2).standard_normal((30, 3)).astype(np.float32)
    return Subwords(Ngrams(2, 5, 500), np.arange(0, 300, 10, dtype=np.int32), rows)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with a trained model, models of all types of numbers, and room that a deleted one has left."""
    folder = tmp_path_factory.mktemp("verified")
    text = folder / "text.txt"
    text.write_text("the king and the queen of the land saw the sea\n" * 60, "utf-8")
    tokenize(StageFolder(folder / "tokens"), [str(text)], TokenSettings())
    settings = TrainSettings(vector_size=4, epochs=1)
    train_stage(folder / "tokens", StageFolder(folder / "model"), VocabularySettings(), settings)
    db = folder / "firth.db"
    with Store.open(db, create=True) as store:
        for dtype in ("float32", "int8", "float16"):
            embeddings, contexts, drawn = a_model()
            parts = {"contexts": contexts, "map": drawn, "subwords": some_subwords()}
            store.publish(dtype, embeddings, {"notes": ["any"]}, dtype=dtype, **parts)
    publish(folder / "model", "trained", db, force=False)
    with Store.open(db, create=True) as store:
        set_tag(store, "trained@1", "stable")
        delete(store, [store.find("float16")])
    return db


@pytest.fixture
def db(made, tmp_path):
    """A copy of it, without derived files."""
    return Path(shutil.copy(made, tmp_path / "firth.db"))


def wrong(path, asked=None):
    """The stages that do not fit; "file" where the file cannot be looked into at all."""
    try:
        return {check.stage for check in verify(path, asked) if not check.fits}
    except StoreError:
        return {"file"}


def columns():
    """Every column of every table that the migrations make."""
    with closing(sqlite3.connect(":memory:")) as connection:
        migrate(connection)
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        query = "SELECT name FROM pragma_table_info(?)"
        return [(table, column) for table in tables for (column,) in connection.execute(query, [table])]


def flipped(value, chance):
    """The value with one bit changed, as an SQL expression and what it takes."""
    if isinstance(value, int):
        return "?", value ^ (1 << int(chance.integers(40)))
    if isinstance(value, float):
        (bits,) = struct.unpack("<q", struct.pack("<d", value))
        return "?", struct.unpack("<d", struct.pack("<q", bits ^ (1 << int(chance.integers(52)))))[0]
    changed = bytearray(value if isinstance(value, bytes) else value.encode())
    changed[chance.integers(len(changed))] ^= 1 << int(chance.integers(8))
    return ("?" if isinstance(value, bytes) else "CAST(? AS TEXT)"), bytes(changed)


def change(path, table, column, row, changed):
    """Change one field behind everybody's back; False where SQLite itself refuses."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        connection.execute("PRAGMA synchronous = off")
        sql, value = changed
        try:
            with connection:
                connection.execute("PRAGMA ignore_check_constraints = on")
                for name, _ in triggers:
                    connection.execute(f"DROP TRIGGER {name}")
                update = f"UPDATE {table} SET {column} = {sql} WHERE rowid = ?"  # noqa: S608 - names of the schema
                connection.execute(update, [value, row])
                for _, statement in triggers:
                    connection.execute(statement)
        except sqlite3.IntegrityError:
            return False
    return True


@pytest.mark.parametrize(("table", "column"), columns())
def test_a_flipped_bit_of_any_field_is_found(db, table, column):
    """One changed bit in any field of any table is found, and the stage that it belongs to is named."""
    chance, whole = np.random.default_rng(zlib.crc32(f"{table}.{column}".encode())), db.read_bytes()
    with closing(sqlite3.connect(db)) as connection:
        query = f"SELECT rowid, {column} FROM {table} WHERE length({column}) > 0"  # noqa: S608 - names of the schema
        rows = connection.execute(query).fetchall()
    assert rows, "the store of this test has nothing there"
    done = 0
    while done < FLIPS:
        row, value = rows[chance.integers(len(rows))]
        db.write_bytes(whole)
        if change(db, table, column, row, flipped(value, chance)):
            done += 1
            found = wrong(db)
            assert found & {*FOUND_BY.get(table, found), "references", "file"}, (row, value, found)
    db.write_bytes(whole)
    assert wrong(db) == set()


def contents(path):
    """Everything that can be read from a store: its tables, with the type and the value of every field."""
    with closing(sqlite3.connect(path)) as connection:
        objects = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
        tables = [name for kind, name, *_ in objects if kind == "table"]
        queries = {name: f"SELECT rowid, * FROM {name} ORDER BY 1" for name in tables}  # noqa: S608 - the file's names
        return objects, {name: connection.execute(query).fetchall() for name, query in queries.items()}


def test_a_flipped_byte_of_the_file_is_found_or_holds_nothing(db):
    """A changed byte anywhere in the file is found, or nothing that can be read from the file has changed by it."""
    chance, whole, before = np.random.default_rng(5), db.read_bytes(), contents(db)
    used = [place for place, byte in enumerate(whole) if byte]  # most of a small file is empty
    found = 0
    for number in range(BYTES):
        changed = bytearray(whole)
        place = used[chance.integers(len(used))] if number % 4 else chance.integers(len(whole))
        changed[place] ^= 1 << int(chance.integers(8))
        db.write_bytes(changed)
        if wrong(db):
            found += 1
        else:
            assert contents(db) == before
    assert found > BYTES / 4


def test_a_flipped_byte_of_the_header_is_found_or_holds_nothing(db):
    """The same for every byte of the header of 100 bytes, in which the numbers of SQLite's own work hold nothing."""
    whole, before = db.read_bytes(), contents(db)
    missed = set()
    for place in range(100):
        changed = bytearray(whole)
        changed[place] ^= 1
        db.write_bytes(changed)
        if not wrong(db):
            assert contents(db) == before
            missed.add(place)
    assert missed <= {*range(24, 28), *range(40, 44), *range(92, 100)}  # change counter, schema cookie, versions


# ---- what else does not fit ----


def execute(path, *statements):
    """Statements that any program could have run."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


@pytest.mark.parametrize(
    ("statement", "stage"),
    [
        ("DROP TRIGGER words_never_change", "schema"),
        ("CREATE TABLE notes (note TEXT)", "schema"),
        ("DROP INDEX seals_once", "schema"),
        ("DELETE FROM words WHERE row = 7", "vocabulary"),
        ("DELETE FROM contexts", "contexts"),
        ("DELETE FROM maps WHERE row = 2", "map"),
        ("DELETE FROM cards WHERE part = 'notes'", "card"),
        ("DELETE FROM seals WHERE part = 'vectors'", "seals"),
        ("DELETE FROM seals", "seals"),
        ("INSERT INTO cards (model, part, json) SELECT id, 'more', '1' FROM models", "card"),
        ("DELETE FROM models WHERE name = 'int8'", "references"),
        ("PRAGMA user_version = 7", "header"),
    ],
)
def test_what_another_program_did_is_found(db, statement, stage):
    """What was added, taken away or dropped by any other program is found at its stage."""
    execute(db, statement)
    assert stage in wrong(db)


@pytest.mark.parametrize("name", ["float32", "int8", "trained"])
def test_a_model_that_another_program_deleted_is_missed(db, name):
    """Deleted with all its rows and tags, as foreign keys have it, a model is missed, whatever is published later."""
    execute(db, "PRAGMA foreign_keys = on", f"DELETE FROM models WHERE name = '{name}'")  # noqa: S608 - from above
    assert wrong(db) >= {"models"}
    with Store.open(db, create=True) as store:
        assert str(store.publish(name, a_model(2)[0], {})) == f"{name}@2"
    told = [check.wrong for check in verify(db) if not check.fits]
    ways_out = f"copy it back from a backup, or accept that: `firth delete {name}@1`"
    assert told == [f"{name}@1 was published, and is gone; {ways_out}"]


def test_a_missed_model_can_be_copied_back(db, made):
    """From a backup it comes back under its number, and all fits again."""
    execute(db, "PRAGMA foreign_keys = on", "DELETE FROM models WHERE name = 'int8'")
    assert wrong(db) == {"models"}
    copy_model(made, "int8@1", db)
    assert wrong(db) == set()


def test_no_other_model_takes_the_number_of_a_missed_one(db, tmp_path):
    """Another model of the same name and version is not copied there."""
    execute(db, "PRAGMA foreign_keys = on", "DELETE FROM models WHERE name = 'int8'")
    with Store.open(tmp_path / "other.db", create=True) as store:
        store.publish("int8", a_model(3)[0], {})
    with pytest.raises(StoreError, match="once had another model int8@1"):
        copy_model(tmp_path / "other.db", "int8", db)


def test_that_a_model_is_gone_can_be_accepted(db):
    """`firth delete` lets a missed model count as deleted, after a confirmation; then all fits again."""
    execute(db, "PRAGMA foreign_keys = on", "DELETE FROM models WHERE name = 'int8'")
    arguments = ["delete", "int8@1", "--db", str(db)]
    refused = CliRunner().invoke(firth, arguments, input="n\n")
    assert (refused.exit_code, wrong(db)) == (1, {"models"})
    accepted = CliRunner().invoke(firth, [*arguments, "--yes"])
    assert (accepted.exit_code, accepted.stdout, wrong(db)) == (0, "counts as deleted: int8@1\n", set())


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("INSERT INTO ledger VALUES ('new', 1, 'ab')", "new@1 was published, and is gone"),
        ("INSERT INTO deleted VALUES ('int8', 1, 'ab', '')", "int8@1 was deleted, and is there"),
        (
            "INSERT INTO models SELECT 9, 'a', 1, words, dimensions, created, '', dtype FROM models WHERE id = 1",
            "a@1 is there, and was never published so",
        ),
    ],
)
def test_lists_that_do_not_agree_are_found(db, statement, said):
    """Every model that is there was published and not deleted, and every other one that was published was deleted."""
    execute(db, statement)
    (told,) = [check.wrong for check in verify(db) if check.stage == "models"]
    assert said in told


def test_the_ledger_forgets_nothing(db):
    """No program can take a line out of the ledger, nor change one, by accident."""
    for statement in ("DELETE FROM ledger", "UPDATE ledger SET version = 9"):
        with pytest.raises(sqlite3.IntegrityError, match=r"ledger|never changes"):
            execute(db, statement)


def test_bytes_behind_the_last_page_are_found(db):
    """A file is as long as its pages."""
    with db.open("ab") as file:
        file.write(b"more")
    assert wrong(db) == {"header"}


def test_only_one_model_can_be_asked_for(db):
    """A damage in one model is told of that model, and not of another."""
    execute(db, "DELETE FROM contexts WHERE model = (SELECT id FROM models WHERE name = 'int8')")
    assert wrong(db, "float32") == set()
    assert {"contexts", "seals"} & wrong(db, "int8") == {"contexts"}


def test_verifying_changes_nothing(made):
    """Neither the file nor its folder is changed by being verified."""
    before = {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")}
    assert wrong(made) == set()
    assert {path: path.stat().st_mtime_ns for path in made.parent.rglob("*")} == before


# ---- the chain ----


def republished(db, alter):
    """Publish the trained model once more, sealed anew, with a card that `alter` has changed."""
    with Store.open(db, create=True) as store:
        info = store.find("trained")
        card, embeddings, contexts = store.card(info), store.load(info), store.load_contexts(info)
        embeddings, contexts = alter(card, embeddings, contexts) or (embeddings, contexts)
        store.publish("again", embeddings, card, contexts=contexts)
    return {check.stage for check in verify(db, "again") if not check.fits}


def no_change(_card, _embeddings, _contexts):
    pass


def other_seed(card, _embeddings, _contexts):
    card["manifest"]["train"]["settings"]["seed"] = card["settings"]["seed"] = 2


def other_file(card, _embeddings, _contexts):
    card["manifest"]["tokenize"]["inputs"]["sources"][0]["sha256"] = "ab" * 32


def other_loss(card, _embeddings, _contexts):
    card["loss_curve"][0] += 1


def other_setting(card, _embeddings, _contexts):
    card["settings"]["window"] = 7


def other_vectors(_card, embeddings, contexts):
    return Embeddings(embeddings.words, embeddings.counts, -embeddings.matrix), contexts


def other_contexts(_card, embeddings, contexts):
    return embeddings, -contexts


def other_order(_card, embeddings, contexts):
    return Embeddings(embeddings.words[::-1], embeddings.counts[::-1].copy(), embeddings.matrix), contexts


@pytest.mark.parametrize(
    ("alter", "stages"),
    [
        (no_change, set()),
        (other_seed, {"train"}),
        (other_file, {"tokenize"}),
        (other_loss, {"tokenize to train"}),
        (other_setting, {"tokenize to train"}),
        (other_vectors, {"train to vectors"}),
        (other_contexts, {"train to vectors"}),
        (other_order, {"train to vocabulary"}),
    ],
)
def test_a_link_that_does_not_follow_is_found(db, alter, stages):
    """Though all seals fit, a link of the chain that does not follow from the one before is named."""
    assert republished(db, alter) == stages


def test_an_evaluation_of_other_vectors_is_found(lee_model, tmp_path):
    """The scores in the card are made again; those of another model are found at the stage `evaluation`."""
    db, made = tmp_path / "firth.db", lee_model.embeddings
    scores = evaluate(made).as_dict()
    other = Embeddings(made.words, made.counts, lee_model.contexts)
    with Store.open(db, create=True) as store:
        store.publish("right", made, {"evaluation": scores})
        store.publish("wrong", other, {"evaluation": scores})
        store.publish("rounded", made, {"evaluation": scores}, dtype="int8")
    found = json.loads(run("--db", db, "--json").stdout)["checks"]
    fits = {check["model"]: check["fits"] for check in found if check["stage"] == "evaluation"}
    assert fits == {"right@1": True, "wrong@1": False, "rounded@1": True}


# ---- beside the file ----


def flip_beside(path):
    """Change a byte of a file whose time of change stays."""
    found, content = path.stat(), bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def run(*arguments):
    """`firth verify` with these arguments."""
    return CliRunner().invoke(firth, ["verify", *map(str, arguments)])


def test_a_flipped_byte_of_a_derived_file_is_found(made, tmp_path):
    """A changed byte in any of the files derived from a model is found, also where its time does not tell."""
    db = Path(shutil.copytree(made.parent, tmp_path / "all") / made.name)
    with Store.open(db) as store:
        folder = derived_files(db).of(store.find("trained"))
    files = sorted(folder.iterdir())
    assert run("--db", db).exit_code == 0
    for file in files:
        before, found = file.read_bytes(), file.stat()
        flip_beside(file)
        result = run("trained", "--db", db)
        assert (result.exit_code, "derived files        DOES NOT FIT" in result.stdout) == (1, True), file.name
        file.write_bytes(before)
        os.utime(file, ns=(found.st_atime_ns, found.st_mtime_ns))


@pytest.mark.parametrize("dtype", DTYPES)
def test_derived_files_of_other_vectors_are_found(tmp_path, dtype):
    """Files that are whole, but were not made of what the store has, do not fit; those that were, do."""
    made, contexts, _ = a_model()
    with Store.open(tmp_path / "firth.db", create=True) as store:
        info = store.publish("made", made, {}, dtype=dtype)
        for embeddings, fits in (
            (store.load(info), True),
            (Embeddings(made.words, made.counts, contexts), False),
            (Embeddings(made.words[::-1], made.counts, store.load(info).matrix), False),
        ):
            shutil.rmtree(derived_files(store.path).folder, ignore_errors=True)
            derive(store, info, embeddings, None)
            assert [check.fits for check in check_derived(store, info)] == [fits]


def test_derived_files_of_other_rows_of_pieces_are_found(tmp_path):
    """Rows of words' pieces are compared too: others, or none where the store has some, do not fit."""
    made, kept = a_model()[0], some_subwords()
    other = Subwords(kept.ngrams, kept.buckets, -kept.rows)
    with Store.open(tmp_path / "firth.db", create=True) as store:
        info = store.publish("made", made, {}, subwords=kept)
        for subwords, fits in ((kept, True), (other, False), (None, False)):
            shutil.rmtree(derived_files(store.path).folder, ignore_errors=True)
            derive(store, info, made, None, subwords)
            assert [check.fits for check in check_derived(store, info)] == [fits]


def test_a_flipped_byte_of_an_approximate_index_is_found(made, tmp_path):
    """The same for the index that faiss has written, and for what stands beside that."""
    pytest.importorskip("faiss")
    from service.library import Library

    db = Path(shutil.copytree(made.parent, tmp_path / "all") / made.name)
    library = Library(db, approximate_from=1)
    library.engine(library.find("trained"))
    with Store.open(db) as store:
        folder = derived_files(db).of(store.find("trained"))
    assert run("trained", "--db", db).exit_code == 0
    files = sorted(folder.glob("approximate*"))
    assert len(files) == 2
    for file in files:
        before = file.read_bytes()
        flip_beside(file)
        result = run("trained", "--db", db)
        assert (result.exit_code, "approximate index    DOES NOT FIT" in result.stdout) == (1, True), file.name
        file.write_bytes(before)


# ---- the command ----


def test_a_whole_store_fits(made):
    """`firth verify` of a whole store ends with 0, and tells each stage of each model."""
    result = run("--db", made)
    assert result.exit_code == 0, result.output
    assert "none of them failed" in result.stdout
    assert "trained@1            train to vectors     fits" in result.stdout


def test_a_damaged_store_does_not(db):
    """It ends with 1 and names model and stage where something does not fit, as text and as JSON."""
    assert change(db, "words", "count", 1, ("?", 99))
    result = run("--db", db)
    assert result.exit_code == 1
    assert "float32@1            vocabulary           DOES NOT FIT: vocabulary is not as it was sealed" in result.stdout
    told = json.loads(run("--db", db, "--json").stdout)
    assert told["fits"] is False
    assert [(each["model"], each["stage"]) for each in told["checks"] if not each["fits"]] == [
        ("float32@1", "vocabulary")
    ]


def test_what_is_not_there_cannot_be_verified(db, tmp_path):
    """A missing file and an unknown model are errors that say so, before anything is checked."""
    assert "no store at" in run("--db", tmp_path / "none.db").stderr
    result = run("flaot32", "--db", db)
    assert (result.exit_code, "did you mean float32" in result.stderr, result.stdout) == (1, True, "")
