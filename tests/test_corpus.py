"""Paths to sources, and sources to blocks of text."""

import bz2
import gzip
import hashlib
import io
import lzma
import sys

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import TokenSettings
from pipeline.text import corpus
from pipeline.text.corpus import Source, blocks, find_sources
from pipeline.text.reading import gathered, pieces
from storage.errors import InputError
from storage.packed import Tally

COMPRESS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress, ".zst": zstandard.compress}
TEXT = "One sentence.\nAnother, with an é.\n" * 300
ENCODINGS = [
    "utf-8",
    "ascii",
    "cp1252",
    "utf-16-le",
    "utf-16-be",
    "utf-32-le",
    "gbk",
    "shift_jis",
    "euc_jp",
    "iso2022_jp",
]
sizes = st.integers(1, 12)
parts_of_files = st.lists(
    st.one_of(st.binary(max_size=4), st.sampled_from([b"\n", b"ab", "日本".encode("iso2022_jp"), "é日".encode()]))
)


def read(path, size=corpus.BLOCK, **settings):
    """All blocks of a file, and what was counted on the way."""
    tally = Tally()
    return list(blocks(find_sources([str(path)])[0], TokenSettings(**settings), tally, size)), tally


def decoded(data, size, encoding="utf-8", errors="strict"):
    """The text of some bytes, read in pieces."""
    settings = TokenSettings(encoding=encoding, errors=errors)
    return "".join(pieces(io.BytesIO(data), "file", settings, Tally(), size))


def names(*paths):
    """The names of the sources that the paths stand for."""
    return [source.name for source in find_sources([str(path) for path in paths])]


def test_a_folder_stands_for_its_text_files_in_the_order_of_their_names(tmp_path):
    """Recursively, .txt and compressed files, capitals in the suffix or not; hidden and other files are left out."""
    wanted = ["a.txt", "b/1.TXT", "b/2.txt.gz", "b/c/x.bz2", "d.xz", "e.txt.zst"]
    for name in [*wanted, "README.md", ".hidden.txt", ".git/x.txt", "b/notes.pdf"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert names(tmp_path) == [str(tmp_path / name) for name in wanted]


def test_a_named_file_is_taken_whatever_its_suffix_and_where_it_was_named(tmp_path):
    """Paths keep the order in which they were given, and a file may be given twice."""
    for name in ("b.md", "a"):
        (tmp_path / name).write_text("text")
    assert names(tmp_path / "b.md", tmp_path / "a", tmp_path / "b.md") == [
        str(tmp_path / name) for name in ("b.md", "a", "b.md")
    ]


def test_links_are_followed_but_not_in_circles(tmp_path):
    """A link to a folder of text counts; one to a folder that contains it ends there."""
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "a.txt").touch()
    (tmp_path / "text" / "up").symlink_to(tmp_path / "text")
    (tmp_path / "more").symlink_to(tmp_path / "text")
    assert names(tmp_path) == [str(tmp_path / "more" / "a.txt"), str(tmp_path / "text" / "a.txt")]


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "no text"),
        ([""], "no text"),
        (["-", "-"], "only once"),
        (["{folder}/missing.txt"], "missing.txt does not exist"),
        (["{folder}/a.txt/b"], "a.txt/b"),
        (["{folder}/empty"], "no text in the folder .*empty"),
        (["{folder}/broken"], "broken/link.txt does not exist"),
    ],
)
def test_paths_without_text_are_errors_that_name_them(tmp_path, paths, message):
    """Nothing is passed over in silence: no path, a missing file, an empty folder, a broken link."""
    (tmp_path / "a.txt").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "link.txt").symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match=message):
        find_sources([path.format(folder=tmp_path) for path in paths])


def test_a_file_that_vanishes_is_an_error_that_names_it(tmp_path):
    """What was found but can no longer be opened is named."""
    with pytest.raises(InputError, match=r"gone\.txt cannot be opened"):
        Source("gone.txt", tmp_path / "gone.txt").tally()


