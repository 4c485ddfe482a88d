"""`firth plan`: exact where the corpus is small, near where only a part is read; and nothing is written."""

import gzip
import json
import lzma
import os
import re
from dataclasses import replace
from itertools import islice

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pipeline.cli import firth
from pipeline.plan.calibration import Mark, Trial, _endless, calibrate, measure, speed_between
from pipeline.plan.counting import Clock, count
from pipeline.plan.glove_trial import Sampled, try_glove
from pipeline.plan.growth import Growth
from pipeline.plan.planning import LADDER, plan
from pipeline.plan.sample import Sample
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.corpus import find_sources
from pipeline.text.demo import demo_corpus
from pipeline.text.token_files import CHUNK, IDS, OFFSETS, TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.training.glove.factors import Factors
from pipeline.training.stage import train_stage
from storage.errors import InputError
from tests.varied import varied

TINY = TrainSettings(vector_size=8, epochs=1)
SHORT = 0.01


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    """No FIRTH_ variable of the developer's."""
    for name in [name for name in os.environ if name.startswith("FIRTH_")]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's texts, and their token files."""
    folder = tmp_path_factory.mktemp("demo")
    texts = [str(path) for path in demo_corpus(folder / "texts")] if (folder / "texts").mkdir() is None else []
    tokenize(StageFolder(folder / "tokens"), texts, TokenSettings(), processes=1)
    return texts, TokenCorpus.open(folder / "tokens")


def sampled(paths, budget, **settings):
    """A sample of files, and its text."""
    sample = Sample(find_sources([str(path) for path in paths]), TokenSettings(**settings), budget)
    return sample, list(sample.texts())


def descending(ids):
    """The counts of the words, most frequent first."""
    counts = np.bincount(ids)
    return np.sort(counts[counts > 0])[::-1]


def near(estimate, actual):
    """Whether an estimate is within a quarter of what came out."""
    return abs(estimate - actual) <= actual / 4


def planned(paths, tokens=None, vocabulary=None, training=TINY, **options):
    """A plan with a calibration that is no more than a few steps."""
    return plan(
        [str(path) for path in paths],
        tokens or TokenSettings(),
        vocabulary or VocabularySettings(),
        training,
        **{"processes": 1, "seconds": SHORT, **options},
    )


@pytest.mark.parametrize(
    "vocabulary",
    [
        VocabularySettings(),
        VocabularySettings(min_count=3, max_vocab_size=500),
        VocabularySettings(min_count=1, max_final_vocab=700),
    ],
)
def test_a_small_corpus_is_counted_exactly(lee_text, lee_tokens, tmp_path, vocabulary):
    """Tokens, lines, words by min_count and the model's words are those that the stages then find; disk is near."""
    made = planned([lee_text], vocabulary=vocabulary)
    corpus = TokenCorpus.open(lee_tokens)
    manifest, _ = train_stage(lee_tokens, StageFolder(tmp_path), vocabulary, TINY)
    curve = {each: int((corpus.counts >= each).sum()) for each in sorted({*LADDER, vocabulary.min_count})}
    assert {each: size.value for each, size in made.sizes.items()} == curve
    assert (made.tokens.value, made.sentences.value) == (corpus.tokens, corpus.sentences)
    assert (made.words.value, made.trained_tokens.value) == (manifest.report["words"], manifest.report["tokens"])
    numbers = [made.tokens, made.sentences, made.words, made.trained_tokens, *made.sizes.values()]
    assert all(number.exact for number in numbers)
    assert near(made.disk["tokens"].value, sum(corpus.manifest.files.values()))
    assert near(made.disk["model"].value, sum(manifest.files.values()))


