"""Formats: what one writes, it reads; what it cannot carry is said; the same laws for each of them."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from storage.embeddings import Embeddings
from storage.errors import InputError, SettingError
from storage.formats.intake import Intake
from storage.formats.known import FORMATS, NAMES, detect, meant, named
from storage.formats.outgoing import table_of
from storage.formats.source import LONGEST_WORD, Source
from storage.formats.target import Target
from storage.packed import PACKINGS
from tests.limits import no_file_beyond

AWKWARD = {
    "blank inside": "new york",
    "blank in front": " york",
    "no-break space": "no\u00a0break",
    "only a no-break space": "\u00a0",
    "next line U+0085": "next\u0085line",
    "line separator": "a\u2028b",
    "tab": "tab\tbed",
    "line feed": "line\nfeed",
    "carriage return": "re\rturn",
    "carriage return at the end": "return\r",
    "NUL": "nul\0byte",
    "end of a sentence": "</s>",
    "10,000 characters": "x" * 10_000,
    "10,000 of three bytes": "\u3042" * 10_000,
    "emoji": "\U0001f600",
    "family of emoji": "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "right to left": "\u05e9\u05dc\u05d5\u05dd",
    "byte order mark": "\ufeffmark",
    "a number": "123",
    "not a number": "nan",
    "infinite": "-inf",
    "a word and numbers": "a 1 2 3",
    "composed": "\u00e9",
    "decomposed": "e\u0301",
    "quotes": '"it\'s"',
    "JSON": '{"a": [1]}',
    "a comma": "a,b;c",
    "a comment": "# no comment",
}
EVERY = pytest.mark.parametrize("format_", FORMATS, ids=lambda format_: format_.name)
WRITTEN = pytest.mark.parametrize("format_", [each for each in FORMATS if each.written], ids=lambda each: each.name)


def model(words, dimensions=3, counts=None, seed=1):
    """Embeddings of these words with some vectors."""
    matrix = np.random.default_rng(seed).normal(size=(len(words), dimensions)).astype(np.float32)
    counts = np.arange(len(words), 0, -1) if counts is None else counts
    return Embeddings(tuple(words), np.asarray(counts, np.int64), matrix)


def export(embeddings, format_, path, *, skip=False, words=None, report=lambda _done, _total: None):
    """Write a model in a format."""
    with Target(path, words=words, replace=True) as target:
        table, left_out = table_of(embeddings, format_, {"name": "m"}, skip=skip, report=report)
        format_.write(table, target)
    return left_out


def read(path, format_=None, *, skip=False, **options):
    """What a file holds, as it would be stored."""
    return taken(path, format_, skip=skip, **options)[0]


def taken(path, format_=None, *, skip=True, **options):
    """What a file holds, and what was left out of it."""
    source = Source(path, **options)
    with Intake(source, path.parent, skip=skip) as intake:
        for block in (format_ or detect(source)).read(source):
            intake.take(block)
        return intake.embeddings(), intake.left_out


def file_of(format_, folder, packing=""):
    """A file name that stands for the format."""
    return folder / f"vectors{format_.suffixes[0]}{packing}"


def assert_same(found, wanted, *, counts=True):
    """The same words, the same bits of each vector, the same counts."""
    assert found.words == wanted.words
    np.testing.assert_array_equal(found.matrix.view(np.int32), wanted.matrix.view(np.int32))
    np.testing.assert_array_equal(found.counts, wanted.counts if counts else 0)


@WRITTEN
@pytest.mark.parametrize("packing", ["", *PACKINGS])
def test_what_is_written_is_read(format_, packing, tmp_path):
    """Words, vectors to the last bit and, where the format has them, counts come back, packed or not."""
    wanted = model([f"word{row}" for row in range(2000)], 5)
    export(wanted, format_, file_of(format_, tmp_path, packing))
    assert_same(read(file_of(format_, tmp_path, packing), format_), wanted, counts=format_.counts)


@WRITTEN
@pytest.mark.parametrize("word", AWKWARD.values(), ids=AWKWARD.keys())
def test_an_awkward_word_comes_back_or_is_refused(format_, word, tmp_path):
    """No format changes a word or its neighbors: it carries the word, or says that it cannot and writes nothing."""
    wanted = model(["first", word, "last"])
    path = file_of(format_, tmp_path)
    if format_.misfit(word):
        with pytest.raises(InputError, match="cannot carry"):
            export(wanted, format_, path)
        assert list(tmp_path.iterdir()) == []
        left_out = export(wanted, format_, path, skip=True)
        assert left_out.total == len(left_out.listed) == 1
        assert read(path, format_).words == ("first", "last")
    else:
        export(wanted, format_, path)
        assert_same(read(path, format_), wanted, counts=format_.counts)


@WRITTEN
@pytest.mark.parametrize("word", AWKWARD.values(), ids=AWKWARD.keys())
def test_an_awkward_first_word_deceives_no_detection(format_, word, tmp_path):
    """A file is recognized by what it holds even if its first word is an awkward one."""
    if not format_.misfit(word):
        wanted = model([word, "second", "third"], 7)
        export(wanted, format_, file_of(format_, tmp_path))
        assert_same(read(file_of(format_, tmp_path)), wanted, counts=format_.counts)


def test_columns_carry_every_word():
    """Parquet, Arrow, safetensors and llm have no misfits; lines and blanks are what other formats stumble over."""
    carriers = {each.name for each in FORMATS if each.written and not any(map(each.misfit, AWKWARD.values()))}
    assert carriers == {"parquet", "arrow", "safetensors", "llm"}


@WRITTEN
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_a_file_is_recognized_by_its_content(format_, packing, tmp_path):
    """Whatever a file is called: names say nothing on import, neither of the format nor of the packing."""
    wanted = model(["one", "two", "three"], 4)
    path = file_of(format_, tmp_path, packing)
    export(wanted, format_, path, words=tmp_path / "words")
    path.rename(tmp_path / "anonymous")
    words = tmp_path / "words" if (tmp_path / "words").exists() else None
    assert_same(read(tmp_path / "anonymous", words=words), wanted, counts=format_.counts)


@WRITTEN
def test_the_same_model_gives_the_same_bytes(format_, tmp_path):
    """An export depends on the model alone."""
    files = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        export(model(["x", "y"]), format_, file_of(format_, tmp_path / name, ".gz"))
        files.append({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()})
    assert files[0] == files[1]


@WRITTEN
def test_unknown_counts_stay_unknown(format_, tmp_path):
    """Counts that are all 0 are not known: no format claims that words never stood in the corpus."""
    wanted = model(["x", "y"], counts=[0, 0])
    export(wanted, format_, file_of(format_, tmp_path))
    source = Source(file_of(format_, tmp_path))
    assert [block.counts for block in format_.read(source)] == [None]


@given(arrays(np.float32, (3, 4), elements=st.floats(width=32, allow_nan=False, allow_infinity=False)))
def test_text_brings_every_number_back(tmp_path_factory, matrix):
    """Nine digits are enough for any float32, the smallest and negative zero among them."""
    path = tmp_path_factory.mktemp("numbers") / "vectors.txt"
    wanted = Embeddings(("a", "b", "c"), np.zeros(3, np.int64), matrix)
    export(wanted, named("word2vec"), path)
    assert_same(read(path), wanted)


@pytest.mark.parametrize("dimensions", [1, 2, 300, 2000])
@WRITTEN
def test_vectors_of_any_length(format_, dimensions, tmp_path):
    """One dimension or thousands: a file of a named format is read whatever D is."""
    wanted = model(["x", "y", "z"], dimensions)
    export(wanted, format_, file_of(format_, tmp_path))
    assert_same(read(file_of(format_, tmp_path), format_), wanted, counts=format_.counts)


# ---- dialects of text ----


DIALECTS = {
    "gensim": b"2 3\nthe 1 2.5 -3\nof 4 5 6\n",
    "the C program, with a blank at the end": b"2 3\nthe 1.0000 2.5000 -3.0000 \nof 4.0000 5.0000 6.0000 \n",
    "tabs": b"2\t3\nthe\t1\t2.5\t-3\nof\t4\t5\t6\n",
    "Windows": b"2 3\r\nthe 1 2.5 -3\r\nof 4 5 6\r\n",
    "no last line end": b"2 3\nthe 1 2.5 -3\nof 4 5 6",
    "several blanks": b"2 3\nthe  1  2.5 -3\nof 4 5   6\n",
    "exponents": b"2 3\nthe 1e0 2.5E+00 -3\nof 4 +5 6.\n",
    "GloVe": b"the 1 2.5 -3\nof 4 5 6\n",
}


@pytest.mark.parametrize("content", DIALECTS.values(), ids=DIALECTS.keys())
def test_dialects_of_text_are_read_alike(content, tmp_path):
    """Programs differ in blanks, tabs, line ends and the first line; what they say is the same."""
    (tmp_path / "x").write_bytes(content)
    found = read(tmp_path / "x")
    assert found.words == ("the", "of")
    assert found.matrix.tolist() == [[1, 2.5, -3], [4, 5, 6]]


def test_binary_with_and_without_line_feeds(tmp_path):
    """The C program ends each vector with a line feed, gensim does not; a vector may hold the bytes of either."""
    vectors = np.array([[10, 2.5], [np.frombuffer(b"\n\n\n\n", "<f4")[0], 7]], "<f4")
    plain = b"the " + vectors[0].tobytes() + b"of " + vectors[1].tobytes()
    lines = b"the " + vectors[0].tobytes() + b"\nof " + vectors[1].tobytes() + b"\n"
    for content in (plain, lines):
        (tmp_path / "x").write_bytes(b"2 2\n" + content)
        found = read(tmp_path / "x")
        assert found.words == ("the", "of")
        np.testing.assert_array_equal(found.matrix, vectors)


def test_words_of_glove_may_hold_blanks(tmp_path):
    """GloVe's 840B has words such as `. . .`: the numbers are counted from the end of the line."""
    (tmp_path / "x").write_text(". . . 0.5 1 2\nof 3 4 5\nat name@domain.com 6 7 8\nthe 1 2 3\nto 4 5 6\n")
    assert read(tmp_path / "x").words == (". . .", "of", "at name@domain.com", "the", "to")


def test_the_row_that_glove_does_not_count(tmp_path):
    """With -write-header 1, GloVe's <unk> comes on top of the promised words; anything else on top is refused."""
    (tmp_path / "x").write_text("1 2\nthe 1 2\n<unk> 3 4\n")
    assert read(tmp_path / "x").words == ("the", "<unk>")
    (tmp_path / "x").write_text("1 2\nthe 1 2\nof 3 4\n")
    with pytest.raises(InputError, match=r"x, line 3: .*1 words were to come, 2 came"):
        read(tmp_path / "x")


@pytest.mark.parametrize(
    ("content", "complaint"),
    {
        "2 3\nthe 1 2 3\n": "line 2: the last line; 2 words were to come, 1 came",
        "2 4\nthe 1 2 3\nof 1 2 3\n": "line 2: 4 fields, not a word and 4 numbers",
        "2 1\nthe 1 2 3\nof 1 2 3\n": "line 2: 4 fields, not a word and 1 numbers",
        "2 3\nthe 1 2 3\nof 1 2\n": "line 3: 3 fields, not a word and 3 numbers",
        "2 3\nthe 1 2 3\nof 1 2 3 4\n": "line 3: 5 fields, not a word and 3 numbers",
        "2 3\nthe 1 2 3\nof 1 x 3\n": "line 3: b'x' is no number",
        "2 3\nthe 1 2 3\nof 1 1_0 3\n": "line 3: b'1_0' is no number",
        "2 3\nthe 1 2 3\n\nof 1 2 3\n": "line 3: 1 fields, not a word and 3 numbers",
        "2 3\nthe 1 2 3\nof 1 nan 3\n": "line 3: the word 'of' has a number that is not finite",
        "2 3\nthe 1 2 3\nof 1 1e39 3\n": "line 3: the word 'of' has a number that is not finite",
        "2 3\nthe 1 2 3\nthe 1 2 3\n": "line 3: the word 'the' stood there before",
        "2 3\nthe 1 2 3\n 1 2 3\n": "line 3: the word '' is empty",
        "0 3\n": "no words",
        "2 99999999999\nthe 1 2 3\n": "recognized as none",
    }.items(),
)
def test_a_wrong_line_is_named(content, complaint, tmp_path):
    """The message names file and line; nothing is guessed."""
    (tmp_path / "x").write_text(content)
    with pytest.raises(InputError) as error:
        read(tmp_path / "x")
    assert f"{tmp_path / 'x'}" in str(error.value)
    assert complaint in str(error.value)


