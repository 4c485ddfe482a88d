"""Going on with a finished model and new text, and starting from vectors of a file: what is kept, what is new."""

import bz2
import gzip
import hashlib
import json
import lzma
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import zstandard
from click.testing import CliRunner

from pipeline.cli import firth
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings, WatchSettings, WorkerSettings
from pipeline.stages import MANIFEST, StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.model import load_model
from pipeline.training.parameters import Parameters
from pipeline.training.stage import train_stage
from pipeline.training.start_vectors import StartVectors
from pipeline.training.training import train
from pipeline.training.wishes import Wishes
from storage.embeddings import Embeddings
from storage.errors import InputError, SettingError
from storage.files import sha256_of_file
from storage.formats.known import named
from storage.formats.outgoing import table_of
from storage.formats.target import Target
from tests.varied import varied

SMALL = TrainSettings(vector_size=8, epochs=2, sample=1e-2)
WORDS = VocabularySettings(min_count=3)
ALL = VocabularySettings(min_count=1)


def tokens_in(folder, *texts):
    """Token files of some texts."""
    for number, lines in enumerate(texts):
        (folder / f"{number}.txt").write_text("\n".join(lines), "utf-8")
    tokenize(StageFolder(folder / "tokens"), [str(folder / f"{n}.txt") for n in range(len(texts))], TokenSettings())
    return folder / "tokens"


@pytest.fixture(scope="module")
def places(lee_text, tmp_path_factory):
    """Token files of an older and a newer text and of both, and a model of the older one."""
    lines = lee_text.read_text("utf-8").splitlines()
    older, newer = lines[:60], lines[60:120]
    texts = {"older": [older], "newer": [newer], "both": [older, newer]}
    made = {name: tokens_in(tmp_path_factory.mktemp(name), *each) for name, each in texts.items()}
    model = made["older"].parent / "model"
    train_stage(made["older"], StageFolder(model), WORDS, SMALL)
    return SimpleNamespace(**made, model=model)


def go_on(places, out, settings=SMALL, words=WORDS, **wishes):
    """Continue the older model with the newer text."""
    wished = Wishes(parent=places.model, **wishes)
    train_stage(places.newer, StageFolder(out), words, settings, wishes=wished)
    return load_model(out)


@pytest.fixture(scope="module")
def continued(places, tmp_path_factory):
    """The older model, gone on with."""
    return go_on(places, tmp_path_factory.mktemp("continued") / "model")


def rows_of(model, words):
    """The rows of some words."""
    return [model.embeddings.rows[word] for word in words]


def test_old_words_stay_and_new_ones_join(places, continued):
    """Its words are the parent's and those that stand often enough in the new text by themselves."""
    old = load_model(places.model).embeddings.words
    new = TokenCorpus.open(places.newer).vocabulary(WORDS).words
    assert set(continued.embeddings.words) == set(old) | set(new)
    assert 0 < len(set(new) - set(old)) < len(new)


def test_counts_are_summed_and_ordered_as_ever(places, tmp_path):
    """Where no word is left out, words, counts and order are those of both texts tokenized as one."""
    model = tmp_path / "all"
    train_stage(places.older, StageFolder(model), ALL, SMALL)
    joined = go_on(SimpleNamespace(model=model, newer=places.newer), tmp_path / "joined", words=ALL).embeddings
    together = TokenCorpus.open(places.both).vocabulary(ALL)
    assert joined.words == together.words
    assert joined.counts.tolist() == together.counts.tolist()


def test_a_seldom_word_of_the_model_counts_in_the_new_text(places, continued):
    """A word of the parent is counted and trained in the new text, however seldom it stands there."""
    old = load_model(places.model).embeddings
    every = TokenCorpus.open(places.newer).vocabulary(ALL)
    counts = dict(zip(every.words, every.counts.tolist(), strict=True))
    seldom = [word for word in old.words if counts.get(word) == 1]
    assert len(seldom) > 10
    for word in old.words:
        expected = old.counts[old.rows[word]] + counts.get(word, 0)
        assert continued.embeddings.counts[continued.embeddings.rows[word]] == expected
    moved = continued.embeddings.matrix[rows_of(continued, seldom)] != old.matrix[[old.rows[word] for word in seldom]]
    assert moved.any(axis=1).mean() > 0.5  # subsampling leaves some of them out