def test_what_is_not_read_is_estimated(demo):
    """From two fifths of the demo, read here and there, every count comes out within a quarter, and says so."""
    texts, corpus = demo
    made = planned(texts, budget=1_400_000)
    assert made.bytes_read < made.bytes / 2
    assert near(made.tokens.value, corpus.tokens)
    assert near(made.sentences.value, corpus.sentences)
    for min_count, size in made.sizes.items():
        assert near(size.value, (corpus.counts >= min_count).sum()), min_count
    assert near(made.disk["tokens"].value, sum(corpus.manifest.files.values()))
    numbers = [made.tokens, made.sentences, made.words, *made.sizes.values()]
    assert not any(number.exact for number in [*numbers, *made.memory.values(), *made.seconds.values()])


@pytest.mark.parametrize("suffix", [".txt", ".gz", ".xz"])
@pytest.mark.parametrize("files", [1, 7, 300])
def test_tokens_are_extrapolated_by_bytes(lee_text, tmp_path, suffix, files):
    """A quarter of the text tells the number of its tokens within a quarter: in one file or many, compressed or not."""
    lines = lee_text.read_bytes().splitlines(keepends=True)
    pack = {".txt": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix]
    for number in range(files):
        (tmp_path / f"{number:03}{suffix}").write_bytes(pack(b"".join(lines[number::files])))
    whole = Sample(find_sources([str(tmp_path)]), TokenSettings())
    part = Sample(find_sources([str(tmp_path)]), TokenSettings(), 100_000 if suffix == ".txt" else 60_000)
    expected, found = (len(count(sample, TokenSettings(), 1).ids) for sample in (whole, part))
    assert (whole.whole, part.whole) == (True, False)
    assert whole.expected_tokens() == expected
    assert found < expected * 0.8
    assert near(part.expected_tokens(), expected)


def test_kinds_are_extrapolated_each_by_itself(lee_text, tmp_path):
    """A compressed byte holds more tokens than a plain one, so each kind has its own rate."""
    text = lee_text.read_bytes()
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "b.xz").write_bytes(lzma.compress(text))
    sample = Sample(find_sources([str(tmp_path)]), TokenSettings(), 200_000)
    count(sample, TokenSettings(), 1)
    whole = Sample(find_sources([str(lee_text)]), TokenSettings())
    count(whole, TokenSettings(), 1)
    assert not sample.whole
    assert near(sample.expected_tokens(), 2 * whole.expected_tokens())


@given(st.lists(st.text("ab \u00e9\u4e2d", max_size=30), min_size=1, max_size=20), st.integers(1, 60_000))
def test_stretches_are_whole_lines(tmp_path_factory, lines, budget):
    """What is read from the middle of a file are lines of it as they stand there, none twice."""
    path = tmp_path_factory.mktemp("lines") / "text.txt"
    places = {f"{number} {lines[number % len(lines)]}": number for number in range(2000)}
    path.write_text("".join(f"{line}\n" for line in places), "utf-8")
    sample, texts = sampled([path], budget)
    read = [places[line] for line in "".join(texts).split("\n") if line]
    assert read == sorted(set(read))
    assert sample.whole == (len(read) == len(places))
    assert 0 < sample.read <= sample.size


def test_an_endless_line_is_cut_between_words(tmp_path):
    """Where there is no line end, no word is cut either."""
    path = tmp_path / "endless.txt"
    path.write_text(" ".join(f"word{number}x" for number in range(10_000)), "utf-8")
    sample, texts = sampled([path], 20_000)
    words = " ".join(texts).split()
    assert not sample.whole
    assert len(words) > 1000
    assert all(word.startswith("word") and word.endswith("x") for word in words)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "latin-1", "shift_jis"])
def test_every_encoding_is_sampled(lee_text, tmp_path, encoding):
    """A file of which no one can begin to read in the middle is read from its beginning."""
    path, data = tmp_path / "text.txt", lee_text.read_text("utf-8").encode(encoding, "replace")
    path.write_bytes(data)
    sample, texts = sampled([path], 100_000, encoding=encoding)
    assert not sample.whole
    assert set("".join(texts).split()) <= set(data.decode(encoding).split())
    assert near(len("".join(texts).encode(encoding)), sample.read)


def test_bytes_that_are_not_text_are_refused_with_their_place(tmp_path):
    """An error in the middle of a file names its byte; with --errors replace there is none."""
    path, data = tmp_path / "text.txt", (b"some words\n" * 50 + b"\xff\n") * 50
    path.write_bytes(data)
    with pytest.raises(InputError, match="0xff is not utf-8") as caught:
        sampled([path], 5000)
    place = int(re.search(r"byte (\d+)", str(caught.value))[1])
    assert place > 1000
    assert data[place] == 0xFF
    sampled([path], 5000, errors="replace")


@pytest.mark.parametrize("part", [2, 3])
def test_growth_of_real_text(demo, part):
    """From a half or a third of the demo, here and there, the law finds the sizes of the whole within a quarter."""
    corpus = demo[1]
    ids = np.load(corpus.data / IDS)
    known = np.concatenate(np.array_split(ids, 300)[::part])
    growth = Growth(known, descending(known))
    for min_count in LADDER:
        assert near(growth.size(min_count, len(ids)), (corpus.counts >= min_count).sum()), min_count


@pytest.mark.parametrize("exponent", [1.3, 2.0])
def test_growth_of_drawn_words(exponent):
    """On words drawn by Zipf's law, ten times as many tokens as are known, the law is within a tenth."""
    _, ids = np.unique(np.random.default_rng(1).zipf(exponent, 1_000_000), return_inverse=True)
    growth, whole = Growth(ids[:100_000].astype(np.int32), descending(ids[:100_000])), descending(ids)
    for min_count in LADDER:
        assert growth.size(min_count, len(ids)) == pytest.approx((whole >= min_count).sum(), rel=0.1), min_count


@given(st.lists(st.integers(0, 30), min_size=1, max_size=300), st.integers(1, 60), st.floats(1, 50))
def test_a_vocabulary_does_not_shrink(words, min_count, factor):
    """At the sample's own size the law is the count, and with more text there are no fewer words."""
    _, ids = np.unique(words, return_inverse=True)
    counts = descending(ids)
    growth = Growth(ids.astype(np.int32), counts)
    here, later, latest = (growth.size(min_count, round(len(words) * each)) for each in (1, factor, 2 * factor))
    assert here == (counts >= min_count).sum()
    assert here <= later <= latest


def test_time_is_that_of_blocks_between_a_start_and_an_end():
    """2 s to the first 10 tokens, then 10 tokens a second, and 3 s of ranking for twice the words: by hand."""
    clock = Clock(first_block=2.0, last_block=5.0, end=6.5, first_tokens=10, tokens=40)
    assert clock.seconds(40, 1.0) == pytest.approx(6.5)
    assert clock.seconds(400, 2.0) == pytest.approx(1.0 + 40.0 + 3.0)
    assert Clock(2.0, 2.0, 2.5, 10, 10).seconds(20, 1.0) == pytest.approx(4.5)


def test_speed_is_measured_from_round_to_round():
    """The first round, in which others start, does not count; with one round only, the others are taken as equal."""
    rounds = [Mark(0.0, 0), Mark(9.0, 100), Mark(10.0, 200), Mark(11.0, 300)]
    assert speed_between(rounds, Mark(11.5, 350), 2) == 100
    assert speed_between(rounds[:1], Mark(2.0, 30), 2) == 30


def trial_of(corpus, settings, size=500, **options):
    """What `measure` takes, of a corpus that has been tokenized."""
    ids, offsets = np.load(corpus.data / IDS), np.load(corpus.data / OFFSETS)
    return Trial(
        corpus.vocabulary(VocabularySettings(min_count=1)).words[:size],
        corpus.counts[:size],
        ids,
        offsets,
        settings,
        **{"workers": 1, "deterministic": False, "seconds": SHORT, **options},
    )


def test_the_text_that_is_trained_on_is_that_of_the_corpus(demo):
    """One lap has the chunks that a training reads; the next goes on behind it, in other sentences."""
    corpus = demo[1]
    chunks = list(corpus.chunks(500))
    laps = list(islice(_endless(trial_of(corpus, TINY)), 2 * len(chunks)))
    assert len(chunks) == -(-corpus.tokens // CHUNK) > 1
    known = sum(len(chunk.ids) for chunk in chunks)
    for lap in (0, 1):
        for chunk, found in zip(chunks, laps[lap * len(chunks) :], strict=False):
            np.testing.assert_array_equal(found.ids, chunk.ids)
            np.testing.assert_array_equal(np.diff(found.sentence), np.diff(chunk.sentence))
            assert found.known_before == chunk.known_before + lap * known
    assert laps[len(chunks)].sentence[0] > laps[len(chunks) - 1].sentence[-1]


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
@pytest.mark.parametrize("loss", ["ns", "hs", "softmax"])
def test_every_objective_can_be_tried(demo, architecture, loss):
    """A calibration finds a speed and a peak that holds both matrices, whatever is trained."""
    measured = measure(trial_of(demo[1], varied(TINY, architecture=architecture, loss=loss)))
    assert measured.tokens_per_s > 0
    assert measured.hash_bytes_per_s > 0
    assert measured.start >= 0
    assert measured.peak_bytes > 8 * 500 * TINY.vector_size


@pytest.mark.parametrize("deterministic", [False, True])
def test_several_processes_can_be_tried(demo, deterministic):
    """Free running and in shards, from another process, which leaves none behind."""
    measured = calibrate(trial_of(demo[1], TINY, workers=2, deterministic=deterministic))
    assert measured.tokens_per_s > 0


def test_fasttext_is_planned_as_it_is_trained(lee_text, lee_tokens, tmp_path):
    """A model of pieces is tried with its rows, which are counted in memory and, to the byte, on the disk."""
    training = varied(TINY, model="fasttext", bucket=5000)
    made, usual = (planned([lee_text], training=settings) for settings in (training, TINY))
    manifest, _ = train_stage(lee_tokens, StageFolder(tmp_path), VocabularySettings(), training)
    assert made.disk["model"].value == sum(manifest.files.values())
    rows = manifest.files["rows.npy"] - 128
    contexts = manifest.files["contexts.npy"] - 128
    assert made.disk["checkpoints"].value == 2 * (256 + rows + contexts)
    assert made.memory["train"].value > rows + contexts
    assert made.disk["model"].value - usual.disk["model"].value > rows


def test_glove_is_planned_as_it_is_trained(lee_text, lee_tokens, tmp_path):
    """To the byte what the model takes; of the checkpoints, four matrices; and the counts, besides."""
    settings = replace(TrainSettings(model="glove"), vector_size=16, epochs=1)
    made = plan([str(lee_text)], TokenSettings(), VocabularySettings(), settings, seconds=SHORT)
    manifest, _ = train_stage(lee_tokens, StageFolder(tmp_path / "model"), VocabularySettings(), settings)
    assert made.disk["model"].value == sum(manifest.files.values())
    assert made.disk["checkpoints"].value == pytest.approx(2 * 16 * made.words.value * 16, rel=1e-2)
    assert made.disk["counts"].value == pytest.approx(24 * manifest.report["pairs"][0], rel=1e-2)
    assert made.seconds["train"].value > 0


def test_glove_s_pairs_grow_slower_than_its_text(demo):
    """From a half of the demo's text, those of all of it are foreseen within a fifth."""
    _, corpus = demo
    size, settings = len(corpus.vocabulary(VocabularySettings())), TrainSettings(model="glove", vector_size=2)
    ids, offsets = np.load(corpus.data / IDS), np.load(corpus.data / OFFSETS)
    whole, half = (
        try_glove(Sampled(ids[:n], offsets), len(ids), settings, Factors.start(size, 2, 1), workers=1, seconds=SHORT)
        for n in (len(ids), len(ids) // 2)
    )
    assert half.pairs == pytest.approx(whole.pairs, rel=0.2)


def test_both_matrices_are_counted(lee_text):
    """A thousand dimensions more take their room in memory, and exactly that on the disk."""
    small, large = (planned([lee_text], training=replace(TINY, vector_size=size)) for size in (8, 1008))
    matrices = 8 * 1000 * small.words.value
    assert large.memory["train"].value - small.memory["train"].value > 0.75 * matrices
    assert large.disk["model"].value - small.disk["model"].value == matrices


def invoke(*arguments, code=0, **options):
    """Run `firth`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments], **options)
    assert result.exit_code == code, result.output
    return result


def test_what_cannot_be_planned_is_said(lee_text):
    """Phrases are not foreseen, and a plan for them says so; without checkpoints none is counted."""
    result = invoke("plan", lee_text, "--json", "-size", "8", "--phrases", "1", "--checkpoint-minutes", "0")
    assert "this plan is for --phrases 0" in result.stderr
    assert json.loads(result.stdout)["disk"]["checkpoints"]["value"] == 0


def test_nothing_is_written(lee_text, tmp_path, monkeypatch):
    """`firth plan` leaves the current folder and that of the text as they were."""
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts" / "lee.txt").write_bytes(lee_text.read_bytes())
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    invoke("plan", "texts", "--vector-size", "8")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_table_for_people_and_json_for_programs(lee_text, lee_tokens, tmp_path):
    """Both have the same numbers, each with whether it is exact; a file's tables of the stages hold here too."""
    (tmp_path / "firth.toml").write_text("[train]\nvector_size = 8\nepochs = 3\nmin_count = 7\n", "utf-8")
    arguments = ["plan", lee_text, "--config", tmp_path / "firth.toml"]
    made = json.loads(invoke(*arguments, "--json").stdout)
    corpus = TokenCorpus.open(lee_tokens)
    assert made["tokens"] == {"value": corpus.tokens, "exact": True}
    assert made["words"]["value"] == made["sizes"]["7"]["value"] == (corpus.counts >= 7).sum()
    assert made["disk"]["checkpoints"]["value"] // made["words"]["value"] == 2 * 8 * 8
    assert set(made["memory"]) == set(made["seconds"]) == {"tokenize", "train"}
    assert made["seconds"]["train"] == {"value": made["seconds"]["train"]["value"], "exact": False}
    table = [line.split() for line in invoke(*arguments).stdout.splitlines()]
    assert ["tokens", f"{corpus.tokens:,}", "exact"] in table
    assert ["words", "by", "--min-count", "7", f"{made['words']['value']:,}", "exact"] in table
    assert [line[-1] for line in table if line[:4] == ["time", "to", "train,", "3"]] == ["estimated"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["-"], 1, "standard input can be read only once"),
        (["nowhere.txt"], 1, "nowhere.txt does not exist"),
        (["numbers.txt"], 1, "no tokens in the 6 bytes that were read"),
        (["words.txt", "--min-count", "4"], 1, "use --min-count 3 or less"),
        (["words.txt", "--workers", "0"], 2, "allowed: from 1 to 256"),
        (["words.txt", "-size", "0"], 2, "allowed: from 1 to 10000"),
        (["words.txt", "--alpha", "1e-5"], 2, "min_alpha is 0.0001, above alpha 1e-05"),
        ([], 2, "Missing argument 'PATH...'"),
    ],
)
def test_errors_are_those_of_the_stages(tmp_path, monkeypatch, arguments, code, message):
    """What tokenizing or training would refuse, its plan refuses, with the same exit codes and one sentence."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "numbers.txt").write_text("1 2 3\n", "utf-8")
    (tmp_path / "words.txt").write_text("word other word\nword\n", "utf-8")
    result = invoke("plan", *arguments, code=code)
    assert message in result.stderr.splitlines()[-1]
    assert result.stdout == ""