# ---- what is left out ----


def test_what_a_store_cannot_hold_is_left_out_on_wish(tmp_path):
    """Empty, repeated, not UTF-8, not finite: each is refused or, on wish, counted and listed; the rest is kept."""
    (tmp_path / "x").write_bytes(b"6 2\nthe 1 2\n 3 4\nthe 5 6\nca\xe9 7 8\nbad nan 0\nof 9 10\n")
    found, left_out = taken(tmp_path / "x")
    assert found.words == ("the", "of")
    assert found.matrix.tolist() == [[1, 2], [9, 10]]
    reasons = ["is empty", "stood there before", "is not utf-8", "has a number that is not finite"]
    assert left_out.as_dict() == {
        "words": 4,
        "reasons": dict.fromkeys(reasons, 1),
        "listed": [
            {"word": word, "why": f"line {line}: {reason}"}
            for word, line, reason in zip(["''", "'the'", r"b'ca\xe9'", "'bad'"], [3, 4, 5, 6], reasons, strict=True)
        ],
    }


def test_words_of_another_encoding(tmp_path):
    """A file in Latin-1 is read when its encoding is named; an encoding in which digits are other bytes is refused."""
    (tmp_path / "x").write_bytes("1 2\ncaf\u00e9 1 2\n".encode("latin-1"))
    assert read(tmp_path / "x", encoding="latin-1").words == ("caf\u00e9",)
    (tmp_path / "y").write_bytes(b"1 2\n\x81\x20 1 2\n")  # half a letter
    with pytest.raises(InputError, match="shift_jis"):
        read(tmp_path / "y", encoding="shift_jis")
    for encoding in ("utf-16", "cp037", "no such", "rot13"):
        with pytest.raises(SettingError, match="encoding is"):
            read(tmp_path / "x", encoding=encoding)


def test_only_a_hundred_words_are_listed(tmp_path):
    """All words that are left out are counted, but a file of nothing else fills no memory and no card."""
    (tmp_path / "x").write_text("a 1 2\n" * 5000)
    _, left_out = taken(tmp_path / "x")
    assert (left_out.total, len(left_out.listed)) == (4999, 100)


# ---- files beside files ----


def test_projector_files_are_named_as_it_names_them(tmp_path):
    """vectors.tsv has metadata.tsv, as the projector's pages say; x_tensor.tsv has gensim's x_metadata.tsv."""
    for name, beside in {
        "vectors.tsv": "metadata.tsv",
        "x_tensor.tsv": "x_metadata.tsv",
        "y.tsv": "y.metadata.tsv",
    }.items():
        export(model(["a", "b"]), named("projector"), tmp_path / name)
        assert (tmp_path / beside).read_text() == "word\tcount\na\t2\nb\t1\n"


def test_metadata_of_one_column_has_no_header(tmp_path):
    """The projector reads one column as words from the first line on, and so do we."""
    (tmp_path / "vectors.tsv").write_text("1\t2\n3\t4\n")
    (tmp_path / "metadata.tsv").write_text("word\ncount\n")
    assert read(tmp_path / "vectors.tsv").words == ("word", "count")
    (tmp_path / "metadata.tsv").write_text("group\tlabel\nx\tone\ny\ttwo\n")
    assert read(tmp_path / "vectors.tsv").words == ("one", "two")


@pytest.mark.parametrize(
    ("words", "complaint"), {"a\n": "the words end", "a\nb\nc\n": "a word without a vector"}.items()
)
@pytest.mark.parametrize("name", ["npy", "projector"])
def test_words_and_vectors_have_to_match(name, words, complaint, tmp_path):
    """A word too few or too many is an error that names the file with the words, not a shifted model."""
    export(model(["a", "b"], counts=[0, 0]), named(name), tmp_path / "x", words=tmp_path / "words")
    (tmp_path / "words").write_text(words)
    with pytest.raises(InputError, match=f"words, line [23]: {complaint}"):
        read(tmp_path / "x", words=tmp_path / "words")


def test_a_missing_file_of_words_is_named(tmp_path):
    """Where the words are not found, the message says where they were looked for and which option names them."""
    np.save(tmp_path / "x.npy", np.ones((2, 3), np.float32))
    with pytest.raises(InputError, match=r"x\.words\.txt, .*--words"):
        read(tmp_path / "x.npy")


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<f2", "<i4", "u1"])
def test_numpy_arrays_of_any_numbers(dtype, tmp_path):
    """Arrays of other floats and of integers become float32."""
    array = np.array([[1, 2], [3, 4]], dtype)
    np.save(tmp_path / "x.npy", array)
    (tmp_path / "x.txt").write_text("a\nb\n")
    assert read(tmp_path / "x.npy").matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "array",
    [np.ones(3), np.ones((2, 2, 2)), np.asfortranarray(np.ones((2, 3))), np.array([["a"]]), np.ones((2, 2), "c8")],
    ids=["a row", "a cube", "by columns", "texts", "complex"],
)
def test_numpy_arrays_that_are_no_vectors(array, tmp_path):
    """Anything but rows of real numbers is refused, and so is a pickled array, unread."""
    np.save(tmp_path / "x.npy", array)
    (tmp_path / "x.txt").write_text("a\nb\n")
    with pytest.raises(InputError, match=r"x\.npy, byte 0"):
        read(tmp_path / "x.npy")
    np.save(tmp_path / "x.npy", np.array([[object()]]), allow_pickle=True)
    with pytest.raises(InputError, match="holds object"):
        read(tmp_path / "x.npy")


# ---- names ----


@EVERY
def test_a_format_is_found_by_its_name(format_):
    """--format takes the name of each."""
    assert named(format_.name) is format_
    assert format_.name in NAMES


def test_names_of_files_stand_for_formats():
    """The end of a name decides what is exported, whatever packs it; unknown ends are refused."""
    assert {name: meant(Path(name)).name for name in ("a.txt", "a.BIN.GZ", "a.vec", "a.tsv.zst", "b.parquet")} == {
        "a.txt": "word2vec",
        "a.BIN.GZ": "word2vec-binary",
        "a.vec": "fasttext-vec",
        "a.tsv.zst": "projector",
        "b.parquet": "parquet",
    }
    for name in ("a", "a.doc", "a.gz"):
        with pytest.raises(SettingError, match="--format"):
            meant(Path(name))


def test_what_is_none_of_them_is_refused(tmp_path):
    """Text, an empty file, a folder, nothing: each says what it is not."""
    (tmp_path / "text").write_text("It was a dark and stormy night.\n")
    (tmp_path / "empty").touch()
    (tmp_path / "packed").write_bytes(gzip.compress(b"nothing"))
    for name in ("text", "empty", "packed"):
        with pytest.raises(InputError, match="recognized as none of"):
            read(tmp_path / name)
    for name, complaint in {"": "is not a file", "missing": "does not exist"}.items():
        with pytest.raises(InputError, match=complaint):
            read(tmp_path / name)


# ---- whole or not at all ----


@WRITTEN
def test_an_export_that_fails_leaves_nothing(format_, tmp_path):
    """What was there stays, and no part of a file appears, however far the writing came."""
    path = file_of(format_, tmp_path)
    path.write_bytes(b"before")

    def fail(_done, _total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(model(["a", "b"]), format_, path, report=fail)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(path.name, b"before")]


@WRITTEN
@pytest.mark.parametrize("packing", ["", ".gz"])
def test_an_export_without_room_says_so(format_, packing, tmp_path):
    """A full disk is an error that names the file; what was there stays, and no part of a file appears."""
    path = file_of(format_, tmp_path, packing)
    path.write_bytes(b"before")
    large = model([f"word{row}" for row in range(2000)], 20)
    message = f"{path.name} cannot be written: .*; nothing was written or replaced"
    with pytest.raises(InputError, match=message), no_file_beyond(20_000):
        export(large, format_, path)
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [(path.name, b"before")]


@WRITTEN
def test_no_folder_is_replaced(format_, tmp_path):
    """A folder of the file's name is named, whatever may be replaced."""
    path = file_of(format_, tmp_path)
    path.mkdir()
    with pytest.raises(InputError, match="is a folder; name a file"):
        export(model(["a", "b"]), format_, path)
    assert list(tmp_path.iterdir()) == [path]


def test_nothing_is_replaced_unasked(tmp_path):
    """A file that is there is replaced only when that was asked for."""
    (tmp_path / "x.txt").write_text("mine")
    with pytest.raises(InputError, match="is there already"), Target(tmp_path / "x.txt") as target:
        target.open()
    assert (tmp_path / "x.txt").read_text() == "mine"


def test_a_reading_leaves_nothing_beside(tmp_path):
    """The vectors lie in a file without a name while they are read: even kill -9 would leave none."""
    export(model(["a", "b"]), named("word2vec"), tmp_path / "x.txt")
    source = Source(tmp_path / "x.txt")
    with Intake(source, tmp_path, skip=False) as intake:
        for block in detect(source).read(source):
            intake.take(block)
            assert [file.name for file in tmp_path.iterdir()] == ["x.txt"]


def test_a_word_has_a_longest(tmp_path):
    """A word of more than 64 KB is none: lines and cells without an end take no memory."""
    word = "x" * (LONGEST_WORD + 1)
    export(model(["a", word]), named("parquet"), tmp_path / "x.parquet")
    with pytest.raises(InputError, match="has more than 65,536 bytes"):
        read(tmp_path / "x.parquet")
    (tmp_path / "x.txt").write_text(f"1 2\n{word * 2} 1 2\n")
    with pytest.raises(InputError, match=r"x\.txt"):
        read(tmp_path / "x.txt", named("word2vec"))
