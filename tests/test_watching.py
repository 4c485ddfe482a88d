"""Watching a training: what is held out and its loss, when that ends it, and the neighbors of a few words."""

import json
import logging
import math
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from pipeline.cli import firth
from pipeline.models import negative_sampling
from pipeline.settings import TrainSettings, VocabularySettings, WatchSettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.batches import BatchMaker
from pipeline.training.crew import Solo
from pipeline.training.held_out import HELD_OUT, Side, divide, held_out, mean_loss, stalled
from pipeline.training.parameters import Parameters
from pipeline.training.probes import Probes
from pipeline.training.stage import train_stage
from pipeline.training.training import train
from pipeline.training.wishes import Wishes
from storage.errors import InputError, SettingError, UnknownWord
from tests.varied import varied

SMALL = TrainSettings(vector_size=8, epochs=3, sample=1e-2)
ALL_WORDS = VocabularySettings(min_count=1)


def invoke(*arguments, code=0):
    """Run `firth`, which has to end with the exit code `code`."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result


def sentences(text, size):
    """The tokens of a text, sentence by sentence."""
    ids, numbers = zip(*((chunk.ids, chunk.sentence) for chunk in text.chunks(size)), strict=True)
    ids, numbers = np.concatenate(ids), np.concatenate(numbers)
    return {int(number): ids[numbers == number].tolist() for number in np.unique(numbers)}


@pytest.mark.parametrize("n", [2, 3, 7, 10, 49, 100])
def test_every_nth_sentence_is_held_out(n):
    """A share of 1 / n holds out one sentence of each n in a row."""
    found = held_out(np.arange(40 * n), 1 / n)
    assert (found.reshape(40, n).sum(axis=1) == 1).all()


@pytest.mark.parametrize("share", [0.013, 0.3, 0.499])
def test_other_shares_are_held_out_evenly(share):
    """Any stretch of the text has its share of sentences held out, give or take one."""
    found = held_out(np.arange(1000), share)
    for start, stop in ((0, 1000), (17, 400), (650, 999)):
        assert abs(found[start:stop].sum() - share * (stop - start)) <= 1


def test_the_two_sides_are_the_text(lee_tokens):
    """Every sentence is on exactly one side, whole; each side counts its own tokens from its beginning."""
    corpus = TokenCorpus.open(lee_tokens)
    divided = divide(corpus, 1000, 0.1)
    sides = divided.trained, divided.held_out
    trained, held = (sentences(side, 1000) for side in sides)
    assert not trained.keys() & held.keys()
    assert trained | held == sentences(corpus, 1000)
    assert len(held) == corpus.sentences // 10
    for side in sides:
        known = 0
        for chunk in side.chunks(1000):
            assert chunk.known_before == known
            known += len(chunk.ids)


def test_held_out_text_teaches_nothing(corpus_of, lee_text):
    """What the held-out sentences say is of no effect on the vectors."""
    lines = lee_text.read_text("utf-8").splitlines()[:40]
    words = sorted({word for line in lines for word in line.lower().split() if word.isalpha()})
    scrambled = [" ".join(sorted(line.split())) if number % 4 == 3 else line for number, line in enumerate(lines)]
    results = []
    for name, text in (("one", lines), ("other", scrambled)):
        corpus = corpus_of(text, name)
        vocabulary = corpus.vocabulary(ALL_WORDS)
        results.append(train(corpus, vocabulary, SMALL, watch=WatchSettings(held_out=0.25)))
    assert len(words) > 100
    assert results[0].parameters.vectors.tobytes() == results[1].parameters.vectors.tobytes()
    assert results[0].held_out != results[1].held_out


@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_the_loss_of_held_out_text_is_the_mean_over_its_pairs(corpus_of, lee_text, architecture):
    """It equals a brute-force mean in float64 to 1e-6, pair by pair and noise word by noise word; twice the same."""
    corpus = corpus_of(lee_text.read_text("utf-8").splitlines()[:30])
    vocabulary = corpus.vocabulary(ALL_WORDS)
    settings = varied(SMALL, architecture=architecture)
    random = np.random.default_rng(3)
    start = Parameters(*random.normal(0, 0.7, (2, len(vocabulary), 8)).astype(np.float32))
    held = divide(corpus, len(vocabulary), 0.2).held_out
    solo = Solo(settings, vocabulary.counts, start)
    found = mean_loss(solo, held)
    total, pairs, (v, u) = 0.0, 0, (matrix.astype(np.float64) for matrix in (start.vectors, start.contexts))
    for batch in BatchMaker(vocabulary.counts, settings).epoch(held.chunks(len(vocabulary)), HELD_OUT):
        for lane, n in np.argwhere(batch.positive.any(axis=2)):
            around = [batch.tokens[lane, n + o] for o in np.flatnonzero(batch.positive[lane, n])]
            inputs = v[batch.centers[lane, n]] if architecture == "skipgram" else v[around].mean(axis=0)
            noise = batch.drawn.words[lane, batch.group(n)]
            for target in around if architecture == "skipgram" else [batch.centers[lane, n]]:
                total -= negative_sampling.log_sigmoid(u[target] @ inputs)
                total -= settings.negative * negative_sampling.log_sigmoid(-(u[noise] @ inputs)).mean()
                pairs += 1
    assert pairs > 500
    assert found == pytest.approx(total / pairs, rel=1e-6)
    assert mean_loss(solo, held) == found


def test_a_training_measures_the_same_with_every_crew(lee_tokens):
    """After each epoch the loss of held-out text is that of the vectors as they are then."""
    corpus = TokenCorpus.open(lee_tokens)
    vocabulary, watch = corpus.vocabulary(VocabularySettings()), WatchSettings(held_out=0.1)
    trained = train(corpus, vocabulary, SMALL, watch=watch)
    shards = [train(corpus, vocabulary, SMALL, watch=watch, workers=n, deterministic=True) for n in (1, 2)]
    assert len(trained.held_out) == SMALL.epochs
    assert shards[0].held_out == shards[1].held_out
    last = Solo(SMALL, vocabulary.counts, trained.parameters)
    assert trained.held_out[-1] == mean_loss(last, Side(corpus, 0.1, True))
    assert trained.held_out[-1] < trained.held_out[0] < trained.ignorance
    assert trained.tokens + trained.held_out_tokens == vocabulary.counts.sum()


@pytest.mark.parametrize(
    ("lines", "share", "says"),
    [
        (["one two three"] * 3, 0.25, "no sentence is left held out"),
        (["one two", "three", "one two", "three"] * 5, 0.5, "hold no pair of words"),
        (["one", "two three", "two", "one three"] * 5, 0.5, "nothing to learn"),
    ],
)
def test_a_side_without_words_or_pairs_is_refused(corpus_of, lines, share, says):
    """Nothing held out, nothing to measure, or nothing to train on: each is an error that says so."""
    corpus = corpus_of(lines)
    with pytest.raises(InputError, match=says):
        train(corpus, corpus.vocabulary(ALL_WORDS), replace(SMALL, sample=0), watch=WatchSettings(held_out=share))


@pytest.mark.parametrize(
    ("losses", "patience", "stops"),
    [
        ([], 1, False),
        ([3.0, 2.0, 2.0], 0, False),
        ([3.0, 2.0, 1.0], 1, False),
        ([3.0, 2.0, 2.0], 1, True),
        ([3.0, 2.0, 2.5], 2, False),
        ([3.0, 2.0, 2.5, 2.1], 2, True),
        ([3.0, 2.0, 2.5, 1.9], 2, False),
        ([3.0], 1, False),
    ],
)
def test_patience(losses, patience, stops):
    """A training stops when none of the last N losses is below the least before them."""
    assert stalled(losses, patience) is stops


def test_a_training_stops_when_its_patience_ends(lee_tokens, tmp_path):
    """At a learning rate that learns nothing more the loss stops falling, and the manifest says when it ended."""
    settings = replace(SMALL, epochs=50, alpha=2.0, min_alpha=2.0)
    watch = WatchSettings(held_out=0.2, patience=2)
    manifest, _ = train_stage(
        lee_tokens, StageFolder(tmp_path), VocabularySettings(), settings, wishes=Wishes(watch=watch)
    )
    found = manifest.report
    assert found["stopped_early"]
    assert len(found["losses"]) == len(found["held_out_losses"]) == len(found["pairs"]) < 50
    assert min(found["held_out_losses"][-2:]) >= min(found["held_out_losses"][:-2])
    assert (manifest.settings["held_out"], manifest.settings["patience"]) == (0.2, 2)


def test_patience_needs_something_held_out(lee_tokens, tmp_path):
    """--patience alone is wrong usage, and the message says what to add."""
    with pytest.raises(SettingError, match="held_out"):
        WatchSettings(patience=1)
    said = invoke("train", lee_tokens, "--out", tmp_path / "model", "--patience", "1", code=2).stderr
    assert "give --held-out" in said
    invoke("train", lee_tokens, "--out", tmp_path / "model", "--held-out", "0.6", code=2)


def vectors(rows):
    """A vocabulary of a, b, c ... with these vectors."""
    words = tuple("abcdefghij"[: len(rows)])
    return Vocabulary(words, np.ones(len(rows), np.int64)), np.array(rows, np.float32)


def test_neighbors_are_the_nearest_by_cosine():
    """The five words of the largest cosine, largest first, without the probe; lengths do not count, zeros are last."""
    vocabulary, matrix = vectors([[1, 0], [9, 1], [1, 1], [0, 0], [0, 2], [-1, 0], [0.5, 0]])
    seen = []
    Probes(["a", "a"], vocabulary, seen.append).look(lambda: matrix, 0.5, 1, 7)
    (found,) = seen
    assert [word for word, _ in found.neighbors] == ["g", "b", "c", "d", "e"]
    assert [cosine for _, cosine in found.neighbors] == pytest.approx([1, 9 / math.sqrt(82), math.sqrt(0.5), 0, 0])
    assert (found.word, found.epoch, found.tokens) == ("a", 1, 7)


def test_probes_are_looked_at_about_every_tenth_and_at_the_end():
    """However often one may look, there are ten looks and one at the end, unless the last was just there."""
    vocabulary, matrix = vectors([[1, 0], [9, 1]])
    seen = []
    probes = Probes(["a", "b"], vocabulary, seen.append)
    for step in range(1000):
        probes.look(lambda: matrix, step / 1000, 1, step)
    probes.look(lambda: matrix, 1.0, 1, 1000, last=True)
    probes.look(lambda: matrix, 1.0, 1, 1000, last=True)
    assert [now.tokens for now in seen if now.word == "a"] == pytest.approx([*range(100, 1000, 100), 1000], abs=9)
    assert (seen[-1].tokens, len(seen)) == (1000, 20)


def test_an_unknown_probe_is_refused_before_the_training(lee_tokens, tmp_path):
    """The message names words that look like it, and nothing is trained or written."""
    said = invoke("train", lee_tokens, "--out", tmp_path / "model", "--probe", "goverment", code=1).stderr
    assert "'goverment' (did you mean government" in said
    assert not list((tmp_path / "model").glob("data-*"))
    with pytest.raises(UnknownWord):
        Probes(["z"], vectors([[1, 0]])[0], print)


def test_what_is_watched_is_told(lee_tokens, tmp_path, caplog):
    """The log has the probes' neighbors; the JSON lines have both losses, and a line for each look at a probe."""
    caplog.set_level(logging.INFO, "pipeline")
    file = tmp_path / "progress.jsonl"
    options = ["--vector-size", 8, "--epochs", 3, "--held-out", 0.1, "--probe", "government", "--probe", "police"]
    result = invoke("train", lee_tokens, "--out", tmp_path / "model", *options, "--progress-jsonl", file)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    reports = [line for line in lines if "probe" not in line]
    looks = [line for line in lines if "probe" in line]
    assert reports[-1]["held_out_loss"] > 0
    assert all(report["recent_loss"] > 0 for report in reports)
    assert [line["probe"] for line in looks[-2:]] == ["government", "police"]
    assert len(looks[-1]["neighbors"]) == 5
    assert all(line["tokens"] <= reports[-1]["total_tokens"] for line in looks)
    near = [record.getMessage() for record in caplog.records if record.getMessage().startswith("near ")]
    assert len(near) == len(looks)
    word, cosine = looks[-1]["neighbors"][0]
    assert near[-1].startswith(f"near police: {word} {cosine:.2f}, ")
    assert "loss of held-out text: " in result.stdout
