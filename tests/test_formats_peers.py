"""Formats against the programs that made them popular: gensim, safetensors, pyarrow, DuckDB, llm; and real files."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from storage.errors import InputError, SettingError
from storage.formats.known import named
from tests.test_formats import AWKWARD, assert_same, export, model, read

WORDS = ("first", *AWKWARD.values(), "last")


def gensim_reads(path, **options):
    """What gensim reads: words and (V, D) vectors."""
    found = KeyedVectors.load_word2vec_format(str(path), **options)
    return tuple(found.index_to_key), found.vectors


def keyed_vectors(embeddings):
    """The same model as gensim has it."""
    vectors = KeyedVectors(embeddings.dimensions)
    vectors.add_vectors(list(embeddings.words), embeddings.matrix)
    for word, count in zip(embeddings.words, embeddings.counts.tolist(), strict=True):
        vectors.set_vecattr(word, "count", count)
    return vectors


def carried_by(name):
    """A model with all the awkward words that a format can carry, and a few plain ones."""
    return model([word for word in WORDS if not named(name).misfit(word)], 6)


# ---- real files that others made ----

REAL = {
    "word2vec_pre_kv_c": {},
    "euclidean_vectors.bin": {"binary": True},
    "poincare_vectors.bin": {"binary": True},
    "high_precision.kv.bin": {"binary": True},
    "high_precision.kv.txt": {},
    "crime-and-punishment.vec": {},
    "lee_fasttext.vec": {},
    "pang_lee_polarity_fasttext.vec": {"encoding": "latin-1"},
    "toy-model.vec": {},
    "test_glove.txt": {"no_header": True},
    "EN.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt": {},
    "IT.1-10.cbow1_wind5_hs0_neg10_size300_smpl1e-05.txt": {},
}


GENSIM_FORGETS_TO_CLOSE = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # no_header


@GENSIM_FORGETS_TO_CLOSE
@pytest.mark.parametrize("name", REAL)
def test_real_files_are_read_as_gensim_reads_them(name):
    """Files of word2vec, fastText, GloVe and gensim: recognized by content, the same words and the same bits."""
    words, vectors = gensim_reads(datapath(name), **REAL[name])
    found = read(Path(datapath(name)), encoding=REAL[name].get("encoding", "utf-8"))
    assert found.words == words
    np.testing.assert_array_equal(found.matrix, vectors)


def test_words_cut_in_the_midst_of_a_character_are_refused():
    """The C program cuts long words at a byte: such words are named, or left out and listed, never mended."""
    path = Path(datapath("w2v_keyedvectors_load_test.modeldata"))
    with pytest.raises(InputError, match=r"line 2: the word b'.*\\xe3\\x83' is not utf-8"):
        read(path)
    with pytest.raises(InputError, match="no words, 2 left out"):
        read(path, skip=True)


def test_words_in_latin_1_need_its_name():
    """pang_lee_polarity_fasttext.vec is not UTF-8; taken for it, the first such word is refused, with the way out."""
    with pytest.raises(
        InputError, match=r"pang_lee_polarity_fasttext\.vec, line \d+: the word b'.*' is not utf-8; --encoding"
    ):
        read(Path(datapath("pang_lee_polarity_fasttext.vec")))


def test_a_header_that_lies_is_refused_as_by_gensim():
    """gensim's pretrained.vec promises three words and has one: neither reads it."""
    with pytest.raises(EOFError):
        gensim_reads(datapath("pretrained.vec"))
    with pytest.raises(InputError, match="3 words were to come, 1 came"):
        read(Path(datapath("pretrained.vec")))


# ---- gensim ----


@GENSIM_FORGETS_TO_CLOSE
@pytest.mark.parametrize("packing", ["", ".gz", ".bz2"])
@pytest.mark.parametrize(
    ("name", "options"),
    {
        "word2vec": {},
        "word2vec-binary": {"binary": True},
        "glove": {"no_header": True},
        "fasttext-vec": {},
    }.items(),
)
def test_gensim_reads_what_is_exported(name, options, packing, tmp_path):
    """Every word that the format carries, and every bit of its vector, packed or not."""
    wanted = carried_by(name)
    export(wanted, named(name), tmp_path / f"x.w2v{packing}")
    words, vectors = gensim_reads(tmp_path / f"x.w2v{packing}", **options)
    assert words == wanted.words
    np.testing.assert_array_equal(vectors, wanted.matrix)


@pytest.mark.parametrize("binary", [False, True], ids=["text", "binary"])
def test_what_gensim_writes_is_read(binary, tmp_path):
    """Every word that the format carries, with gensim's own shortest digits or bytes."""
    wanted = carried_by("word2vec-binary" if binary else "word2vec")
    keyed_vectors(wanted).save_word2vec_format(str(tmp_path / "x.gz"), binary=binary)
    assert_same(read(tmp_path / "x.gz"), wanted, counts=False)


def test_binary_is_byte_for_byte_gensims(tmp_path):
    """What gensim would write of the same model."""
    wanted = carried_by("word2vec-binary")
    keyed_vectors(wanted).save_word2vec_format(str(tmp_path / "gensim"), binary=True)
    export(wanted, named("word2vec-binary"), tmp_path / "firth")
    assert (tmp_path / "firth").read_bytes() == (tmp_path / "gensim").read_bytes()


def test_gensims_own_tensor_files_are_read(tmp_path):
    """gensim.scripts.word2vec2tensor makes the projector's files of a model."""
    from gensim.scripts.word2vec2tensor import word2vec2tensor

    wanted = model(["one", "no\u00a0break", "</s>"], 4)
    export(wanted, named("word2vec"), tmp_path / "x.txt")
    word2vec2tensor(str(tmp_path / "x.txt"), str(tmp_path / "x"))
    assert_same(read(tmp_path / "x_tensor.tsv"), wanted, counts=False)


# ---- safetensors, Arrow, DuckDB ----


def test_safetensors_library_reads_what_is_exported(tmp_path):
    """The library finds vectors and counts, and the JSON beside them has the words."""
    from safetensors.numpy import load_file

    wanted = model(WORDS, 5)
    export(wanted, named("safetensors"), tmp_path / "x.safetensors")
    found = load_file(tmp_path / "x.safetensors")
    np.testing.assert_array_equal(found["vectors"], wanted.matrix)
    np.testing.assert_array_equal(found["counts"], wanted.counts)
    assert tuple(json.loads((tmp_path / "x.json").read_text("utf-8"))["words"]) == wanted.words


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_what_the_safetensors_library_writes_is_read(dtype, tmp_path):
    """One matrix of any float, whatever it is called, with a vocab.json as Hugging Face has it."""
    from safetensors.numpy import save_file

    matrix = np.array([[1, 2], [3, 4], [5, 6]], dtype)
    save_file({"weight": matrix, "bias": np.zeros(7, "float32")}, tmp_path / "x.safetensors")
    (tmp_path / "vocab.json").write_text('{"c": 2, "a": 0, "b": 1}')
    found = read(tmp_path / "x.safetensors")
    assert found.words == ("a", "b", "c")
    np.testing.assert_array_equal(found.matrix, matrix)


def test_duckdb_reads_what_is_exported(tmp_path):
    """A Parquet file answers SQL: the word, its count, and a vector whose length DuckDB knows."""
    import duckdb

    wanted = model(WORDS, 4)
    export(wanted, named("parquet"), tmp_path / "x.parquet")
    rows = duckdb.read_parquet(str(tmp_path / "x.parquet")).select("word", "count", "vector").fetchall()
    assert [word for word, _, _ in rows] == list(wanted.words)
    assert [count for _, count, _ in rows] == wanted.counts.tolist()
    np.testing.assert_array_equal(np.array([vector for _, _, vector in rows], np.float32), wanted.matrix)


