"""Hostile files: whatever their bytes are, a reader ends soon with a clear error or with what they really hold."""

import io
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.embeddings import Embeddings
from storage.errors import FirthError, InputError
from storage.formats import columns
from storage.formats import source as sources
from storage.formats.known import FORMATS, named
from storage.formats.left_out import shown
from storage.packed import PACKINGS
from tests.test_formats import EVERY, WRITTEN, export, file_of, model, read

MOST_MEMORY = 64 << 20
"""Bytes that a reader may hold of a file of a few bytes; the largest allowed block of rows is a few megabytes."""
UNSAID = "recognized as none of"


@pytest.fixture(scope="module", autouse=True)
def traced():
    """Allocations, from the first test to the last: `stop` crashes while pyarrow's threads end (CPython, gh-128679)."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder that all examples share."""
    return tmp_path_factory.mktemp("hostile")


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A small file of each format, with its other files."""
    found = {}
    for format_ in FORMATS:
        if format_.written:
            place = tmp_path_factory.mktemp(format_.name)
            path = file_of(format_, place)
            export(model(["one", "two", "three", "four"], 3), format_, path)
            found[format_.name] = {file.name: file.read_bytes() for file in place.iterdir()}
    return found


def outcome(path, format_=None):
    """What was read, or the error, which has to name the file; nothing else may happen."""
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        found = read(path, format_, skip=True)
    except FirthError as error:
        found = error
    peak = tracemalloc.get_traced_memory()[1] - before
    assert peak < MOST_MEMORY
    assert isinstance(found, Embeddings) or str(path.parent) in str(found)
    return found


@EVERY
@given(content=st.binary(max_size=300))
@settings(max_examples=50)
def test_garbage(format_, folder, content):
    """Any bytes, taken for a format by name or by what they look like."""
    path = folder / "x"
    path.write_bytes(content)
    outcome(path, format_)
    outcome(path)


@WRITTEN
@given(data=st.data())
@settings(max_examples=60)
def test_bytes_that_were_changed(format_, folder, samples, data):
    """A good file with a few bytes replaced, put in or taken away, in any of its files."""
    files = dict(samples[format_.name])
    name = data.draw(st.sampled_from(sorted(files)))
    content = bytearray(files[name])
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(content)))
        length = data.draw(st.integers(0, 8))
        content[place : place + length] = data.draw(st.binary(max_size=8))
    for each, value in {**files, name: bytes(content)}.items():
        (folder / each).write_bytes(value)
    outcome(file_of(format_, folder), format_)


@WRITTEN
def test_a_file_that_is_cut_off(format_, folder, samples):
    """At whatever byte a file ends, its words are not taken for the whole: an error, or no word was lost."""
    files = samples[format_.name]
    path = file_of(format_, folder)
    for name, value in files.items():
        (folder / name).write_bytes(value)
    whole = files[path.name]
    for length in range(0, len(whole), max(len(whole) // 100, 1)):
        path.write_bytes(whole[:length])
        found = outcome(path, format_)
        if format_.name != "glove":  # whose end nothing marks
            assert isinstance(found, InputError) or len(found) == 4


@pytest.mark.parametrize("suffix", PACKINGS)
def test_a_packed_file_that_is_cut_off(suffix, folder):
    """A packed file says where it ends: cut off at any byte, even GloVe's text is refused."""
    path = folder / f"x{suffix}"
    buffer = io.BytesIO()
    with PACKINGS[suffix].pack(buffer) as packed:
        packed.write(b"".join(b"word%d 1 2 3\n" % number for number in range(50)))
    whole = buffer.getvalue()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert isinstance(outcome(path), InputError)
    path.write_bytes(whole)
    assert len(outcome(path)) == 50


# ---- promises ----

