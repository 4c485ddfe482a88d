"""Files that gensim saved are read without unpickling: as gensim reads them, and nothing that they name is run."""

import gzip
import io
import os
import pickle
import pickletools
import struct
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.test.utils import common_texts, datapath
from hypothesis import given
from hypothesis import strategies as st

from storage.errors import InputError
from storage.formats.gensim_saved import GensimSaved
from storage.formats.known import detect
from storage.formats.machine import Name, Record
from storage.formats.numpy_records import DescribedArray, DescribedType, Unreadable
from storage.formats.opcodes import read_opcodes
from storage.formats.source import Source

VERSIONS = ("0.12.0", "0.12.4", "0.13.4", "1.0.1", "2.0.0", "2.3.0", "3.0.0", "3.2.0", "3.3.0", "3.4.0")
KEPT = ("old_keyedvectors_320.dat", "word2vec_3.3", "word2vec_old", "word2vec_old_sep", "model-from-gensim-3.8.0.w2v")
OLDER = (  # which gensim 4.4 itself cannot read any more
    *(f"word2vec_pre_kv_{name}" for name in ("py2", "py3", "py3_4", "sep_py2", "sep_py3", "sep_py3_4")),
    *("w2v-lee-v0.12.0", "d2v-lee-v0.13.0", "doc2vec_old_sep", "old_d2v_models/d2v_3.4.0.mdl"),
    *("fasttext_old", "fasttext_old_sep"),
)


def read(path):
    """A file's words, vectors, counts (or None) and rows of pieces."""
    source = Source(Path(path))
    blocks = list(GensimSaved().read(source))
    counts = None if blocks[0].counts is None else [count for block in blocks for count in block.counts]
    words = [word for block in blocks for word in block.words]
    assert source.about()[0]["bytes"] == Path(path).stat().st_size
    return words, np.concatenate([block.rows for block in blocks]), counts, source.subwords


def same(path, theirs):
    words, vectors, counts, _ = read(path)
    assert words == theirs.index_to_key
    assert vectors.tobytes() == theirs.vectors.astype(np.float32).tobytes()
    assert counts == [theirs.get_vecattr(word, "count") for word in words]


def loaded(path):
    """What gensim makes of the file."""
    for cls in (KeyedVectors, Word2Vec):
        found = cls.load(path)
        if hasattr(getattr(found, "wv", found), "index_to_key"):
            return getattr(found, "wv", found)
    raise AssertionError(path)


@pytest.mark.parametrize("name", [*KEPT, *(f"old_w2v_models/w2v_{version}.mdl" for version in VERSIONS[2:])])
@pytest.mark.filterwarnings("ignore")
def test_files_of_every_version_are_as_gensim_reads_them(name):
    """Words, counts and vectors, of models and of vectors, with arrays inside and beside: as gensim has them."""
    assert detect(Source(Path(datapath(name)))).name == "gensim"
    same(datapath(name), loaded(datapath(name)))


@pytest.mark.parametrize("name", [*OLDER, *(f"old_w2v_models/w2v_{version}.mdl" for version in VERSIONS[:2])])
def test_files_that_gensim_itself_has_left_behind(name):
    """Files from before gensim 1, and of Python 2, are read too."""
    words, vectors, counts, _ = read(datapath(name))
    assert len(words) == len(vectors) == len(set(words)) > 2
    assert min(counts) > 0
    assert np.isfinite(vectors).all()
    assert np.abs(vectors).max() < 10


def test_the_same_training_saved_apart_and_together():
    """A file with its arrays beside it holds what the file with all of them inside holds."""
    for name in ("word2vec_pre_kv_{}py3", "word2vec_pre_kv_{}py2"):
        together, apart = (read(datapath(name.format(kind))) for kind in ("", "sep_"))
        assert sorted(together[0]) == sorted(apart[0])
        assert together[1].shape == apart[1].shape


