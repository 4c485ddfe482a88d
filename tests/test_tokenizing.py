"""The stage `firth tokenize`."""

import gzip
import hashlib
import io
import multiprocessing
import sys
from collections import Counter
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.settings import TokenSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.block_tokens import tokenized
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize, total_bytes
from pipeline.text.tokens import WORD_PATTERN, Tokenizer
from storage.errors import FirthError, InputError, SettingError

texts = st.text(st.sampled_from("ab1 \n\r\u2028'\u2019हि\u093f\U0001f600"), max_size=80)
patterns = st.sampled_from(["", r"\S+", "[^ ]+"])


@pytest.fixture
def stage(tmp_path):
    """A folder that the stage may write."""
    return StageFolder(tmp_path / "out")


@pytest.fixture
def text(tmp_path):
    """A small text file."""
    file = tmp_path / "text.txt"
    file.write_text("the cat\nthe dog\n", "utf-8")
    return file


def files(stage):
    """The stage's files by name."""
    data = stage.data(stage.manifest("tokenize"))
    return {file.name: file.read_bytes() for file in data.iterdir()}


def sentences(stage):
    """The stage's sentences as words."""
    corpus = TokenCorpus.open(stage.path)
    words = corpus.vocabulary(VocabularySettings(min_count=1)).words
    return [[words[i] for i in sentence] for sentence in corpus.sentences_of_ids(len(words))]


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=3), st.integers(1, 8), st.booleans(), patterns)
def test_what_is_written_are_the_tokens_of_the_lines(tmp_path_factory, parts, block, keep_numbers, pattern):
    """At any block size, over several files: a sentence is a line that holds tokens, and words stand in their order."""
    folder = tmp_path_factory.mktemp("law")
    for number, part in enumerate(parts):
        (folder / f"{number}.txt").write_text(part, "utf-8", newline="")
    chosen = TokenSettings(keep_numbers=keep_numbers, token_pattern=pattern)
    expected = [tokens for part in parts for line in part.split("\n") if (tokens := Tokenizer(chosen).tokens(line))]
    stage = StageFolder(folder / "out")
    if not expected:
        with pytest.raises(InputError, match="no tokens"):
            tokenize(stage, [str(folder)], chosen, processes=1, block=block)
        return
    tokenize(stage, [str(folder)], chosen, processes=1, block=block)
    counted = sorted(Counter(chain.from_iterable(expected)).items(), key=lambda item: (-item[1], item[0]))
    corpus = TokenCorpus.open(stage.path)
    assert sentences(stage) == expected
    assert corpus.vocabulary(VocabularySettings(min_count=1)).words == tuple(word for word, _ in counted)
    assert corpus.counts.tolist() == [count for _, count in counted]


def test_any_number_of_processes_writes_the_same_bytes(tmp_path, lee_text):
    """One, two and three processes, and small and large blocks, give every file byte for byte."""
    stages = []
    for processes, block in [(1, 1 << 20), (2, 20_000), (3, 7_000)]:
        stages.append(StageFolder(tmp_path / str(processes)))
        tokenize(stages[-1], [str(lee_text)], TokenSettings(), processes=processes, block=block)
    one, two, three = map(files, stages)
    assert sorted(one) == ["counts.npy", "ids.npy", "offsets.npy", "words.txt"]
    assert one == two == three
    assert len({stage.manifest("tokenize").key for stage in stages}) == 1


def test_an_endless_line_is_one_sentence(tmp_path, stage):
    """A line of many blocks is neither cut nor joined with its neighbors."""
    (tmp_path / "endless.txt").write_text("before\n" + "word " * 100_000 + "\nafter", "utf-8")
    manifest, _ = tokenize(stage, [str(tmp_path / "endless.txt")], TokenSettings(), processes=1, block=1000)
    assert manifest.report["sentences"] == 3
    assert [len(sentence) for sentence in sentences(stage)] == [1, 100_000, 1]


def test_the_arrays_are_plain_memory_mappable_files(stage, text):
    """Any NumPy program can map the ids and the offsets; words.txt is a list of words."""
    manifest, _ = tokenize(stage, [str(text)], TokenSettings())
    data = stage.data(manifest)
    ids = np.load(data / "ids.npy", mmap_mode="r", allow_pickle=False)
    offsets = np.load(data / "offsets.npy", mmap_mode="r", allow_pickle=False)
    assert (ids.dtype, ids.tolist()) == (np.int32, [0, 1, 0, 2])
    assert (offsets.dtype, offsets.tolist()) == (np.int64, [0, 2, 4])
    assert (data / "words.txt").read_bytes() == b"the\ncat\ndog\n"


def test_the_manifest_names_what_was_read_and_found(tmp_path, stage, text):
    """Name, size and SHA-256 of every input as it stands on the disk, and the counts."""
    packed = tmp_path / "more.gz"
    packed.write_bytes(gzip.compress(b"the end"))
    manifest, ran = tokenize(stage, [str(text), str(packed)], TokenSettings())
    assert ran
    assert manifest.inputs["sources"] == [
        {"name": str(file), "bytes": file.stat().st_size, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        for file in (text, packed)
    ]
    found = {key: manifest.report[key] for key in ("tokens", "sentences", "types", "bytes", "size_curve")}
    assert found == {
        "tokens": 6,
        "sentences": 3,
        "types": 4,
        "bytes": total_bytes([str(text), str(packed)]),
        "size_curve": {"1": 4, "2": 1},
    }
    assert manifest.report["token_pattern"] == WORD_PATTERN
    assert stage.manifest("tokenize") == manifest


def test_progress_ends_with_all_bytes_and_all_tokens(stage, lee_text):
    """The last report is the whole, and no report goes back."""
    reports = []
    manifest, _ = tokenize(
        stage,
        [str(lee_text)],
        TokenSettings(),
        processes=1,
        block=50_000,
        report=lambda read, tokens: reports.append((read, tokens)),
    )
    assert reports[-1] == (total_bytes([str(lee_text)]), manifest.report["tokens"])
    assert reports == sorted(reports)
    assert len(reports) > 3


class TestRunningAgain:
    """A stage whose inputs and settings have not changed is not run again; a changed one is."""

    def test_unchanged_is_skipped(self, stage, text):
        """The same bytes and settings: nothing is written, also when the file was only touched."""
        first, _ = tokenize(stage, [str(text)], TokenSettings())
        text.write_bytes(text.read_bytes())
        assert tokenize(stage, [str(text)], TokenSettings()) == (first, False)

    def test_changed_text_runs(self, stage, text):
        """One other byte in the input is noticed, although the size is the same."""
        tokenize(stage, [str(text)], TokenSettings())
        text.write_text("the cat\nthe hog\n")
        assert tokenize(stage, [str(text)], TokenSettings())[1]
        assert sentences(stage) == [["the", "cat"], ["the", "hog"]]

    @pytest.mark.parametrize("change", [{"keep_case": True}, {"min_length": 2}, {"token_pattern": r"\w+"}])
    def test_a_changed_setting_runs(self, stage, text, change):
        """Every setting counts."""
        tokenize(stage, [str(text)], TokenSettings())
        assert tokenize(stage, [str(text)], TokenSettings(**change))[1]

    def test_another_order_of_inputs_runs(self, tmp_path, stage, text):
        """The order of files is the order of the sentences, so it counts."""
        other = tmp_path / "other.txt"
        other.write_text("a bird")
        tokenize(stage, [str(text), str(other)], TokenSettings())
        assert tokenize(stage, [str(other), str(text)], TokenSettings())[1]
        assert sentences(stage)[0] == ["a", "bird"]

    def test_force_runs(self, stage, text):
        """Whoever asks for it gets it."""
        tokenize(stage, [str(text)], TokenSettings())
        assert tokenize(stage, [str(text)], TokenSettings(), force=True)[1]

    def test_damaged_output_is_written_again(self, stage, text):
        """Output that can no longer be read does not count as being there."""
        manifest, _ = tokenize(stage, [str(text)], TokenSettings())
        (stage.data(manifest) / "ids.npy").write_bytes(b"")
        assert tokenize(stage, [str(text)], TokenSettings())[1]
        assert len(sentences(stage)) == 2

    def test_standard_input_always_runs(self, stage, monkeypatch):
        """A stream can be read only once, so it is hashed while it is read."""
        for _ in range(2):
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"the cat")))
            manifest, ran = tokenize(stage, ["-"], TokenSettings())
            assert ran
        assert manifest.inputs["sources"][0]["sha256"] == hashlib.sha256(b"the cat").hexdigest()
        assert total_bytes(["-"]) is None

    def test_output_below_the_input_is_not_read(self, tmp_path, text):
        """Tokenizing a folder into a folder of it does not feed Firth its own words."""
        inside = StageFolder(tmp_path / "out")
        tokenize(inside, [str(tmp_path)], TokenSettings())
        assert not tokenize(inside, [str(tmp_path)], TokenSettings())[1]
        assert [source["name"] for source in inside.manifest("tokenize").inputs["sources"]] == [str(text)]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_run_that_fails_leaves_the_old_output_alone(stage, tmp_path, text, processes):
    """A wrong byte late in a text is found, also among several processes, and what was there before is still whole."""
    before, _ = tokenize(stage, [str(text)], TokenSettings())
    bad = tmp_path / "bad.txt"
    bad.write_bytes(b"a line of text\n" * 1000 + b"\xff")
    with pytest.raises(InputError, match=r"bad.txt, line 1001, byte 15000 "):
        tokenize(stage, [str(bad)], TokenSettings(), processes=processes, block=1000)
    assert TokenCorpus.open(stage.path).manifest == before
    assert [file.name for file in stage.path.iterdir() if "data-" in file.name] == [before.data]


def test_a_corpus_without_tokens_is_an_error_that_says_what_was_read(tmp_path, stage):
    """Bytes and lines that were read stand in the message, and the settings to look at."""
    (tmp_path / "numbers.txt").write_text("1 2\n3\n\n4")
    with pytest.raises(InputError, match=r"numbers.txt: 8 bytes and 4 lines .*--keep-numbers"):
        tokenize(stage, [str(tmp_path / "numbers.txt")], TokenSettings())


def test_half_a_surrogate_pair_is_no_character(tmp_path, stage):
    """Some encodings let through what UTF-8 cannot write; the error says so."""
    (tmp_path / "text.txt").write_bytes(b"a \\ud800 b")
    chosen = TokenSettings(encoding="unicode_escape", token_pattern=r"\S+")  # noqa: S106 - not that kind of token
    with pytest.raises(InputError, match="half a surrogate pair"):
        tokenize(stage, [str(tmp_path / "text.txt")], chosen)


def test_less_than_one_process_is_refused(stage, text):
    """The number of processes has a range like every setting."""
    with pytest.raises(SettingError, match="processes is 0"):
        tokenize(stage, [str(text)], TokenSettings(), processes=0)


def test_a_killed_worker_is_an_explained_error():
    """Where the system ends a worker process, for want of memory perhaps, the run ends with a message."""

    def texts():
        for number in range(1_000_000):
            if number == 10:
                multiprocessing.active_children()[0].kill()
            yield "a line of text\n"

    with pytest.raises(FirthError, match="worker process"):
        list(tokenized(texts(), TokenSettings(), 2))
