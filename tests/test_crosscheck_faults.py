"""Planted faults: each is caught by the level that should catch it, and what is not faulty passes that level."""

from dataclasses import replace

import numpy as np
import pytest

from pipeline.crosscheck.mathematics import Mathematics
from pipeline.crosscheck.quality import Experiment, check_quality, firth_parameters, gensim_parameters
from pipeline.crosscheck.replay import check_replay, lee_background
from pipeline.crosscheck.tables import check_tables
from pipeline.crosscheck.text_part import TextPart
from pipeline.models import cbow, fasttext
from pipeline.models.huffman import HuffmanTree
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.training.batches import positives
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.sampling import noise_distribution

STORIES = 40
CLEAN = Mathematics()


def windows_wider_by(step):
    """Firth's window expansion with every drawn window off by `step`."""

    def expand(stream, margin):
        return positives(replace(stream, window=stream.window + step), margin)

    return expand


def swapped(parameters):
    """The input matrix in the output matrix's place and the other way around."""
    return Parameters(parameters.contexts, parameters.vectors)


def shorter_pieces(words, settings):
    """Firth's pieces of words with min_n off by one."""
    return Pieces.for_settings(words, replace(settings, min_n=settings.min_n - 1))


def mirrored(tree):
    """The tree with left and right exchanged at every node."""
    return replace(tree, codes=1 - tree.codes)


FAULTS = {
    "noise exponent 1": replace(CLEAN, noise_distribution=lambda counts, _: noise_distribution(counts, 1.0)),
    "window too narrow": replace(CLEAN, positives=windows_wider_by(-1)),
    "window too wide": replace(CLEAN, positives=windows_wider_by(1)),
    "matrices swapped": replace(CLEAN, start=lambda *size_and_seed: swapped(Parameters.start(*size_and_seed))),
    "subsampling off": replace(CLEAN, keep_probability=lambda counts, _: np.ones(len(counts))),
    "codes mirrored": replace(CLEAN, tree=lambda counts: mirrored(HuffmanTree.of(counts))),
    "tree of equal counts": replace(CLEAN, tree=lambda counts: HuffmanTree.of(np.ones_like(counts))),
    "sum for the mean": replace(CLEAN, cbow_forward=lambda rows, mean: cbow.forward(rows, not mean)),
    "plain gradient for the classic step": replace(CLEAN, cbow_step_factor=lambda *_: 1.0),
    "min_n off by one": replace(CLEAN, pieces=shorter_pieces),
    "pieces summed up": replace(CLEAN, fasttext_forward=lambda rows, mean: fasttext.forward(rows, not mean)),
    "plain gradient of pieces": replace(CLEAN, fasttext_step_factor=lambda *_: 1.0),
}
EVERYWHERE = ("window too narrow", "window too wide", "matrices swapped", "subsampling off")
OF_KIND = {
    ("skipgram", "ns"): (*EVERYWHERE, "noise exponent 1"),
    ("skipgram", "hs"): (*EVERYWHERE, "codes mirrored", "tree of equal counts"),
    ("cbow", "ns"): (*EVERYWHERE, "noise exponent 1", "sum for the mean", "plain gradient for the classic step"),
    ("cbow", "hs"): (*EVERYWHERE, "codes mirrored", "sum for the mean", "plain gradient for the classic step"),
}
"""Which faults tell in which kind of training."""
FASTTEXT = TrainSettings(epochs=1, model="fasttext", bucket=5000)


@pytest.fixture(scope="module")
def text():
    """300 news stories."""
    return TextPart.of_words([[word.lower() for word in story] for story in lee_background()])


@pytest.fixture(scope="module")
def experiment(text):
    """A training that takes seconds: two seeds and 50 dimensions, everything else at its default."""
    settings = TrainSettings(vector_size=50)
    return Experiment(text, text.vocabulary(VocabularySettings()), settings, seeds=(1, 2))


@pytest.fixture(scope="module")
def gensim():
    """gensim's models of both seeds, trained once for all tests."""
    models = {}

    def trained(text, vocabulary, settings):
        if settings.seed not in models:
            models[settings.seed] = gensim_parameters(text, vocabulary, settings)
        return models[settings.seed]

    return trained


@pytest.mark.parametrize("fault", ["noise exponent 1", "subsampling off", "codes mirrored", "tree of equal counts"])
def test_tables_catch(text, fault):
    """A wrong distribution and a wrong tree are not gensim's."""
    assert check_tables(text, 5, TrainSettings(), FAULTS[fault]).verdict == "fail"


