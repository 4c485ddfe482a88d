"""fastText's input side: rows of words and of their pieces, and how a training holds them."""

import json
import math

import numpy as np
import pytest
from click.testing import CliRunner
from gensim.models import FastText
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipeline.cli import firth
from pipeline.models import cbow, fasttext, negative_sampling
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.training.model import load_model
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.stage import train_stage
from pipeline.training.start_vectors import StartVectors, from_file
from storage.ngrams import Ngrams
from storage.store import Store

LN = math.log
ROWS = st.integers(1, 10).flatmap(lambda rows: arrays(np.float64, (rows, 3), elements=st.floats(-10, 10)))
WORDS = ("banana", "anna", "a", "été")
NGRAMS = Ngrams(3, 4, 1000)
SETTINGS = TrainSettings(model="fasttext", vector_size=8, epochs=1, max_n=4, bucket=5000)


def test_worked_example():
    """A word with one piece against its context and one noise word.

    Its own row (2 ln 3, 0) and its piece's (0, 2) have the mean h = (ln 3, 1). The context has u_1 = (1, 0), the noise
    word u_2 = (-1, 0), so the scores are ln 3 and -ln 3, sigma 3/4 and 1/4, the loss 2 log 4/3 and the residuals 1/4
    and -1/4. So dL/dh = (-1/2, 0), each row's gradient is half of that, and the classic step moves each row, and with
    them h, against all of it: at a learning rate of 0.4 by (0.2, 0).
    """
    rows, u = np.array([[2 * LN(3), 0.0], [0.0, 2.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]])
    labels, weights = np.array([1.0, 0.0]), np.ones(2)
    h = fasttext.forward(rows)
    assert h == pytest.approx([LN(3), 1])
    assert negative_sampling.loss(h, u, labels, weights) == pytest.approx(2 * LN(4 / 3))
    d_h, _ = negative_sampling.gradient(h, u, labels, weights)
    assert d_h == pytest.approx([-1 / 2, 0])
    d_rows = fasttext.gradient(d_h, 2)
    assert d_rows == pytest.approx(np.array([[-1 / 4, 0], [-1 / 4, 0]]))
    moved = rows - 0.4 * fasttext.step_factor(2) * d_rows
    assert moved - rows == pytest.approx(np.array([[0.2, 0], [0.2, 0]]))
    assert fasttext.forward(moved) - h == pytest.approx([0.2, 0])


@given(ROWS, st.booleans())
def test_rows_are_to_fasttext_what_contexts_are_to_cbow(rows, mean):
    """Where every word has its own row alone it is CBOW, and where there is one word too, skip-gram."""
    assert np.array_equal(fasttext.forward(rows, mean), cbow.forward(rows, mean))
    assert np.array_equal(fasttext.gradient(rows[0], len(rows), mean), cbow.gradient(rows[0], len(rows), mean))
    assert fasttext.step_factor(len(rows), mean) == cbow.step_factor(len(rows), mean)


def test_a_word_is_its_own_row_and_those_of_its_pieces():
    """Each word's rows are its own first and then its buckets' in their order, one that it holds twice, twice."""
    pieces, table = Pieces.of(WORDS, NGRAMS), NGRAMS.table(WORDS)
    assert pieces.total == len(WORDS) + len(set(table.buckets.tolist()))
    for word in range(len(WORDS)):
        own, *others = pieces[word].tolist()
        assert own == word
        assert pieces.buckets[np.array(others, int) - len(WORDS)].tolist() == table[word].tolist()
    assert pieces.sizes[0] == 1 + 6 + 5  # <banana> has "ana" twice
    assert len(set(pieces[0].tolist())) == pieces.sizes[0] - 1


def test_buckets_are_in_the_order_of_their_first_use():
    """The most frequent word's pieces come first, and each can be found again."""
    pieces = Pieces.of(WORDS, NGRAMS)
    assert pieces.buckets.tolist() == list(dict.fromkeys(NGRAMS.table(WORDS).buckets.tolist()))
    assert pieces.rows_of(pieces.buckets[::-1]).tolist() == list(range(pieces.total - 1, len(WORDS) - 1, -1))


def test_the_rows_of_some_words():
    """Of a choice of words, and as if there were no others: the same rows by other numbers."""
    pieces = Pieces.of(WORDS, NGRAMS)
    starts, rows = pieces.of_words(np.array([3, 0], np.int32))
    assert rows.tolist() == [*pieces[3], *pieces[0]]
    assert starts.tolist() == [0, pieces.sizes[3], pieces.sizes[3] + pieces.sizes[0]]
    only, kept = pieces.only(np.array([1, 3], np.int32))
    assert only.total == len(kept)
    for number, word in enumerate((1, 3)):
        assert kept[only[number]].tolist() == pieces[word].tolist()
    assert set(only.buckets.tolist()) == set(pieces.buckets[kept[2:] - len(WORDS)].tolist())


