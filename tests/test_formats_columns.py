"""Parquet and Arrow are known in size before they are unpacked, and read without threads of pyarrow's own."""

import io
import subprocess
import sys
import threading

import numpy as np
import pyarrow as pa
import pyarrow.ipc
import pyarrow.parquet
import pytest

from storage.errors import InputError
from storage.formats import columns, parquet_pages, source
from storage.formats.arrow_messages import unpacked
from storage.formats.known import named
from tests.test_formats import assert_same, export, model, read

ROWS, DIMENSIONS = 5000, 8


def a_table(*, repeated=False):
    """Words, in a dictionary if `repeated`, with random vectors."""
    vectors = np.random.default_rng(1).standard_normal(ROWS * DIMENSIONS).astype(np.float32)
    words = pa.array([f"word {row % 100 if repeated else row}" for row in range(ROWS)])
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors), DIMENSIONS)
    return pa.table({"word": words.dictionary_encode() if repeated else words, "vector": lists})


@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("in_dictionary", [True, False])
def test_heads_of_pages_say_what_they_hold(compression, version, in_dictionary):
    """Bytes and values of all pages, with their heads, are those that the writer has put into the file's metadata."""
    file = io.BytesIO()
    options = {"data_page_version": version, "use_dictionary": in_dictionary, "data_page_size": 10_000}
    pa.parquet.write_table(a_table(), file, compression=compression, row_group_size=2000, **options)
    metadata, chunks = pa.parquet.ParquetFile(file).metadata, iter(parquet_pages.chunks(file))
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for theirs, ours in zip(map(group.column, range(group.num_columns)), chunks, strict=False):
            assert ours.first == (theirs.dictionary_page_offset or theirs.data_page_offset)
            told = (theirs.total_compressed_size, theirs.num_values, group.num_rows, theirs.has_dictionary_page)
            assert ours[1:] == told
            found = list(parquet_pages.pages(file, ours.first, ours.length))
            assert sum(page.values for page in found[ours.in_dictionary :]) == theirs.num_values
            heads = theirs.total_uncompressed_size - sum(page.unpacked for page in found)
            assert 0 < heads < 200 * len(found)
    assert list(chunks) == []


@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
@pytest.mark.parametrize("repeated", [True, False])
def test_messages_say_what_they_hold(compression, repeated):
    """The unpacked bytes of all messages are at least those of the table, and at most these and the file's."""
    table, file = a_table(repeated=repeated), io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table, max_chunksize=1000)
    file.seek(0)
    assert table.nbytes <= sum(unpacked(file)) <= 1.1 * table.nbytes + len(file.getvalue())


BOMBS = """
import numpy as np, pyarrow as pa, pyarrow.feather, pyarrow.parquet, sys
rows, folder = 1 << 15, sys.argv[1]
vectors = pa.FixedSizeListArray.from_arrays(pa.array(np.zeros(rows << 9, np.float32)), 1 << 9)
table = pa.table({"word": [f"w{row}" for row in range(rows)], "vector": vectors})
plain = {"compression": "zstd", "use_dictionary": False, "data_page_size": 1 << 30}
pa.parquet.write_table(table, f"{folder}/page.parquet", row_group_size=rows, **plain)
pa.parquet.write_table(table, f"{folder}/run.parquet", row_group_size=rows)
pa.feather.write_feather(table, f"{folder}/buffer.arrow", "zstd", chunksize=rows)
"""


@pytest.fixture(scope="module")
def bombs(tmp_path_factory):
    """Files of some kilobytes in which one page, one run of values, one buffer stands for 64 megabytes."""
    folder = tmp_path_factory.mktemp("bombs")
    subprocess.run([sys.executable, "-c", BOMBS, str(folder)], check=True)
    return folder


@pytest.mark.parametrize("name", ["page.parquet", "run.parquet", "buffer.arrow"])
def test_a_bomb_is_left_before_it_is_unpacked(name, bombs, monkeypatch):
    """pyarrow has taken no memory for what would come out of it when it is refused."""
    monkeypatch.setattr(columns, "_UNPACKED_ANYWAY", 1 << 20)
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(InputError, match="more than 100 times its bytes"):
        read(bombs / name)
    assert pa.default_memory_pool().max_memory() < max(before, 8 << 20) + (1 << 20)


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_a_long_word_in_a_dictionary_is_not_repeated(name, tmp_path):
    """A word of a megabyte that thousands of rows refer to is refused before it is copied for each of them."""
    table = a_table().set_column(0, "word", pa.DictionaryArray.from_arrays(np.zeros(ROWS, np.int32), ["x" * 1_000_000]))
    path = tmp_path / f"x.{name}"
    if name == "parquet":
        pa.parquet.write_table(table, path)
    else:
        with pa.ipc.new_file(path, table.schema) as writer:
            writer.write_table(table)
    with pytest.raises(InputError, match="a word of 1,000,000 bytes, of 65,536 at most"):
        read(path)


def test_record_batches_that_are_missing_are_missed(tmp_path):
    """An Arrow file whose end tells of more batches than its stream has is refused."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_file(sink, a_table().schema) as writer:
        writer.write_table(a_table(), max_chunksize=1000)
    whole = sink.getvalue().to_pybytes()
    reader = pa.ipc.MessageReader.open_stream(pa.BufferReader(whole[8:]))
    lengths = [8 + message.metadata.size + message.body.size for message in list(reader)[:3]]
    at = 8 + sum(lengths)
    (tmp_path / "x.arrow").write_bytes(whole[:at] + b"\xff\xff\xff\xff\0\0\0\0" + whole[at + 8 :])
    with pytest.raises(InputError, match="2 record batches came of 5"):
        read(tmp_path / "x.arrow")


def test_chunks_that_lie_over_each_other_are_refused(tmp_path):
    """Metadata whose chunks have more bytes than the file is refused before their pages are looked at."""
    path = tmp_path / "x.parquet"
    pa.parquet.write_table(a_table(), path, compression="none", use_dictionary=False)
    whole = path.read_bytes()
    told = parquet_pages.chunks(io.BytesIO(whole))[1].length
    changed = whole.replace(varint(2 * told), varint(2 * (told + 100_000)))
    assert changed != whole
    path.write_bytes(changed)
    with pytest.raises(InputError, match="more bytes than the file"):
        read(path)


def varint(value):
    """A number as Thrift has it."""
    digits = []
    while value > 127:
        digits.append(value & 127 | 128)
        value >>= 7
    return bytes([*digits, value])


@pytest.mark.parametrize("name", ["parquet", "arrow"])
def test_our_files_are_called_by_our_threads(name, tmp_path, monkeypatch):
    """No thread of pyarrow's own reads from a file of Python's, which could wait for the one that waits for it."""
    wanted, threads = model([f"w{row}" for row in range(3000)], 50), set()
    export(wanted, named(name), tmp_path / "x")

    class Watched(source._Whole):
        def read(self, size=-1, /):
            threads.add(threading.get_ident())
            return super().read(size)

    monkeypatch.setattr(source, "_Whole", Watched)
    assert_same(read(tmp_path / "x"), wanted)
    assert threads == {threading.get_ident()}