def test_a_name_that_is_not_utf8_can_still_be_printed(tmp_path):
    """A file's name may hold any byte; what Firth shows and stores of it is text."""
    (tmp_path / "caf\udce9.txt").touch()
    assert names(tmp_path) == [str(tmp_path / "caf\\xe9.txt")]


def test_standard_input_is_a_source(monkeypatch):
    """A dash reads the bytes of standard input and leaves it open."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(TEXT.encode())))
    assert "".join(read("-")[0]) == TEXT + "\n"
    assert not sys.stdin.buffer.closed
    assert find_sources(["-"])[0].size is None


@given(st.text(st.sampled_from("ab \n\r\u2028é\U0001f600"), max_size=60), sizes)
def test_blocks_join_to_the_text_and_end_at_white_space(tmp_path_factory, text, size):
    """No character is lost or added but one line end at the end, and no block ends inside a word."""
    file = tmp_path_factory.getbasetemp() / "blocks.txt"
    file.write_text(text, "utf-8", newline="")
    found, tally = read(file, size)
    assert "".join(found) == text + "\n"
    assert all(block[-1].isspace() for block in found[:-1])
    lines = text.split("\n")
    assert tally.lines == len(lines) - (not lines[-1])


def test_blocks_are_small_wherever_there_is_white_space(tmp_path):
    """A line a thousand times as long as a block is read in blocks, which are cut between words."""
    file = tmp_path / "endless.txt"
    file.write_text("word " * 200_000, "utf-8")
    assert max(map(len, read(file, 1000)[0])) <= 2000


def test_a_long_stretch_without_white_space_stays_whole(tmp_path):
    """Text without any white space is one block."""
    file = tmp_path / "endless.txt"
    file.write_text("日本語。" * 100_000, "utf-8")
    assert [len(block) for block in read(file, 1000)[0]] == [400_001]


def test_what_has_no_white_space_at_all_is_not_text(tmp_path, monkeypatch):
    """Memory is not filled with a file that cannot be cut; the error names file and line."""
    monkeypatch.setattr(corpus, "LONGEST_STRETCH", 1000)
    (tmp_path / "image.txt").write_text("a line\n" + "x" * 2000)
    with pytest.raises(InputError, match=r"image.txt, line 2: .* characters without white space"):
        read(tmp_path / "image.txt", 100)


@given(st.sampled_from(ENCODINGS), parts_of_files, sizes)
def test_bytes_decode_as_the_whole_does_or_fail_at_the_same_place(encoding, parts, size):
    """Reading in pieces gives the text of the whole, or an error with the line and byte of its first mistake."""
    data = b"".join(parts)
    try:
        expected = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data[: error.start].decode(encoding).count("\n") + 1
        with pytest.raises(InputError, match=rf"^file, line {line}, byte {error.start} .*--encoding"):
            decoded(data, size, encoding)
    else:
        assert decoded(data, size, encoding) == expected.removeprefix("\ufeff")


@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.sampled_from(["utf-16", "utf-32", "utf-7"]),
    sizes,
)
def test_encodings_in_which_a_byte_10_is_no_line_end_are_read(text, encoding, size):
    """UTF-16, UTF-32 and UTF-7 come out as they went in."""
    assert decoded(text.encode(encoding), size, encoding) == text.removeprefix("\ufeff")


@pytest.mark.parametrize("size", [1, 5, 100])
def test_the_line_of_a_mistake_is_right_where_an_encoding_has_modes(size):
    """ISO-2022-JP reads the same bytes as ASCII or as Japanese, depending on what came before them."""
    data = b"one\ntwo\n" + "日本".encode("iso2022_jp").removesuffix(b"\x1b(B") + b"\xff"
    with pytest.raises(InputError, match=r"line 3, byte 15 "):
        decoded(data, size, "iso2022_jp")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_byte_order_mark_is_no_text_but_counts_as_bytes(encoding, size):
    """The mark at the start goes; places in the file still count it."""
    assert decoded(b"\xef\xbb\xbfword \xef\xbb\xbf", size, encoding) == "word \ufeff"
    with pytest.raises(InputError, match=r"line 2, byte 6 \(the first is 0\): 0xff is not utf-8"):
        decoded(b"\xef\xbb\xbfab\n\xff", size, encoding)


@pytest.mark.parametrize(("errors", "text"), [("replace", "a\ufffdb"), ("ignore", "ab")])
def test_errors_says_what_happens_to_bytes_that_are_not_text(errors, text):
    """With --errors replace or ignore a wrong byte stops nothing."""
    assert decoded(b"a\xffb", 1, errors=errors) == text


def test_utf_16_without_a_byte_order_mark_is_an_error_with_a_way_out():
    """Which of the two byte orders it is must be said."""
    with pytest.raises(InputError, match="--encoding"):
        decoded("word".encode("utf-16-le"), 100, "utf-16")


@pytest.mark.parametrize("suffix", COMPRESS)
class TestCompression:
    """The same laws for gzip, bzip2, xz and Zstandard."""

    @pytest.mark.parametrize("size", [100, corpus.BLOCK])
    def test_comes_out_as_it_went_in(self, tmp_path, suffix, size):
        """The text is that before compression; bytes and hash are those of the compressed file."""
        file = tmp_path / f"text{suffix}"
        file.write_bytes(COMPRESS[suffix](TEXT.encode()))
        found, tally = read(file, size)
        assert "".join(found) == TEXT + "\n"
        assert (tally.bytes_read, tally.lines) == (file.stat().st_size, 600)
        assert tally.digest.hexdigest() == hashlib.sha256(file.read_bytes()).hexdigest()

    @pytest.mark.parametrize("size", [100, corpus.BLOCK])
    def test_several_one_after_another_are_one_text(self, tmp_path, suffix, size):
        """Files made by `cat a.gz b.gz` are read to their end, with padding between and after."""
        one = COMPRESS[suffix](TEXT.encode())
        (tmp_path / f"text{suffix}").write_bytes(one + one + bytes(512) + one + bytes(4))
        assert "".join(read(tmp_path / f"text{suffix}", size)[0]) == 3 * TEXT + "\n"

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: data[:-5],
            lambda _: b"",
            lambda data: data[: len(data) // 2] + bytes(9) + data[len(data) // 2 + 9 :],
            lambda data: data + b"garbage, and more of it",
            lambda _: b"this is plain text",
        ],
        ids=["cut", "empty", "overwritten", "garbage", "plain"],
    )
    def test_damage_is_an_error_that_names_the_file(self, tmp_path, suffix, damage):
        """A file that was cut short, overwritten or never compressed is not read as if it had ended well."""
        checked = zstandard.ZstdCompressor(write_checksum=True).compress if suffix == ".zst" else COMPRESS[suffix]
        (tmp_path / f"text{suffix}").write_bytes(damage(checked(TEXT.encode())))
        with pytest.raises(InputError, match=f"text{suffix} is damaged"):
            read(tmp_path / f"text{suffix}")


def test_zstandard_skippable_frames_and_long_windows_are_read(tmp_path):
    """What `zstd --long=31` and `pzstd` write is read."""
    parameters = zstandard.ZstdCompressionParameters(window_log=29, enable_ldm=True)
    frame = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    skippable = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"skip!"
    data = skippable + frame.compress(TEXT.encode()) + frame.flush() + skippable
    (tmp_path / "text.zst").write_bytes(data)
    assert "".join(read(tmp_path / "text.zst")[0]) == TEXT + "\n"


@given(st.lists(st.text(max_size=5)), sizes)
def test_gathered_parts_are_the_same_text_in_larger_parts(parts, size):
    """Joining changes nothing, and only the last part may be smaller than asked."""
    found = list(gathered(parts, size))
    assert "".join(found) == "".join(parts)
    assert all(len(part) >= size for part in found[:-1])