def test_tables_pass_what_is_clean(text):
    """The same text with Firth's own functions passes the level that caught the faults."""
    assert check_tables(text, 5, TrainSettings(), CLEAN).verdict == "pass"


@pytest.mark.parametrize(
    ("architecture", "loss", "fault"), [(*kind, fault) for kind in OF_KIND for fault in OF_KIND[kind]]
)
def test_replay_catches(architecture, loss, fault):
    """Every fault of the mathematics leaves vectors many times the tolerance from gensim's, in each kind of training.

    In CBOW, which makes a sixth of the steps, so few stories move less.
    """
    level = check_replay(TrainSettings(epochs=1, architecture=architecture, loss=loss), FAULTS[fault], STORIES)
    assert level.verdict == "fail"
    times = {"skipgram": 100, "cbow": 10}[architecture]
    assert level.numbers["largest_vector_difference"] > times * level.numbers["tolerance"]


@pytest.mark.parametrize("fault", ["min_n off by one", "pieces summed up", "plain gradient of pieces"])
@pytest.mark.parametrize("architecture", ["skipgram", "cbow"])
def test_replay_catches_faults_of_fasttext(architecture, fault):
    """So it is with the faults that only fastText can have."""
    level = check_replay(replace(FASTTEXT, architecture=architecture), FAULTS[fault], STORIES // 2)
    assert level.verdict == "fail"
    assert level.numbers["largest_vector_difference"] > 10 * level.numbers["tolerance"]


def test_tables_catch_other_pieces(text):
    """Pieces of another length are not gensim's."""
    assert check_tables(text, 5, FASTTEXT, FAULTS["min_n off by one"]).verdict == "fail"


@pytest.mark.parametrize(("architecture", "loss"), OF_KIND)
def test_replay_passes_what_is_clean(architecture, loss):
    """The same stories with Firth's own functions pass the level that caught the faults."""
    assert check_replay(TrainSettings(epochs=1, architecture=architecture, loss=loss), CLEAN, STORIES).verdict == "pass"


def test_quality_passes_what_is_clean(experiment, gensim):
    """Firth's fast trainer passes, and shares most of what gensim's seeds share with each other."""
    level = check_quality(experiment, gensim=gensim)
    assert level.verdict == "pass"
    assert level.numbers["neighbors"]["share"] > 0.7
    assert level.numbers["neighbors"]["matched"] > level.numbers["neighbors"]["crossed"]


def test_quality_catches_swapped_matrices(experiment, gensim):
    """A trainer that hands over context vectors for word vectors is caught by whom they resemble."""

    def trainer(text, vocabulary, settings):
        return swapped(firth_parameters(text, vocabulary, settings))

    level = check_quality(experiment, firth=trainer, gensim=gensim)
    assert level.verdict == "fail"
    assert level.numbers["neighbors"]["crossed"] > level.numbers["neighbors"]["crossed_allowed"]


@pytest.mark.parametrize(
    "change",
    [{"alpha": 0.1, "epochs": 1}, {"window": 1}, {"epochs": 1}, {"negative": 1}],
    ids=["rate too high in one epoch", "window of 1", "one epoch", "one noise word"],
)
def test_quality_catches_other_training(experiment, gensim, change):
    """A trainer that does not train as it is told is caught by its neighbors."""

    def trainer(text, vocabulary, settings):
        return firth_parameters(text, vocabulary, replace(settings, **change))

    assert_too_small_a_share(check_quality(experiment, firth=trainer, gensim=gensim))


def test_quality_catches_vectors_that_learned_nothing(experiment, gensim):
    """A trainer that hands over what it started with is caught by its neighbors, which are those of chance."""

    def trainer(_text, vocabulary, settings):
        return Parameters.start(len(vocabulary), settings.vector_size, settings.seed)

    level = check_quality(experiment, firth=trainer, gensim=gensim)
    assert_too_small_a_share(level)
    assert level.numbers["neighbors"]["firth_with_gensim"] < 2 * level.numbers["neighbors"]["chance"]


def assert_too_small_a_share(level):
    """The level failed, and at least by the neighbors."""
    assert level.verdict == level.numbers["neighbors"]["verdict"] == "fail"
    assert level.numbers["neighbors"]["share"] < level.numbers["neighbors"]["share_needed"]