PROMISES = {
    "words of text": ("word2vec", b"1000000000000 3\none 1 2 3\n"),
    "dimensions of text": ("word2vec", b"1 1000000000000\none 1 2 3\n"),
    "the most dimensions of text": ("word2vec", b"1000000000000 65536\none 1 2 3\n"),
    "negative words of text": ("word2vec", b"-1 3\none 1 2 3\n"),
    "negative dimensions of text": ("word2vec", b"1 -3\none 1 2 3\n"),
    "a number without an end": ("word2vec", b"1" * 5000 + b" 3\none 1 2 3\n"),
    "words of binary": ("word2vec-binary", b"1000000000000 1\none \0\0\0\0"),
    "dimensions of binary": ("word2vec-binary", b"1 1000000000000\none \0\0\0\0"),
    "the most dimensions of binary": ("word2vec-binary", b"1 65536\none \0\0\0\0"),
    "negative words of binary": ("word2vec-binary", b"-1 1\none \0\0\0\0"),
    "no dimensions of binary": ("word2vec-binary", b"1 0\none "),
    "a word without an end": ("word2vec-binary", b"1 1\n" + b"x" * 200_000),
    "a line without an end": ("glove", b"x" * 2_000_000),
    "one dimension too many": ("glove", b"x" + b" 1" * 70_000 + b"\n"),
    "safetensors, an endless header": ("safetensors", struct.pack("<Q", 1 << 62) + b"{}"),
    "safetensors, a long header": ("safetensors", struct.pack("<Q", 99_999_999) + b"{}"),
    "safetensors, a deep header": ("safetensors", struct.pack("<Q", 100_000) + b"[" * 100_000),
}


def array_header(shape, descr="<f4"):
    """The beginning of an .npy file."""
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": descr, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


def tensors(header):
    """A safetensors file with 8 bytes of numbers."""
    return struct.pack("<Q", len(header)) + header + b"\0" * 8


PROMISES |= (
    {
        "an .npy header without an end": ("npy", array_header((1, 3)).replace(b"'shape': (", b"'shape': ")),
        "an .npy header that is no literal": ("npy", array_header((1, 3)).replace(b"False", b"print")),
    }
    | {
        f".npy of shape {shape}": ("npy", array_header(shape))
        for shape in ((10**12, 3), (1, 10**12), (10**12, 65536), (-1, 3), (1, -3), (0, 0), (2**70, 2**70), (True, 3))
    }
    | {
        f"safetensors {entry!r}": ("safetensors", tensors(b'{"vectors": %s}' % entry))
        for entry in (
            b'{"dtype": "F32", "shape": [1000000000000, 3], "data_offsets": [0, 12000000000000]}',
            b'{"dtype": "F32", "shape": [-1, -2], "data_offsets": [0, 8]}',
            b'{"dtype": "F32", "shape": [1, 2], "data_offsets": [8, 0]}',
            b'{"dtype": "F32", "shape": [1, 2], "data_offsets": [-8, 0]}',
            b'{"dtype": "F32", "shape": [1, 3], "data_offsets": [0, 8]}',
            b'{"dtype": "F32", "shape": [0, 1000000000000], "data_offsets": [0, 0]}',
            b'{"dtype": "F99", "shape": [1, 2], "data_offsets": [0, 8]}',
            b'{"dtype": ["F32"], "shape": [1, 2], "data_offsets": [0, 8]}',
            b'{"dtype": "F32", "shape": 5, "data_offsets": [0, 8]}',
            b'{"dtype": "F32", "shape": [1.5, 2], "data_offsets": [0, 8]}',
            b"[]",
            b"null",
        )
    }
)


@pytest.mark.parametrize(("name", "content"), PROMISES.values(), ids=PROMISES.keys())
def test_a_header_that_promises_too_much(name, content, folder):
    """Memory is taken for what was read, never for what a header says; the message names the file."""
    path = folder / "promise"
    path.write_bytes(content)
    for beside in ("promise.words.txt", "promise.json"):
        (folder / beside).write_text("[]" if beside.endswith("json") else "one\n")
    assert isinstance(outcome(path, named(name)), FirthError)