@pytest.mark.parametrize(("dimensions", "buckets"), [(7, 300), (2, 2**31 - 1)])
def test_the_start_is_gensim_s_however_many_buckets_there_are(dimensions, buckets):
    """Rows of words and of used buckets begin with the numbers that gensim draws; others take no time and no memory."""
    ngrams = Ngrams(3, 6, buckets)
    start = Parameters.start(len(WORDS), dimensions, 5, Pieces.of(WORDS, ngrams))
    assert start.vectors.shape == (start.pieces.total, dimensions)
    if buckets == 300:
        gensim = FastText(vector_size=dimensions, min_count=1, seed=5, bucket=buckets)
        gensim.build_vocab([WORDS])
        order = [gensim.wv.key_to_index[word] for word in WORDS]
        drawn = gensim.wv.vectors_ngrams[start.pieces.buckets]
        assert start.vectors[len(WORDS) :].tobytes() == drawn.tobytes()
        assert start.vectors[order].tobytes() == gensim.wv.vectors_vocab[np.argsort(np.argsort(order))].tobytes()


def test_a_word_s_vector_is_the_mean_of_its_rows():
    """And its own row can be moved so that the vector becomes any other."""
    start = Parameters.start(len(WORDS), 5, 1, Pieces.of(WORDS, NGRAMS))
    for word, vector in enumerate(start.word_vectors()):
        assert vector == pytest.approx(start.vectors[start.pieces[word]].mean(axis=0), abs=1e-7)
    wanted = np.random.default_rng(0).normal(size=(len(WORDS), 5)).astype(np.float32)
    before = start.vectors.copy()
    start.become(wanted)
    assert start.word_vectors() == pytest.approx(wanted, abs=1e-5)
    assert np.array_equal(start.vectors[len(WORDS) :], before[len(WORDS) :])


def test_a_model_keeps_what_unknown_words_are_made_of(lee_tokens, tmp_path):
    """Its files hold the rows in use only; known words have the vectors that its pieces give them, unknown ones too."""
    train_stage(lee_tokens, StageFolder(tmp_path), VocabularySettings(), SETTINGS)
    model = load_model(tmp_path)
    words, subwords = model.embeddings.words, model.subwords
    used = set(Ngrams(3, 4, 5000).table(words).buckets.tolist())
    assert set(subwords.buckets.tolist()) == used
    assert model.rows.shape == (len(words) + len(used), 8)
    own = np.asarray(model.rows[: len(words)])
    assert subwords.compose(words, own) == pytest.approx(model.embeddings.matrix, abs=1e-6)
    assert "governmentally" not in words
    assert subwords.vector("governmentally").any()


def test_from_text_to_the_vector_of_an_unknown_word(lee_tokens, tmp_path):
    """`firth train --model fasttext` tells of its rows, `firth store` keeps them, and a question may use them."""
    out, db = tmp_path / "model", tmp_path / "firth.db"
    small = ["--vector-size", "8", "--epochs", "1", "--max-n", "4", "--bucket", "5000", "--min-count", "20"]
    said = run("train", lee_tokens, "--out", out, "--model", "fasttext", *small)
    model = load_model(out)
    assert f"rows for pieces of words: {len(model.buckets):,}, of 5,000 buckets" in said
    assert model.manifest.report["buckets"] == len(model.buckets)
    run("store", out, "--name", "lee", "--db", db)
    with Store.open(db) as store:
        (info,) = store.models()
        kept = store.load_subwords(info)
    assert kept.rows.tobytes() == model.subwords.rows.tobytes()
    found = json.loads(run("similar", "governmentally", "--on-missing", "subword", "--db", db, "--json"))
    unit = model.embeddings.matrix / np.linalg.norm(model.embeddings.matrix, axis=1)[:, None]
    cosines = unit @ model.subwords.vector("governmentally")
    assert found["neighbors"][0]["word"] == model.embeddings.words[int(cosines.argmax())]


def test_start_vectors_are_the_words_vectors(lee_tokens, tmp_path):
    """A word of the file starts with the vector there, whatever its pieces start with; another as ever."""
    corpus = TokenCorpus.open(lee_tokens)
    words = corpus.vocabulary(VocabularySettings()).words
    (tmp_path / "start.txt").write_text(f"{words[0]} 1 2 3 4 5 6 7 8\n", "utf-8")
    file = StartVectors.of(tmp_path / "start.txt")
    start = from_file(corpus, VocabularySettings(), SETTINGS, file).start
    usual = Parameters.for_settings(words, SETTINGS)
    assert start.word_vectors()[0] == pytest.approx(np.arange(1, 9), abs=1e-5)
    assert np.array_equal(start.vectors[1:], usual.vectors[1:])


def run(*arguments):
    """Run `firth`; returns what it says."""
    result = CliRunner().invoke(firth, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout
