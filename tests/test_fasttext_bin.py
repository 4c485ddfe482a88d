"""fastText's .bin: read as its own program and gensim read it, written for both, and refused where it is hostile."""

import gzip
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from gensim.models import fasttext as gensim_fasttext
from gensim.models.keyedvectors import KeyedVectors
from gensim.test.utils import datapath
from hypothesis import example, given
from hypothesis import strategies as st

from storage.errors import InputError
from storage.formats.fasttext_bin import FastTextBin
from storage.formats.fasttext_layout import ARGUMENTS, MAGIC, PRUNED, SHAPE, SIGNATURE, SIZES, Arguments
from storage.formats.format import Block, Table
from storage.formats.known import detect
from storage.formats.source import Source
from storage.formats.target import Target
from storage.ngrams import END_OF_LINE, Ngrams
from storage.subwords import Subwords

OLD, NEW = "lee_fasttext.bin", "lee_fasttext_new.bin"
UNSUPERVISED = (
    OLD,
    NEW,
    "crime-and-punishment.bin",
    "non_ascii_fasttext.bin",
    "toy-model.bin",
    "toy-model-pretrained.bin",
)
SUPERVISED = "pang_lee_polarity_fasttext.bin"
UNKNOWN = ("nights", "xyzzy", "приветствие", "é", "日本語", "a" * 300)
FROM_FASTTEXT = json.loads((Path(__file__).parent / "data" / "fasttext-0.9.2.json").read_text("utf-8"))
"""Vectors as fastText 0.9.2 itself gives them (`model.get_word_vector(word)`), of words it knows and does not know."""


def read(path, **options):
    """A file's words, vectors, counts and rows of pieces."""
    source = Source(Path(path), **options)
    blocks = list(FastTextBin().read(source))
    counts = None if blocks[0].counts is None else [count for block in blocks for count in block.counts]
    words = [word for block in blocks for word in block.words]
    return words, np.concatenate([block.rows for block in blocks]), counts, source.subwords


@pytest.mark.parametrize("name", [*UNSUPERVISED, SUPERVISED])
def test_it_is_recognized(name):
    """With a magic number or, in files older than that, by arguments that can be nothing else."""
    assert detect(Source(Path(datapath(name)))).name == "fasttext-bin"


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_known_words_are_as_gensim_reads_them(name):
    """The same words and counts, and the same vectors, but for `</s>`, which gensim alone cuts into pieces."""
    words, vectors, counts, _ = read(datapath(name))
    theirs = gensim_fasttext.load_facebook_vectors(datapath(name))
    assert words == theirs.index_to_key
    assert counts == [theirs.get_vecattr(word, "count") for word in words]
    kept = [row for row, word in enumerate(words) if word != END_OF_LINE]
    assert np.allclose(vectors[kept], theirs.vectors[kept], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_unknown_words_are_as_gensim_makes_them(name):
    """Vectors of words that no file knows are gensim's to the bit."""
    subwords = read(datapath(name))[3]
    theirs = gensim_fasttext.load_facebook_vectors(datapath(name))
    for word in UNKNOWN:
        assert subwords.vector(word).tolist() == theirs.get_vector(word).tolist(), word


@pytest.mark.parametrize("name", FROM_FASTTEXT)
def test_words_are_as_fasttext_itself_has_them(name):
    """Known and unknown words, `</s>` and words of a classifier have the vectors that fastText's own program gives."""
    words, vectors, _, subwords = read(datapath(name))
    for word, theirs in FROM_FASTTEXT[name].items():
        ours = vectors[words.index(word)] if word in words else subwords.vector(word)
        assert np.allclose(ours, theirs, rtol=1e-6, atol=1e-7), word


@pytest.mark.parametrize("name", ["lee_fasttext", "pang_lee_polarity_fasttext", "crime-and-punishment"])
def test_the_vec_file_beside_it_says_the_same(name):
    """The .vec that fastText wrote of the same training has the same words, with five digits of the same vectors."""
    words, vectors, *_ = read(datapath(f"{name}.bin"))
    theirs = KeyedVectors.load_word2vec_format(datapath(f"{name}.vec"), unicode_errors="replace")
    shared = [word for word in words if word in theirs]
    assert len(shared) >= 0.99 * len(words)
    ours = vectors[[words.index(word) for word in shared]]
    if name != "lee_fasttext":  # whose .vec is of another run
        assert np.allclose(ours, theirs[shared], rtol=1e-3, atol=1e-4)


def test_a_classifier_has_words_and_no_pieces():
    """Labels are no words; a file that was trained without pieces has no rows for them."""
    words, vectors, _, subwords = read(datapath(SUPERVISED))
    assert (len(words), vectors.shape, subwords) == (1694, (1694, 100), None)
    assert not any(word.startswith("__label__") for word in words)


def test_another_encoding():
    """Words in another encoding are read; since their pieces were hashed in it, unknown words cannot be made."""
    words, vectors, _, subwords = read(datapath("cp852_fasttext.bin"), encoding="cp852")
    theirs = gensim_fasttext.load_facebook_vectors(datapath("cp852_fasttext.bin"), encoding="cp852")
    assert words == theirs.index_to_key
    assert subwords is None
    plain = [row for row, word in enumerate(words) if word.isascii()]
    assert np.allclose(vectors[plain], theirs.vectors[plain], rtol=0, atol=1e-6)


def test_a_packed_file(tmp_path):
    """A file packed with gzip is read as it is without."""
    path = tmp_path / "packed.bin.gz"
    path.write_bytes(gzip.compress(Path(datapath(NEW)).read_bytes()))
    assert read(path)[0] == read(datapath(NEW))[0]


# ---- written ----


def write(path, words, vectors, subwords=None, counts=None):
    blocks = [Block(words, vectors, counts)]
    with Target(path) as target:
        FastTextBin().write(Table(len(words), vectors.shape[1], lambda: iter(blocks), subwords=subwords), target)
    return path


WORDS = ["the", "naïve", "日本", "two words", "👩‍👩‍👧", "a\u0085b", "w" * 2000]


def some(ngrams=Ngrams(2, 4, 3000)):  # noqa: B008 - frozen
    random = np.random.default_rng(4)
    held = np.unique(ngrams.table(WORDS).buckets)
    rows = random.standard_normal((len(held), 6)).astype(np.float32)
    return random.standard_normal((len(WORDS), 6)).astype(np.float32), Subwords(ngrams, held, rows)


def test_what_was_written_comes_back(tmp_path):
    """Words, counts, buckets and rows are as they were, vectors up to rounding; buckets without a row have none."""
    vectors, subwords = some()
    words, found, counts, pieces = read(write(tmp_path / "ours.bin", WORDS, vectors, subwords, range(7, 0, -1)))
    assert (words, counts) == (WORDS, [7, 6, 5, 4, 3, 2, 1])
    assert np.allclose(found, vectors, rtol=0, atol=1e-3)  # the long word has 6,000 pieces
    assert np.allclose(found[:-1], vectors[:-1], rtol=0, atol=2e-6)
    assert pieces.buckets.tolist() == subwords.buckets.tolist()
    assert pieces.rows.tobytes() == subwords.rows.tobytes()


def test_gensim_reads_what_was_written(tmp_path):
    """gensim has the same words, vectors and counts, and makes the same vectors for unknown words."""
    vectors, subwords = some()
    theirs = gensim_fasttext.load_facebook_vectors(str(write(tmp_path / "ours.bin", WORDS, vectors, subwords, [1] * 7)))
    assert theirs.index_to_key == WORDS
    assert np.allclose(theirs.vectors[:-1], vectors[:-1], rtol=0, atol=2e-6)
    assert np.allclose(theirs.vectors, vectors, rtol=0, atol=1e-3)  # the long word has 6,000 pieces
    for word in UNKNOWN:
        assert np.allclose(theirs.get_vector(word), subwords.vector(word), rtol=0, atol=1e-6)


def test_a_model_without_pieces_can_be_written(tmp_path):
    """It comes back to the bit, and gensim reads it, which has no words of count 0: where all are 1, none is known."""
    vectors, _ = some()
    path = write(tmp_path / "plain.bin", WORDS, vectors)
    words, found, counts, pieces = read(path)
    assert (words, counts, pieces) == (WORDS, None, None)
    assert found.tobytes() == vectors.tobytes()
    assert gensim_fasttext.load_facebook_vectors(str(path)).vectors.tobytes() == vectors.tobytes()


def test_what_it_cannot_carry():
    """A zero byte would end the word."""
    assert "zero byte" in FastTextBin().misfit("a\0b")
    assert not any(map(FastTextBin().misfit, WORDS))


# ---- hostile ----

GOOD = Path(datapath("toy-model.bin")).read_bytes()
ARGUMENTS_AT = SIGNATURE.size
SIZES_AT = ARGUMENTS_AT + ARGUMENTS.size
PRUNED_AT = SIZES_AT + SIZES.size
MATRIX_AT = GOOD.index(b"\0" + SHAPE.pack(122, 5))


def changed(at, data):
    """The good file with other bytes at a place."""
    return GOOD[:at] + data + GOOD[at + len(data) :]


def argument(place, value):
    return changed(ARGUMENTS_AT + 4 * place, struct.pack("<i", value))


HOSTILE = {
    "10^12 rows": (changed(MATRIX_AT + 1, SHAPE.pack(10**12, 5)), "a matrix of 1000000000000 x 5 is promised"),
    "negative rows": (changed(MATRIX_AT + 1, SHAPE.pack(-1, 5)), "a matrix of -1 x 5"),
    "columns that overflow": (changed(MATRIX_AT + 1, SHAPE.pack(2**62, 2**62)), "where vectors have 5 numbers"),
    "quantized": (changed(MATRIX_AT, b"\1"), r"quantized \(\.ftz\)"),
    "2^31 words": (changed(SIZES_AT, SIZES.pack(2**31 - 1, 2**31 - 1, 0, 1)), "it cannot be"),
    "negative words": (changed(SIZES_AT, SIZES.pack(-5, -5, 0, 1)), "it cannot be"),
    "no words": (changed(SIZES_AT, SIZES.pack(0, 0, 0, 1)), "it cannot be"),
    "more words than entries": (changed(SIZES_AT, SIZES.pack(22, 30, -8, 1)), "it cannot be"),
    "fewer words than entries": (changed(SIZES_AT, SIZES.pack(22, 20, 2, 1)), "22 words and a matrix of 122 rows"),
    "pruned": (changed(PRUNED_AT, PRUNED.pack(3)), "was pruned"),
    "2^31 buckets": (argument(8, 2**31 - 1), "a matrix of 122 rows"),
    "negative buckets": (argument(8, -1), "no arguments of fastText"),
    "no dimensions": (argument(0, 0), "no arguments of fastText"),
    "negative dimensions": (argument(0, -5), "no arguments of fastText"),
    "2^31 dimensions": (argument(0, 2**31 - 1), "no arguments of fastText"),
    "pieces of 1000": (argument(10, 1000), "no arguments of fastText"),
    "another version": (changed(4, struct.pack("<i", 13)), "version 13"),
    "a word without an end": (GOOD[: PRUNED_AT + PRUNED.size] + b"x" * (1 << 17), "a word without an end"),
    "a negative count": (changed(PRUNED_AT + PRUNED.size, b"the\0" + b"\xff" * 8), "the count or the type"),
    "not a number": (changed(MATRIX_AT + 1 + SHAPE.size + 122 * 20 - 4, struct.pack("<f", np.nan)), "not finite"),
    "infinity": (changed(MATRIX_AT + 1 + SHAPE.size + 122 * 20 - 4, struct.pack("<f", np.inf)), "not finite"),
}


@pytest.mark.parametrize(("content", "said"), HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_headers(tmp_path, content, said):
    """What is promised and is not there, sizes that cannot be, quantized files: an error that says so and where."""
    path = tmp_path / "hostile.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"hostile\.bin.*({said})"):
        read(path)


@given(st.integers(0, len(GOOD) - 1))
def test_cut_off_anywhere(tmp_path_factory, end):
    """A file that is cut off within what is read is an error; what comes after the input matrix is not needed."""
    path = tmp_path_factory.mktemp("cut") / "cut.bin"
    path.write_bytes(GOOD[:end])
    if end > MATRIX_AT + SHAPE.size + 122 * 5 * 4:
        assert len(read(path)[0]) == 22
        return
    with pytest.raises(InputError, match=r"cut\.bin"):
        read(path)


def try_to_read(folder, content):
    path = folder / "fuzzed.bin"
    path.write_bytes(content)
    try:
        words, vectors, *_ = read(path)
    except InputError as error:
        assert str(path) in str(error)  # noqa: PT017 - it may as well be read
        return
    assert vectors.nbytes <= len(content)
    assert len(words) == len(vectors)


@example([(607, 127)])  # a number that is none, of the kind that processors tell of when they add it
@given(st.lists(st.tuples(st.integers(0, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_any_bytes_may_be_wrong(tmp_path_factory, changes):
    """Whatever bytes are changed, the file is read or refused, and nothing larger than it comes out of it."""
    content = bytearray(GOOD)
    for at, byte in changes:
        content[at] = byte
    try_to_read(tmp_path_factory.mktemp("fuzz"), bytes(content))


@given(st.integers(-2, 2**31 - 1) | st.integers(-2, 50), st.integers(0, 12), st.binary(max_size=400))
def test_any_bytes_may_follow(tmp_path_factory, value, place, rest):
    """Whatever follows a header, with whatever in one of its fields, is read or refused."""
    numbers = [5, 5, 5, 5, 5, 1, 2, 2, 100, 3, 6, 100, 1e-4]
    numbers[place] = value
    try_to_read(tmp_path_factory.mktemp("fuzz"), SIGNATURE.pack(MAGIC, 12) + ARGUMENTS.pack(*numbers) + rest)


def test_arguments_of_no_pieces():
    """Without a longest piece, or without buckets, words are not cut; a shortest of 0 is one of 1, as in fastText."""
    assert Arguments(5, bucket=100).ngrams() is None
    assert Arguments(5, minn=3, maxn=6).ngrams() is None
    assert Arguments(5, bucket=100, minn=0, maxn=2).ngrams() == Ngrams(1, 2, 100)
