"""Token ids on disk, read back."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.settings import TokenSettings, VocabularySettings
from pipeline.stages import MANIFEST, StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from storage.errors import InputError

LINES = ["a b a c", "d", "a", "b b e a c c a f a b", "g h", "a", "i a b c d e"]
MAPS = Path("/proc/self/maps")
IDS = {word: rank for rank, word in enumerate("abcdefghi")}


@pytest.fixture(scope="module")
def letters(tmp_path_factory):
    """A corpus of letters, whose ids are their places in the alphabet."""
    folder = tmp_path_factory.mktemp("letters")
    (folder / "text.txt").write_text("\n\n".join(LINES))
    tokenize(StageFolder(folder / "out"), [str(folder / "text.txt")], TokenSettings())
    return folder / "out"


@pytest.fixture
def copied(letters, tmp_path):
    """A copy of it that may be damaged: the stage's folder and the folder with its files."""
    shutil.copytree(letters, tmp_path / "out")
    stage = StageFolder(tmp_path / "out")
    return stage.path, stage.data(stage.manifest("tokenize"))


def known(line, size_v):
    """The ids of a line's words among the `size_v` most frequent."""
    return [IDS[word] for word in line.split() if IDS[word] < size_v]


def test_counts_and_sizes_are_those_of_the_corpus(letters):
    """All words are counted, and words come in the order of their ranks."""
    corpus = TokenCorpus.open(letters)
    assert (corpus.tokens, corpus.sentences) == (25, 7)
    assert corpus.counts.tolist() == [8, 5, 4, 2, 2, 1, 1, 1, 1]
    kept = corpus.vocabulary(VocabularySettings(min_count=2, max_vocab_size=4))
    assert (kept.words, kept.counts.tolist()) == (("a", "b", "c", "d"), [8, 5, 4, 2])


@given(st.integers(0, 10), st.integers(1, 30))
def test_where_chunks_are_cut_changes_nothing(letters, size_v, chunk):
    """Chunks of any size join to the same ids and sentences, and each knows how many tokens came before."""
    chunks = list(TokenCorpus.open(letters).chunks(size_v, chunk))
    numbered = [(i, number) for number, line in enumerate(LINES) for i in known(line, size_v)]
    found = [pair for each in chunks for pair in zip(each.ids.tolist(), each.sentence.tolist(), strict=True)]
    assert found == numbered
    sizes = [len(each.ids) for each in chunks]
    assert [each.known_before for each in chunks] == np.cumsum([0, *sizes])[:-1].tolist()
    assert len(chunks) == -(-25 // chunk)


@given(st.integers(0, 10), st.one_of(st.none(), st.integers(0, 30)), st.integers(1, 30))
def test_sentences_are_the_lines_up_to_the_limit(letters, size_v, limit, chunk):
    """One array a line, unknown words left out; a limit counts all tokens and may end the last line early."""
    left, expected = 25 if limit is None else limit, []
    for line in LINES:
        words = line.split()[:left]
        left -= len(words)
        expected += [known(" ".join(words), size_v)] if words else []
    found = TokenCorpus.open(letters).sentences_of_ids(size_v, limit, chunk)
    assert [sentence.tolist() for sentence in found] == expected


@pytest.mark.skipif(not MAPS.exists(), reason="only Linux lists what a process has mapped")
def test_no_file_stays_mapped(letters):
    """Resident memory does not grow with the corpus, because what is handed out is a copy and the mapping has ended."""
    corpus = TokenCorpus.open(letters)
    for chunk in corpus.chunks(9, 3):
        assert chunk.ids.flags.owndata
        assert str(letters) not in MAPS.read_text()


@pytest.mark.parametrize("name", ["ids.npy", "offsets.npy", "counts.npy", "words.txt"])
@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file.unlink(),
        lambda file: file.write_bytes(b""),
        lambda file: file.write_bytes(file.read_bytes()[:-1]),
        lambda file: file.write_bytes(file.read_bytes() + b"x"),
    ],
    ids=["missing", "empty", "cut", "longer"],
)
def test_a_missing_or_damaged_file_is_an_error_that_names_it(copied, name, damage):
    """Each file must be there with the size it was written with."""
    folder, data = copied
    damage(data / name)
    with pytest.raises(InputError, match=rf"{name}.*run `firth tokenize` again"):
        TokenCorpus.open(folder)


@pytest.mark.parametrize("name", ["ids.npy", "offsets.npy", "counts.npy"])
def test_an_array_of_the_right_size_with_other_contents_is_refused(copied, name):
    """Headers must name the expected type and length; offsets and counts must add up to the tokens."""
    folder, data = copied
    good = (data / name).read_bytes()
    for bad in (bytes(len(good)), good.replace(b"<i", b"<u"), good[:128] + bytes(len(good) - 128)):
        (data / name).write_bytes(bad)
        if name == "ids.npy" and bad[:128] == good[:128]:
            continue  # every id is a possible one: only a hash could tell
        with pytest.raises(InputError, match="damaged"):
            TokenCorpus.open(folder)


def test_words_that_are_not_text_are_refused(copied):
    """A word list of the right size whose bytes are no UTF-8 is damaged."""
    folder, data = copied
    (data / "words.txt").write_bytes(b"\xff" * 18)
    with pytest.raises(InputError, match=r"words.txt is damaged"):
        TokenCorpus.open(folder).vocabulary(VocabularySettings(min_count=1))


def test_a_manifest_without_the_report_is_refused(copied):
    """A manifest that is not the tokenizer's is damage too."""
    folder, _ = copied
    manifest = (folder / MANIFEST).read_text("utf-8")
    (folder / MANIFEST).write_text(manifest.replace('"tokens"', '"tokenz"'), "utf-8")
    with pytest.raises(InputError, match="damaged"):
        TokenCorpus.open(folder)


def test_a_folder_without_output_is_an_error_with_the_way_out(tmp_path):
    """Whoever trains before tokenizing is told the order."""
    with pytest.raises(InputError, match="run that first"):
        TokenCorpus.open(tmp_path)