def test_a_model_of_fasttext_from_long_ago():
    """Known words have the vectors of the .vec that gensim 2 read, all five digits; unknown words cannot be made."""
    words, vectors, _, subwords = read(datapath("lee_fasttext"))
    theirs = KeyedVectors.load_word2vec_format(datapath("lee_fasttext.vec"))
    assert (words, subwords) == (theirs.index_to_key, None)
    assert np.allclose(vectors, theirs.vectors, rtol=0, atol=1e-6)
    assert len(read(datapath("ft_model_2.3.0"))[0]) == 1763


def test_pieces_that_were_hashed_in_another_way(caplog):
    """Before 3.8 gensim hashed pieces differently: known words are read, and it is said that unknown ones cannot be."""
    words, vectors, _, subwords = read(datapath("ft_kv_3.6.0.model.gz"))
    assert (len(words), vectors.shape, subwords) == (12, (12, 3), None)
    assert "hashed pieces in another way" in caplog.text


@pytest.mark.filterwarnings("ignore")
def test_fasttext_of_gensim_3_8():
    """Its rows of pieces lie close together, with a dictionary that says which bucket each is of."""
    words, vectors, _, subwords = read(datapath("compatible-hash-true.model"))
    theirs = FastText.load(datapath("compatible-hash-true.model")).wv
    assert vectors.tobytes() == theirs.vectors.tobytes()
    assert len(subwords) == 85
    # gensim 4.4 itself fails for unknown words of this file: their buckets are beyond its 85 rows
    assert np.allclose(subwords.compose(words, theirs.vectors_vocab), vectors, rtol=0, atol=1e-6)


@pytest.fixture(scope="module")
def trained():
    """Small models of this gensim."""
    word2vec = Word2Vec(common_texts, vector_size=6, min_count=1, epochs=1, workers=1)
    fasttext = FastText(common_texts, vector_size=6, min_count=1, epochs=1, workers=1, bucket=500)
    return {"vectors": word2vec.wv, "word2vec": word2vec, "fasttext": fasttext, "fasttext vectors": fasttext.wv}


@pytest.mark.parametrize("kind", ["vectors", "word2vec", "fasttext", "fasttext vectors"])
@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2"])
@pytest.mark.parametrize(("apart", "protocol"), [(False, 2), (True, 3), (False, 4), (True, 4), (False, 5)])
def test_what_this_gensim_saves(tmp_path, trained, kind, suffix, apart, protocol):  # noqa: PLR0917 - fixtures
    """Models and vectors, packed or not, arrays inside or beside, in every protocol: all as they were saved."""
    path = tmp_path / f"saved.kv{suffix}"
    trained[kind].save(str(path), sep_limit=0 if apart else 1 << 30, pickle_protocol=protocol)
    assert (len(list(tmp_path.iterdir())) > 1) == apart
    assert detect(Source(path)).name == "gensim"
    theirs = getattr(trained[kind], "wv", trained[kind])
    words, vectors, counts, subwords = read(path)
    assert words == theirs.index_to_key
    assert np.allclose(vectors, theirs.vectors, rtol=0, atol=1e-7)
    assert counts == [theirs.get_vecattr(word, "count") for word in words]
    if kind.startswith("fasttext"):
        for word in ("nights", "é", "日本語"):
            assert subwords.vector(word).tolist() == theirs.get_vector(word).tolist()


def test_files_beside_are_hashed_too(tmp_path, trained):
    """The import's facts name every file that was read, with its own hash."""
    trained["vectors"].save(str(tmp_path / "saved.kv"), sep_limit=0)
    source = Source(tmp_path / "saved.kv")
    list(GensimSaved().read(source))
    assert [Path(each["file"]).name for each in source.about()] == ["saved.kv", "saved.kv.vectors.npy"]


def test_a_missing_file_beside(tmp_path, trained):
    """Where an array is kept in a file of its own, and that is not there, the error names it."""
    trained["vectors"].save(str(tmp_path / "saved.kv"), sep_limit=0)
    (tmp_path / "saved.kv.vectors.npy").unlink()
    with pytest.raises(InputError, match=r"its vectors is in saved\.kv\.vectors\.npy, which is not there"):
        read(tmp_path / "saved.kv")


class Objects:
    """Saved beside, in place of numbers."""