@pytest.mark.parametrize("kind", [{}, {"architecture": "cbow"}, {"loss": "hs"}, {"loss": "softmax"}])
def test_words_that_the_new_text_lacks_keep_their_vectors(places, tmp_path, kind):
    """Bit for bit, with every objective: who is no input in the new text is not moved as one."""
    settings = varied(SMALL, **kind)
    train_stage(places.older, StageFolder(tmp_path / "old"), WORDS, settings)
    old = load_model(tmp_path / "old")
    new = go_on(SimpleNamespace(model=tmp_path / "old", newer=places.newer), tmp_path / "new", settings)
    lacking = set(old.embeddings.words) - set(TokenCorpus.open(places.newer).vocabulary(ALL).words)
    assert len(lacking) > 10
    before, after = (model.embeddings.matrix[rows_of(model, sorted(lacking))] for model in (old, new))
    assert before.tobytes() == after.tobytes()


def test_with_fasttext_the_rows_go_on(places, tmp_path, monkeypatch):
    """The first step meets the parent's rows of words and of buckets, whatever their places now are."""
    settings, begun = varied(SMALL, model="fasttext", bucket=3000), {}
    train_stage(places.older, StageFolder(tmp_path / "old"), WORDS, settings)

    def caught(_text, words, _settings, *, start, **_others):
        begun.update(words=words, start=start)
        raise InputError("seen enough")

    monkeypatch.setattr("pipeline.training.stage.train", caught)
    with pytest.raises(InputError, match="seen enough"):
        go_on(SimpleNamespace(model=tmp_path / "old", newer=places.newer), tmp_path / "new", settings)
    old, words, start = load_model(tmp_path / "old"), begun["words"], begun["start"]
    rows, known = [words.ids[word] for word in old.embeddings.words], len(old.embeddings.words)
    assert start.vectors[rows].tobytes() == old.rows[:known].tobytes()
    where = {bucket: len(words) + place for place, bucket in enumerate(start.pieces.buckets.tolist())}
    assert start.vectors[[where[bucket] for bucket in old.buckets.tolist()]].tobytes() == old.rows[known:].tobytes()
    assert start.word_vectors()[rows] == pytest.approx(old.embeddings.matrix, abs=1e-6)
    monkeypatch.undo()
    with pytest.raises(SettingError, match="--bucket 3000"):
        go_on(
            SimpleNamespace(model=tmp_path / "old", newer=places.newer),
            tmp_path / "new",
            varied(SMALL, model="fasttext", bucket=4000),
        )


def test_both_matrices_go_on_and_new_words_start_as_ever(places, tmp_path, monkeypatch):
    """The first step meets the parent's rows of both matrices; a new word has a drawn vector and a context of zeros."""
    begun = {}

    def caught(_text, words, _settings, *, start, tokens, **_others):
        begun.update(words=words, start=start, tokens=tokens)
        raise InputError("seen enough")

    monkeypatch.setattr("pipeline.training.stage.train", caught)
    with pytest.raises(InputError, match="seen enough"):
        go_on(places, tmp_path / "model")
    old, words, start = load_model(places.model), begun["words"], begun["start"]
    rows = [words.ids[word] for word in old.embeddings.words]
    assert start.vectors[rows].tobytes() == old.embeddings.matrix.tobytes()
    assert start.contexts[rows].tobytes() == np.ascontiguousarray(old.contexts).tobytes()
    others = [row for row in range(len(words)) if row not in set(rows)]
    assert not start.contexts[others].any()
    assert (start.vectors[others] != 0).any(axis=1).all()
    assert abs(start.vectors[others]).max() <= 1 / 8