def test_words_that_do_not_end(folder):
    """A file of words in one endless line is refused before the line is held."""
    (folder / "long.npy").write_bytes(array_header((1, 1)) + b"\0\0\0\0")
    (folder / "long.words.txt").write_bytes(b"x" * 300_000)
    assert "longer than the 65536 bytes" in str(outcome(folder / "long.npy"))


@pytest.mark.parametrize("content", [b"[" * 100_000, b'{"words": [1, 2]}', b'{"a": 0, "b": 2}', b"\xff", b"", b'"x"'])
def test_json_that_holds_no_words(content, folder):
    """Whatever the JSON is, it is refused unless it names each row's word."""
    export(model(["a", "b"]), named("safetensors"), folder / "x.safetensors")
    (folder / "x.json").write_bytes(content)
    assert "x.json" in str(outcome(folder / "x.safetensors"))


# ---- bombs ----


@pytest.mark.parametrize("suffix", PACKINGS)
@pytest.mark.parametrize("begin", [b"1000000000000 3\n", b"", b"\x93NUMPY"], ids=["text", "zeros", "NumPy"])
def test_a_packed_file_that_swells(suffix, begin, folder, monkeypatch):
    """What is packed a hundred times smaller is a trap, and is left before it fills memory or disk."""
    monkeypatch.setattr(sources, "_UNPACKED_ANYWAY", 1 << 20)
    path = folder / f"bomb{suffix}"
    with path.open("wb") as file, PACKINGS[suffix].pack(file) as packed:
        packed.write(begin)
        for _ in range(32):
            packed.write(b"\0" * (1 << 20))
    assert isinstance(outcome(path), InputError)
    with sources.Source(path).open() as file, pytest.raises(InputError, match="more than 100 times its bytes"):
        list(iter(lambda: len(file.read(1 << 16)), 0))


def test_a_member_is_unpacked_piece_by_piece():
    """A kilobyte of gzip that stands for a megabyte comes in pieces, so that a gigabyte would too."""
    data = zlib.compress(b"\0" * (16 << 20), wbits=31)
    pieces = list(PACKINGS[".gz"].feed(PACKINGS[".gz"].start(), data))
    assert sum(map(len, pieces)) == 16 << 20
    assert max(map(len, pieces)) <= 4 << 20


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_a_table_that_swells(name, folder, monkeypatch):
    """A table whose columns repeat a value is left as soon as too much has come out of it."""
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    monkeypatch.setattr(columns, "_UNPACKED_ANYWAY", 1 << 20)
    words = pa.DictionaryArray.from_arrays(pa.array(np.zeros(20_000, np.int32)), pa.array(["x" * 100]))
    vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(20_000 * 256, np.float32)), 256)
    table, path = pa.table({"word": words, "vector": vectors}), folder / f"x.{name}"
    if name == "parquet":
        pa.parquet.write_table(table, path)
    else:
        pa.feather.write_feather(table, path, "zstd", chunksize=1000)
    assert "more than 100 times its bytes" in str(outcome(path))


@given(st.text())
def test_any_word_can_be_shown(word):
    """A message can name any word: shortened, and its bytes where it is no text."""
    assert len(shown(word)) < 1000
    shown(word).encode()
    shown(f"{word}\udc80\ud800").encode()


@pytest.mark.parametrize("format_name", ["arrow", "llm"])
def test_every_byte_changed(format_name, folder, samples):
    """What atheris found in minutes: offsets that lead out of memory, and messages of SQLite with bytes of the file."""
    path = file_of(named(format_name), folder)
    whole = samples[format_name][path.name]
    chance = np.random.default_rng(1)
    for place in chance.choice(len(whole), 300, replace=False):
        changed = bytearray(whole)
        changed[place] ^= 0x90
        path.write_bytes(changed)
        outcome(path, named(format_name))