@pytest.mark.parametrize("content", [b"", b"\x93NUMPY\1\0\xff\xff", b"no array", "objects"])
def test_a_damaged_file_beside(tmp_path, trained, content):
    """A damaged array, or one of objects, which would have to be unpickled, is refused by its own name."""
    trained["vectors"].save(str(tmp_path / "saved.kv"), sep_limit=0)
    beside = tmp_path / "saved.kv.vectors.npy"
    if content == "objects":
        np.save(beside, np.array([[Objects()] * 6] * 12), allow_pickle=True)
    else:
        beside.write_bytes(content)
    with pytest.raises(InputError, match=r"saved\.kv\.vectors\.npy"):
        read(tmp_path / "saved.kv")


@pytest.mark.parametrize(
    "name", ["lda_3_0_1_model", "tfidf_model.tst", "phraser-3.6.0.model", "poincare_test_3.4.0", "nmf_model"]
)
def test_what_holds_no_vectors_says_what_it_is(name):
    """Other models of gensim are recognized, and refused by the name of their class."""
    with pytest.raises(InputError, match=r"a gensim\.models\.\w+\.\w+ holds no vectors of words"):
        read(datapath(name))


# ---- nothing is run ----


class Harmful:
    """Makes a file when it is unpickled."""

    def __init__(self, call, *arguments):
        self.made_by = (call, arguments)

    def __reduce__(self):
        return self.made_by


class Stated(Harmful):
    """The same, in its state."""

    def __reduce__(self):
        return (SimpleNamespace, (), {"vectors": Harmful(*self.made_by[:1], *self.made_by[1])})


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("kind", [Harmful, Stated])
def test_nothing_in_a_file_is_run(tmp_path, protocol, kind):
    """A pickle that would run a command is read as the name of that command; unpickled, it would have run."""
    trace = tmp_path / "trace"
    data = pickle.dumps([kind(os.mkdir, str(trace))], protocol)
    described(data)
    assert not trace.exists()
    pickle.loads(data)  # noqa: S301 - shows that the file is one that acts
    assert trace.exists()


def described(data):
    return read_opcodes(io.BytesIO(data))


def test_what_is_called_is_a_record():
    """A call is its name and its arguments."""
    (found,) = described(pickle.dumps([Harmful(os.system, "echo")], 4))
    assert (str(found.of), found.arguments) == ("posix.system", ("echo",))
    assert isinstance(found, Record)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(st.text() | st.integers(-(2**60), 2**60) | st.none(), inner, max_size=4)
        | st.sets(st.text() | st.integers(-9, 9), max_size=4)
    ),
    max_leaves=12,
)


@given(PLAIN, st.integers(2, 5))
def test_plain_data_is_what_it_was(value, protocol):
    """Numbers, texts, bytes, lists, tuples, sets and dictionaries come out as they went in, in binary protocols."""
    assert described(pickle.dumps(value, protocol)) == value


@given(
    st.sampled_from(["f4", "f8", "f2", "<i4", ">i8", "u1", "?", ">f4"]),
    st.lists(st.integers(0, 4), min_size=1, max_size=2),
    st.integers(2, 5),
    st.booleans(),
)
def test_arrays_are_what_they_were(dtype, shape, protocol, by_columns):
    """Arrays of numbers come out as they went in, whatever their type, order of bytes and order of rows."""
    array = np.arange(np.prod(shape), dtype=np.float64).reshape(shape).astype(dtype)
    array = np.asfortranarray(array) if by_columns else array
    found = described(pickle.dumps([array, array], protocol))
    assert found[0] is found[1]
    assert isinstance(found[0], DescribedArray)
    value = found[0].value()
    assert value.dtype == array.dtype
    assert value.tolist() == array.tolist()


def test_numbers_of_numpy():
    """A scalar of NumPy is the number."""
    assert described(pickle.dumps([np.float32(1.5), np.int64(7), np.bool_(True)])) == [1.5, 7, True]