def test_with_hierarchical_softmax_the_inner_nodes_start_anew(places, tmp_path):
    """The tree over the new counts is another one, and the manifest says that its nodes begin again."""
    settings = replace(SMALL, loss="hs")
    train_stage(places.older, StageFolder(tmp_path / "old"), WORDS, settings)
    new = go_on(SimpleNamespace(model=tmp_path / "old", newer=places.newer), tmp_path / "new", settings)
    assert new.manifest.report["parent"]["inner_nodes_start_anew"] is True


def test_the_schedule_is_that_of_the_new_text(places, tmp_path):
    """Progress and learning rate run over the new text's known tokens, though the counts are sums."""
    seen = []
    wishes = Wishes(parent=places.model)
    train_stage(places.newer, StageFolder(tmp_path / "new"), WORDS, SMALL, wishes=wishes, report=seen.append)
    words = set(load_model(tmp_path / "new").embeddings.words)
    every = TokenCorpus.open(places.newer).vocabulary(ALL)
    known = sum(count for word, count in zip(every.words, every.counts.tolist(), strict=True) if word in words)
    assert seen[-1].total_tokens == SMALL.epochs * known
    assert seen[-1].alpha < 0.3 * SMALL.alpha


def test_parentage_is_recorded(places, continued, tmp_path):
    """The manifest has the parent's key, hashes and settings; a grandchild has them of both."""
    parent = load_model(places.model).manifest
    found = continued.manifest.report["parent"]
    assert (found["key"], found["settings"], found["parent"]) == (parent.key, parent.settings, None)
    assert found["vectors_sha256"] == parent.report["vectors_sha256"]
    assert found["contexts_sha256"] == parent.report["contexts_sha256"]
    assert found["words"] + found["new_words"] == len(continued.embeddings.words)
    assert continued.manifest.inputs["parent"]["key"] == parent.key
    data = places.model / parent.data
    assert sha256_of_file(data / "vectors.npy") == found["vectors_sha256"]
    folder = continued.tokens.parent / "grandchild"
    child = go_on(places, tmp_path / "child")
    train_stage(places.older, StageFolder(folder), WORDS, SMALL, wishes=Wishes(parent=tmp_path / "child"))
    ancestors = load_model(folder).manifest.report["parent"]
    assert (ancestors["key"], ancestors["parent"]["key"]) == (child.manifest.key, parent.key)


def test_a_continuation_is_current_until_its_parent_changes(places, tmp_path):
    """The parent belongs to the key: the same again is not trained again, another parent is."""

    def run(parent):
        wishes = Wishes(parent=parent)
        return train_stage(places.newer, StageFolder(tmp_path / "new"), WORDS, SMALL, wishes=wishes)[1]

    other = tmp_path / "other"
    train_stage(places.older, StageFolder(other), WORDS, replace(SMALL, seed=2))
    assert [run(places.model), run(places.model), run(other), run(None)] == [True, False, True, True]


@pytest.mark.parametrize(
    "change", [{"vector_size": 9}, {"architecture": "cbow"}, {"loss": "hs"}, {"model": "fasttext"}]
)
def test_another_shape_is_wrong_usage(places, tmp_path, change):
    """Model, loss and vector size must be the parent's; the message says which option to give."""
    ((name, value),) = change.items()
    with pytest.raises(SettingError, match=f"--{name.replace('_', '-')} {getattr(SMALL, name)}"):
        go_on(places, tmp_path / "new", varied(SMALL, **change))
    option = [f"--{name.replace('_', '-')}", str(value)]
    arguments = [
        "train",
        places.newer,
        "--out",
        tmp_path / "new",
        "--continue-from",
        places.model,
        "--vector-size",
        "8",
    ]
    assert CliRunner().invoke(firth, [*map(str, arguments), *option]).exit_code == 2


def test_a_text_without_known_words_is_refused(places, tmp_path):
    """Where nothing is known and nothing stands often enough, there is nothing to go on with."""
    strange = tokens_in(tmp_path, ["xylo phono graphs", "quux quuz"])
    with pytest.raises(InputError, match="no word of the model"):
        go_on(SimpleNamespace(model=places.model, newer=strange), tmp_path / "new")


def test_a_damaged_parent_is_refused(places, tmp_path):
    """A bit that has flipped since it was trained is noticed."""
    train_stage(places.older, StageFolder(tmp_path / "old"), WORDS, SMALL)
    manifest = load_model(tmp_path / "old").manifest
    file = tmp_path / "old" / manifest.data / "contexts.npy"
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"contexts.npy is damaged"):
        go_on(SimpleNamespace(model=tmp_path / "old", newer=places.newer), tmp_path / "new")


def test_a_continuation_can_hold_text_out_and_share_the_work(places, tmp_path):
    """Renumbered text divides as any other, and several workers make the same bytes of it."""
    watch = WatchSettings(held_out=0.1)
    alone, together = (
        go_on(places, tmp_path / str(n), watch=watch, work=WorkerSettings(workers=n, deterministic=True))
        for n in (1, 2)
    )
    for name in ("vectors_sha256", "contexts_sha256", "held_out_losses"):
        assert alone.manifest.report[name] == together.manifest.report[name]


VECTORS = {"the": [0.5, -1.25, 3e-3], "to": [1.0, 2.0, 3.0], "zyzzyva": [0.1, 0.2, 0.3]}
GLOVE = "".join(f"{word} {' '.join(map(str, row))}\n" for word, row in VECTORS.items())
WORD2VEC = "3 3\n" + GLOVE.replace("\n", " \n")  # word2vec.c ends each line with a blank
PACKED = {
    "": bytes,
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


def vocabulary():
    """Three words, two of which are in the file."""
    return Vocabulary(("the", "to", "ship"), np.array([3, 2, 1]))


@pytest.mark.parametrize("text", [GLOVE, WORD2VEC, GLOVE.replace(" ", "\t"), GLOVE.replace("\n", "\r\n"), GLOVE[:-1]])
@pytest.mark.parametrize("suffix", PACKED)
def test_words_of_the_file_start_with_its_vectors(tmp_path, text, suffix):
    """With a header or without, packed or not: words that are there get their vectors, others keep what they have."""
    path = tmp_path / f"vectors.txt{suffix}"
    path.write_bytes(PACKED[suffix](text.encode()))
    matrix = np.full((3, 3), 7, np.float32)
    found = StartVectors.of(path).fill(matrix, vocabulary())
    assert matrix.tolist() == np.array([VECTORS["the"], VECTORS["to"], [7, 7, 7]], np.float32).tolist()
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found == {"file": str(path), "sha256": digest, "vectors": 3, "found": 2}


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("3 4\nthe 1 2 3 4\n", 2, "vectors of 4 dimensions, not 3"),
        ("the 1 2 3\nto 1 2\n", 2, "3 fields, not a word and 3 numbers"),
        ("the 1 2 3\nto 1 2 3 4\n", 2, "5 fields, not a word and 3 numbers"),
        ("the 1 2 3\nto 1 two 3\n", 2, "'two' is no number"),
        ("the 1 2 3\nto 1 2 nan\n", 2, "word 2, 'to', has a number that is not finite"),
        ("the 1 2 1e39\n", 1, "word 1, 'the', has a number that is not finite"),
        ("2 3\nthe 1 2 3\n", 2, "2 words were to come, 1 came"),
        ("1 3\nthe 1 2 3\nto 1 2 3\n", 3, "1 words were to come, 2 came"),
        ("the 1 2 3\n\nto 1 2 3\n", 2, "1 fields, not a word and 3 numbers"),
    ],
)
def test_a_wrong_line_is_named(tmp_path, text, line, says):
    """What is no vector of the right length is an error with the file and the line."""
    path = tmp_path / "vectors.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(InputError, match=rf"line {line}: .*{says}") as error:
        StartVectors.of(path).fill(np.zeros((3, 3), np.float32), vocabulary())
    assert str(path) in str(error.value)


