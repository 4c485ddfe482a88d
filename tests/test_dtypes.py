"""Vectors in fewer bits: what is read back is near to what was stored, and how near is measured and kept."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.commands.store import MapSettings, PrecisionSettings, publish
from pipeline.evaluation.rounding import measure_rounding
from service.engine import Engine
from service.library import Library
from service.questions import Neighbors
from storage.dtypes import as_kept, decoded, encoded, row_type, sha256_of_kept
from storage.embeddings import Embeddings
from storage.errors import InputError, SettingError
from storage.models import DTYPES
from storage.store import Store

BYTES = {"float32": 4 * 6, "float16": 2 * 6, "int8": 4 + 6}
"""Of a blob of six numbers."""

any_matrix = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 4), st.integers(1, 5)),
    elements=st.floats(-60_000, 60_000, width=32),
)


def some_embeddings(words=300, dimensions=6, seed=1):
    matrix = np.random.default_rng(seed).standard_normal((words, dimensions)).astype(np.float32)
    return Embeddings(tuple(f"w{row}" for row in range(words)), np.arange(words, 0, -1), matrix)


@given(any_matrix)
def test_float32_comes_back_as_it_was(matrix):
    """Kept as float32, every number is the same, bit for bit."""
    assert as_kept(matrix, "float32").tobytes() == matrix.tobytes()


@given(any_matrix)
def test_float16_is_the_nearest_half(matrix):
    """Kept as float16, every number is the float16 nearest to it."""
    assert np.array_equal(as_kept(matrix, "float16"), matrix.astype(np.float16).astype(np.float32))


@given(any_matrix)
def test_int8_is_off_by_half_a_step_at_most(matrix):
    """Kept as int8, no number is farther off than half of its row's scale, a 127th of the row's largest magnitude."""
    scale = np.abs(matrix).max(axis=1, keepdims=True).astype(np.float64) / 127
    error = np.abs(as_kept(matrix, "int8").astype(np.float64) - matrix)
    assert (error <= scale * (0.5 + 1e-4) + 1e-40).all()  # denormal numbers have no more digits


@pytest.mark.parametrize("dtype", DTYPES)
def test_zero_rows_stay_zero(dtype):
    """A row of zeros is a row of zeros, whatever it is kept as."""
    assert not as_kept(np.zeros((2, 3), np.float32), dtype).any()


@pytest.mark.parametrize("dtype", DTYPES)
def test_large_matrices_are_kept_in_parts(dtype):
    """However many rows, each is kept by itself, and the hash is that of what is read back."""
    matrix = some_embeddings(words=20_000).matrix
    rows, kept = encoded(matrix, dtype), as_kept(matrix, dtype)
    alone = np.concatenate([as_kept(matrix[row : row + 1], dtype) for row in (0, 8191, 8192, 19_999)])
    assert np.array_equal(alone, kept[[0, 8191, 8192, 19_999]])
    assert sha256_of_kept(rows, dtype, 6) == sha256_of_kept(encoded(kept, "float32"), "float32", 6)


def test_a_number_that_is_too_large_is_refused():
    """What float16 cannot hold is refused, not kept as infinity; int8, whose scale is a float32, can hold it."""
    matrix = np.array([[70_000, 1]], np.float32)
    with pytest.raises(InputError, match="too large for float16"):
        encoded(matrix, "float16")
    assert as_kept(matrix, "int8")[0, 0] == pytest.approx(70_000)


def test_other_types_are_refused():
    """There are three types."""
    with pytest.raises(SettingError, match="float32, float16, int8"):
        encoded(np.ones((1, 1), np.float32), "float64")


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_blob_is_a_row_for_anyone(tmp_path, dtype):
    """One row a word still, whose blob plain SQLite and NumPy read as the documentation says."""
    made = some_embeddings()
    with Store.open(tmp_path / "firth.db", create=True) as store:
        info = store.publish("made", made, {}, contexts=made.matrix[::-1].copy(), dtype=dtype)
        loaded, contexts = store.load(info, verify=True), store.load_contexts(info)
        assert store.find("made").dtype == info.dtype == dtype
    with closing(sqlite3.connect(tmp_path / "firth.db")) as connection:
        blobs = [blob for (blob,) in connection.execute("SELECT vector FROM words ORDER BY row")]
    assert {len(blob) for blob in blobs} == {BYTES[dtype]}
    assert np.array_equal(decoded(b"".join(blobs), dtype, 6), loaded.matrix)
    assert np.array_equal(as_kept(made.matrix, dtype), loaded.matrix)
    assert np.array_equal(contexts, loaded.matrix[::-1])
    assert row_type(dtype, 6).itemsize == BYTES[dtype]
    assert loaded.matrix.dtype == np.float32


# ---- what is lost ----


def test_the_loss_is_what_it_says(lee_model):
    """Mean and maximum of the cosines' errors, and shared neighbors, are those of a brute-force comparison."""
    before = lee_model.embeddings
    kept = Embeddings(before.words, before.counts, as_kept(before.matrix, "int8"))
    told = measure_rounding(before, kept).as_dict()
    units = [each.matrix / np.linalg.norm(each.matrix, axis=1, keepdims=True) for each in (before, kept)]
    cosines = [unit.astype(np.float64) @ unit.T.astype(np.float64) for unit in units]
    assert 0 < told["cosine_error"]["max"] <= np.abs(cosines[1] - cosines[0]).max() + 1e-6
    assert told["cosine_error"]["mean"] == pytest.approx(np.abs(cosines[1] - cosines[0]).mean(), rel=0.1)
    engines = [Engine(each) for each in (before, kept)]
    asked = np.unique(np.linspace(0, len(before) - 1, 200).astype(int))
    near = [
        [{found.word for found in engine.answer(Neighbors(word=before.words[row])).neighbors} for row in asked]
        for engine in engines
    ]
    shared = sum(len(one & other) for one, other in zip(*near, strict=True)) / (10 * len(asked))
    assert told["neighbors"] == {"overlap": pytest.approx(shared), "topn": 10, "asked": len(asked)}


def test_nothing_is_lost_where_nothing_is_rounded(lee_model):
    """Compared with itself a model has no error, the same neighbors and the same scores."""
    told = measure_rounding(lee_model.embeddings, lee_model.embeddings).as_dict()
    assert told["cosine_error"] == {"mean": 0.0, "max": 0.0, "pairs": told["cosine_error"]["pairs"]}
    assert told["cosine_spearman"] == pytest.approx(1)
    assert told["neighbors"]["overlap"] == 1
    assert told["wordsim353"]["spearman"] == told["wordsim353"]["spearman_before"]


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_the_loss_is_kept_with_the_model(lee_tokens, lee_model, tmp_path, dtype):
    """`firth store --dtype` measures the loss, keeps it in the card, and serves what it keeps."""
    db, precision = tmp_path / "firth.db", PrecisionSettings(dtype=dtype)
    info = publish(lee_tokens.parent / "model", "lee", db, MapSettings(map_words=0), precision, force=False)
    with Store.open(db) as store:
        card, kept = store.card(info), store.load(info)
    assert card["settings"]["dtype"] == info.dtype == dtype
    assert card["rounding"] == measure_rounding(lee_model.embeddings, kept).as_dict()
    assert np.array_equal(kept.matrix, as_kept(lee_model.embeddings.matrix, dtype))
    asked = Neighbors(word=kept.words[7])
    assert Library(db).engine(info).answer(asked) == Engine(kept).answer(asked)
    assert publish(lee_tokens.parent / "model", "lee", db, MapSettings(map_words=0), precision, force=False) == info