@pytest.mark.parametrize(
    "array", [np.array(["a"]), np.array([object()], object), np.array([1 + 2j]), np.zeros((1, 1, 1))]
)
def test_arrays_of_anything_else(array):
    """Arrays of texts, objects or complex numbers, or of three dimensions, are refused when they are asked for."""
    (found,) = described(pickle.dumps([array], 4))
    with pytest.raises(Unreadable):
        found.value()


def test_an_array_that_promises_more_than_it_has():
    """The bytes of an array must be as many as its shape says: 10^12 rows ask for no memory."""
    described_type = DescribedType("f4", "<")
    for shape in ((10**12, 300), (-1, 4), (2**63, 2**63), (3,), "ab", (1.5, 2), None):
        with pytest.raises(Unreadable):
            DescribedArray(shape, described_type, data=b"\0" * 16).value()
    assert DescribedArray((2, 2), described_type, data=b"\0" * 16).value().tolist() == [[0, 0], [0, 0]]


# ---- hostile pickles ----

GOOD = Path(datapath("word2vec_3.3")).read_bytes()
HOSTILE = {
    "a text of 2^63 bytes": b"\x80\x04\x8d" + struct.pack("<Q", 2**63 - 1) + b"abc.",
    "bytes of 10^12": b"\x80\x04\x8e" + struct.pack("<Q", 10**12) + b"abc.",
    "a bytearray of 10^12": b"\x80\x05\x96" + struct.pack("<Q", 10**12) + b"abc.",
    "a number of 2^31 bytes": b"\x80\x02\x8b" + struct.pack("<i", 2**31 - 1) + b"abc.",
    "a number of a million digits": b"I" + b"9" * 10**6 + b"\n.",
    "an empty stack": b"\x80\x02.",
    "nothing in the memo": b"\x80\x02h\x07.",
    "no mark": b"\x80\x02]e.",
    "a mark for a value": b"\x80\x02(.",
    "appended to a number": b"\x80\x02K\x01K\x02a.",
    "set in a list": b"\x80\x02]K\x01K\x02s.",
    "an odd number of pairs": b"\x80\x02}(K\x01u.",
    "a number that is called": b"\x80\x02K\x01)R.",
    "something persistent": b"\x80\x02K\x01Q.",
    "an extension": b"\x80\x02\x82\x01.",
    "a buffer of elsewhere": b"\x80\x05\x97.",
    "the array of no type": b"\x80\x02cnumpy\ndtype\n)R.",
    "no end": b"\x80\x02N",
    "an unknown opcode": b"\x80\x02\xff.",
    "nothing": b"",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pickles(data):
    """Lengths that lie, stacks and memos without what is asked of them, things from elsewhere: an error, no memory."""
    with pytest.raises(Unreadable):
        described(data)


def test_keys_that_would_take_forever():
    """A tuple of tuples of tuples, each twice the one before, is no key: to hash it would take 2^60 steps."""
    deep = b"\x80\x02Nq\2" + b"0h\2h\2\x86q\2" * 60 + b"0}h\2K\1s."
    assert described(deep) == {}
    alike = b"\x80\x02}(" + b"".join(pickle.dumps(k * (2**61 - 1), 2)[2:-1] + b"N" for k in range(2, 50)) + b"u."
    assert described(alike) == {}  # 48 integers that all have the same hash


def test_an_object_that_holds_itself():
    """A list in itself, and an object in its own attributes, are read."""
    endless = []
    endless.append(endless)
    found = described(pickle.dumps(endless, 2))
    assert found[0] is found
    assert described(b"\x80\x02cgensim\nX\n)\x81q\1}X\1\0\0\0ah\1sb.").of == Name("gensim", "X")


@pytest.mark.parametrize("change", ["rows of other dimensions", "fewer rows"])
def test_rows_of_pieces_that_do_not_fit(tmp_path, trained, change):
    """Rows of pieces beside the file that are of other dimensions than the words', or too few, are refused."""
    path = tmp_path / "saved.kv"
    trained["fasttext vectors"].save(str(path), sep_limit=0)
    beside = tmp_path / "saved.kv.vectors_ngrams.npy"
    rows = np.load(beside)
    np.save(beside, rows[:, :5] if change == "rows of other dimensions" else rows[:-1])
    with pytest.raises(InputError, match=r"saved\.kv: (vectors of 6 numbers|499 rows of pieces do not fit 500)"):
        read(path)


def test_an_array_of_nothing(tmp_path):
    """Vectors that are described without a shape are refused by the name of the file."""
    path = tmp_path / "some.kv"
    begin = b"\x80\x02cgensim.models\nX\n)\x81}(X\x0c\0\0\0index_to_key]X\x01\0\0\0aaX\x07\0\0\0vectors"
    path.write_bytes(begin + b"cnumpy.core.multiarray\n_reconstruct\n)Rub.")
    with pytest.raises(InputError, match=r"some\.kv: its vectors cannot be read: an array without a shape"):
        read(path)


@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_any_bytes_may_be_wrong(tmp_path_factory, changes):
    """Whatever bytes are changed, the file is read or refused."""
    content = bytearray(GOOD)
    for at, byte in changes:
        content[at] = byte
    try_to_read(tmp_path_factory, bytes(content))


OPCODES = st.sampled_from([opcode.code.encode("latin-1") for opcode in pickletools.opcodes])
PARTS = OPCODES | st.binary(max_size=3) | st.sampled_from([b"cgensim\nX\n", b"cnumpy\ndtype\n", b"X\1\0\0\0a", b"K\1"])


@given(st.lists(PARTS, max_size=40).map(b"".join))
def test_any_opcodes_may_come(data):
    """Whatever opcodes follow each other, they make data or are refused."""
    with suppress(Unreadable):
        described(b"\x80\x04" + data + b".")


def try_to_read(factory, content):
    path = factory.mktemp("fuzz") / "fuzzed.kv"
    path.write_bytes(content)
    try:
        words, vectors, *_ = read(path)
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - it may as well be read
        return
    assert len(words) == len(vectors)
    assert vectors.nbytes <= 2 * len(content)


@pytest.fixture(scope="module")
def apart(tmp_path_factory, trained):
    """Vectors saved with their arrays beside them, packed and not: the pickle's path and the array's bytes."""
    found = {}
    for suffix, beside in (("", "npy"), (".gz", "npz")):
        path = tmp_path_factory.mktemp("apart") / f"saved.kv{suffix}"
        trained["vectors"].save(str(path), sep_limit=0)
        array = path.with_name(f"{path.name}.vectors.{beside}")
        found[suffix] = (path, array, array.read_bytes())
    return found


@given(st.sampled_from(["", ".gz"]), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 255)), max_size=5))
def test_any_bytes_of_a_file_beside_may_be_wrong(apart, suffix, changes):
    """Whatever bytes of an array's file are changed, it is read or refused."""
    path, array, good = apart[suffix]
    content = bytearray(good)
    for at, byte in changes:
        content[at % len(good)] = byte
    array.write_bytes(content)
    try:
        words, vectors, *_ = read(path)
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - it may as well be read
        return
    assert len(words) == len(vectors)


def test_a_packed_array_that_is_a_trap(tmp_path, trained):
    """A packed array out of which a thousand times its bytes would come is refused before it is unpacked."""
    path = tmp_path / "saved.kv.gz"
    trained["vectors"].save(str(path), sep_limit=0)
    np.savez_compressed(tmp_path / "saved.kv.gz.vectors.npz", val=np.zeros((1 << 20, 64), np.float32))
    with pytest.raises(InputError, match=r"vectors\.npz: more than 100 times its bytes"):
        read(path)


def test_a_packed_pickle_that_is_a_trap(tmp_path):
    """So is a packed pickle."""
    path = tmp_path / "trap.kv.gz"
    begin = b"\x80\x04cgensim.models\nX\n"
    path.write_bytes(gzip.compress(begin + b"\x8e" + struct.pack("<Q", 1 << 27) + bytes(1 << 27) + b".", 1))
    with pytest.raises(InputError, match=r"more than 100 times its bytes"):
        read(path)
    path.write_bytes(gzip.compress(begin + b"]0" * 600_000 + b".", 9))
    with pytest.raises(InputError, match=r"opcodes, which vectors of so few bytes do not need"):
        read(path)