@pytest.mark.parametrize("content", [b"3 3\nthe \x00\x01\x80\xff", b"\xff\xfe", b"", b"To be, or not to be\n"])
def test_a_file_that_holds_no_vectors_is_refused(tmp_path, content):
    """A binary file that is cut off, other bytes, an empty file, text: the message names the file and the formats."""
    path = tmp_path / "vectors.bin"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"vectors\.bin is recognized as none of .*word2vec"):
        StartVectors.of(path).fill(np.zeros((3, 3), np.float32), vocabulary())


@pytest.mark.parametrize("name", ["word2vec-binary", "npy", "parquet", "safetensors"])
def test_every_format_can_be_started_from(tmp_path, name):
    """What `firth import` reads, training starts from."""
    wanted = Embeddings(tuple(VECTORS), np.zeros(3, np.int64), np.array(list(VECTORS.values()), np.float32))
    format_ = named(name)
    path = tmp_path / f"vectors{format_.suffixes[0]}"
    with Target(path) as target:
        table, _ = table_of(wanted, format_, {}, skip=False, report=lambda _done, _total: None)
        format_.write(table, target)
    matrix = np.zeros((3, 3), np.float32)
    assert StartVectors.of(path).fill(matrix, vocabulary())["found"] == 2
    np.testing.assert_array_equal(matrix[:2], wanted.matrix[:2])


def test_a_repeated_word_and_one_with_blanks_do_no_harm(tmp_path):
    """The first line of a word counts; GloVe's words with blanks are passed over."""
    path = tmp_path / "vectors.txt"
    path.write_text("the 1 2 3\nthe 4 5 6\n. . . 7 8 9\n\u00a0 1 2 3\n", "utf-8")
    matrix = np.zeros((3, 3), np.float32)
    assert StartVectors.of(path).fill(matrix, vocabulary())["found"] == 1
    assert matrix[0].tolist() == [1, 2, 3]


def test_start_vectors_from_the_command_line(places, tmp_path):
    """They change the training and its key, and are recorded; a missing file is refused, and so is --continue-from."""
    path = tmp_path / "start.txt"
    old = load_model(places.model).embeddings
    path.write_text("".join(f"{w} {' '.join(map(str, row))}\n" for w, row in zip(old.words, old.matrix, strict=True)))

    def run(*options, code=0):
        command = ["train", places.newer, "--out", tmp_path / "new", "--vector-size", 8, "--min-count", 3, *options]
        result = CliRunner().invoke(firth, [str(each) for each in command])
        assert result.exit_code == code, result.output
        return result

    run()
    usual = load_model(tmp_path / "new")
    said = run("--start-vectors", path).stdout
    manifest = json.loads((tmp_path / "new" / MANIFEST).read_text("utf-8"))
    found = manifest["report"]["start_vectors"]
    shared = set(old.words) & set(usual.embeddings.words)
    assert found == {"file": str(path), "sha256": sha256_of_file(path), "vectors": len(old.words), "found": len(shared)}
    assert manifest["inputs"]["start_vectors"] == found["sha256"]
    assert manifest["report"]["vectors_sha256"] != usual.manifest.report["vectors_sha256"]
    assert f"it has {len(shared)} of the words" in said
    assert "current, not run again" in run("--start-vectors", path).stdout
    run("--start-vectors", tmp_path / "none", code=1)
    run("--start-vectors", path, "--continue-from", places.model, code=2)
    run("--continue-from", tmp_path / "new", code=2)  # which would replace what it goes on from


def test_a_training_starts_where_it_is_told(corpus_of, lee_text):
    """At a learning rate near zero the vectors that come out are those that went in."""
    corpus = corpus_of(lee_text.read_text("utf-8").splitlines()[:10])
    words = corpus.vocabulary(ALL)
    start = Parameters(*np.random.default_rng(1).random((2, len(words), 8), np.float32))
    still = replace(SMALL, alpha=1e-30, min_alpha=1e-30)
    before = start.vectors.copy()
    assert train(corpus, words, still, start=start).parameters.vectors.tobytes() == before.tobytes()