def test_tables_that_others_made_are_read(tmp_path):
    """Columns of other names and types: large texts, lists of doubles, as pandas and Polars write them."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    words = pa.array(["a", "b"], pa.large_string())
    vectors = pa.array([[1, 2, 3], [4, 5, 6]], pa.list_(pa.float64()))
    table = pa.table({"embedding": vectors, "label": words.dictionary_encode(), "n": [7, 8]})
    pa.parquet.write_table(table, tmp_path / "x.parquet")
    pa.feather.write_feather(table, tmp_path / "x.feather")
    with pa.ipc.new_stream(tmp_path / "x.stream", table.schema) as writer:
        writer.write_table(table)
    for name in ("x.parquet", "x.feather", "x.stream"):
        found = read(tmp_path / name)
        assert found.words == ("a", "b")
        assert found.matrix.tolist() == [[1, 2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("columns", "complaint"),
    [
        ({"a": ["x"], "b": ["y"], "vector": [[1.0]]}, "that of the words"),
        ({"word": ["x"], "u": [[1.0]], "v": [[1.0]]}, "that of the vectors"),
        ({"word": ["x", None], "vector": [[1.0], [2.0]]}, r"row 1 .* missing"),
        ({"word": ["x", "y"], "vector": [[1.0], None]}, r"row 1 .* missing"),
        ({"word": ["x", "y"], "vector": [[1.0], [1.0, 2.0]]}, "different lengths"),
        ({"word": ["x", "y"], "vector": [[1.0], [None]]}, "missing"),
    ],
)
def test_tables_that_are_no_vectors(columns, complaint, tmp_path):
    """Columns that could be either, missing values, vectors of different lengths: each is named."""
    import pyarrow as pa
    import pyarrow.parquet

    pa.parquet.write_table(pa.table(columns), tmp_path / "x.parquet")
    with pytest.raises(InputError, match=complaint):
        read(tmp_path / "x.parquet")


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_without_pyarrow_the_extra_is_named(name, tmp_path, monkeypatch):
    """Parquet and Arrow are an optional extra: where it is missing, the error says how to get it."""
    export(model(["a", "b"]), named(name), tmp_path / "x")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    for action in (lambda: read(tmp_path / "x"), lambda: export(model(["a"]), named(name), tmp_path / "y")):
        with pytest.raises(SettingError, match=r"pip install 'firth\[parquet\]'"):
            action()
    assert not (tmp_path / "y").exists()


# ---- llm ----


def test_llm_has_made_the_same_tables(tmp_path):
    """The tables are those that llm's own migrations make: same columns, same keys."""
    from llm.embeddings_migrations import embeddings_migrations
    from sqlite_utils import Database

    export(model(["a", "b"]), named("llm"), tmp_path / "x.db")
    ours, theirs = Database(tmp_path / "x.db"), Database(memory=True)
    embeddings_migrations.apply(theirs)
    assert embeddings_migrations.pending(ours) == []
    for table in ("collections", "embeddings", "_sqlite_migrations"):
        assert ours[table].columns_dict == theirs[table].columns_dict
        assert ours[table].pks == theirs[table].pks
        assert [(key.column, key.other_table) for key in ours[table].foreign_keys] == [
            (key.column, key.other_table) for key in theirs[table].foreign_keys
        ]
    ours.close()
    theirs.close()


def test_llm_similar_answers_from_what_is_exported(tmp_path):
    """`llm similar news ID -d FILE` finds the nearest words, with no embedding model installed."""
    wanted = model(["king", "queen", "cabbage"], counts=[30, 20, 10])
    wanted.matrix[:] = [[1, 0, 0], [0.9, 0.1, 0], [0, 0, 1]]
    export(wanted, named("llm"), tmp_path / "x.db")
    command = [sys.executable, "-m", "llm", "similar", "m", "king", "-d", str(tmp_path / "x.db")]
    environment = {"LLM_USER_PATH": str(tmp_path / "llm"), "PATH": "/usr/bin:/bin"}
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    lines = [json.loads(line) for line in ran.stdout.splitlines()]
    assert [(line["id"], line["metadata"]) for line in lines] == [("queen", {"count": 20}), ("cabbage", {"count": 10})]
    assert lines[0]["score"] == pytest.approx(0.9 / np.hypot(0.9, 0.1), abs=1e-6)
    assert_same(read(tmp_path / "x.db"), wanted)  # llm has brought its tables up to date


def test_what_llm_stores_is_read(tmp_path):
    """A collection that llm itself has filled."""
    import llm
    from sqlite_utils import Database

    class Lengths(llm.EmbeddingModel):
        model_id = "lengths"

        def embed_batch(self, items):
            return ([len(item), 1] for item in items)

    database = Database(tmp_path / "x.db")
    collection = llm.Collection("mine", database, model=Lengths())
    collection.embed_multi([("one", "a"), ("two words", "bb")])
    database.close()
    found = read(tmp_path / "x.db")
    assert found.words == ("one", "two words")
    assert found.matrix.tolist() == [[1, 1], [2, 1]]


def test_a_database_of_something_else_is_refused(tmp_path):
    """No tables of llm, several collections, or views in their place: each is said."""
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    with pytest.raises(InputError, match="no table 'collections'"):
        read(tmp_path / "x.db")
    export(model(["a"]), named("llm"), tmp_path / "y.db")
    with sqlite3.connect(tmp_path / "y.db") as connection:
        connection.execute("INSERT INTO collections (id, name) VALUES (2, 'other')")
    connection.close()
    with pytest.raises(InputError, match="one collection is wanted; found: 'm', 'other'"):
        read(tmp_path / "y.db")
    with sqlite3.connect(tmp_path / "z.db") as connection:
        connection.executescript(
            "CREATE TABLE collections (id, name, model); INSERT INTO collections VALUES (1, 'm', '');"
            "CREATE VIEW embeddings AS WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            " SELECT 1 collection_id, i id, zeroblob(4) embedding, NULL metadata FROM n"
        )
    connection.close()
    with pytest.raises(InputError, match="no table 'embeddings'"):
        read(tmp_path / "z.db")
