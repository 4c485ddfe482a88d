"""Whole trainings: same bytes, an honest loss, no spoiled vectors, and a clear stop when numbers run away."""

import dataclasses
import math

import numpy as np
import pytest

from pipeline.models import negative_sampling
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import Chunk, TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.training.batches import BatchMaker
from pipeline.training.fast import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer
from pipeline.training.stage import load_model, train_stage
from pipeline.training.training import learning_rate, train
from storage.errors import Diverged, InputError

ALL_WORDS = VocabularySettings(min_count=1)
SMALL = TrainSettings(vector_size=16, epochs=2, sample=1e-2)


def train_on(corpus, settings=SMALL, **options):
    """Train on every word of a corpus."""
    return train(corpus, corpus.vocabulary(ALL_WORDS), settings, **options)


def test_the_same_seed_gives_the_same_bytes(lee_tokens):
    """Two trainings with equal arguments end in equal bytes; another seed does not."""
    corpus = TokenCorpus.open(lee_tokens)
    first, again = train_on(corpus), train_on(corpus)
    other = train_on(corpus, TrainSettings(**{**SMALL.as_dict(), "seed": 2}))
    assert first.parameters.vectors.tobytes() == again.parameters.vectors.tobytes()
    assert first.parameters.contexts.tobytes() == again.parameters.contexts.tobytes()
    assert first.losses == again.losses
    assert first.parameters.vectors.tobytes() != other.parameters.vectors.tobytes()


OTHER = {"vector_size": 8, "window": 2, "negative": 3, "ns_exponent": 0.5, "sample": 1e-3, "alpha": 0.05}
OTHER |= {"min_alpha": 0.01, "epochs": 3, "seed": 5}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(TrainSettings)])
def test_every_setting_matters(corpus_of, lee_text, name):
    """No setting of the training is ignored: another value gives other bytes."""
    corpus = corpus_of(lee_text.read_text("utf-8").splitlines()[:20])
    usual, other = (train_on(corpus, dataclasses.replace(SMALL, **change)) for change in ({}, {name: OTHER[name]}))
    assert usual.parameters.vectors.tobytes() != other.parameters.vectors.tobytes()


def test_a_score_beyond_the_range_of_exp_that_is_no_pair_harms_nothing():
    """Only pairs count: a place outside every window may score what it likes."""
    ids = np.arange(2, dtype=np.int32)
    maker = BatchMaker(np.array([1, 1]), TrainSettings(window=1, sample=0))
    (batch,) = maker.epoch([Chunk(ids, np.arange(2), 0)], 0)  # two sentences of one word: no pair
    huge = Parameters(*np.full((2, 2, 4), 100, np.float32))
    with np.errstate(over="ignore", invalid="ignore"):
        assert FastTrainer().step(huge, batch, 0.1) == 0


def test_both_trainers_stay_together_over_a_whole_epoch(corpus_of, lee_text):
    """Reference and fast trainer, given the same batches, are still together after a whole epoch of real text."""
    corpus = corpus_of(lee_text.read_text("utf-8").splitlines()[:40])
    vocabulary = corpus.vocabulary(ALL_WORDS)
    settings = TrainSettings(vector_size=16, epochs=1, sample=1e-2, alpha=0.05)
    fast = train(corpus, vocabulary, settings)
    parameters, total, pairs = Parameters.start(len(vocabulary), 16, settings.seed).as_float64(), 0.0, 0
    for batch in BatchMaker(vocabulary.counts, settings).epoch(corpus.chunks(len(vocabulary)), 0):
        total += ReferenceTrainer().step(parameters, batch, learning_rate(settings, batch.progress))
        pairs += batch.pairs
    moved = np.abs(parameters.vectors - Parameters.start(len(vocabulary), 16, settings.seed).vectors).max()
    assert np.abs(fast.parameters.vectors - parameters.vectors).max() < 1e-4 * moved
    assert fast.losses[0] == pytest.approx(total / pairs, rel=1e-6)
    assert fast.pairs == (pairs,)


class FrozenTrainer:
    """Measures and moves nothing, so that every batch is scored at the same parameters."""

    def __init__(self, parameters):
        self._fast, self._start = FastTrainer(), parameters

    def step(self, parameters, batch, rate):
        """Score by the fast trainer, then put the parameters back."""
        parameters.vectors[:], parameters.contexts[:] = self._start.vectors, self._start.contexts
        return self._fast.step(parameters, batch, rate)


def test_the_reported_loss_is_the_mean_over_every_pair(corpus_of, lee_text):
    """The epoch's loss equals a brute-force mean over its pairs in float64 to 1e-6, with no pair left out."""
    corpus = corpus_of(lee_text.read_text("utf-8").splitlines()[:15])
    vocabulary = corpus.vocabulary(ALL_WORDS)
    random = np.random.default_rng(3)
    start = Parameters(*random.normal(0, 0.7, (2, len(vocabulary), 16)).astype(np.float32))
    settings = TrainSettings(vector_size=16, epochs=1, sample=1e-2)
    reported = train(corpus, vocabulary, settings, trainer=FrozenTrainer(start))
    total, pairs, v, u = 0.0, 0, *(matrix.astype(np.float64) for matrix in (start.vectors, start.contexts))
    for batch in BatchMaker(vocabulary.counts, settings).epoch(corpus.chunks(len(vocabulary)), 0):
        for n, o in np.argwhere(batch.positive):
            center, noise = batch.centers[n], batch.noise[n // batch.group]
            total -= negative_sampling.log_sigmoid(u[batch.tokens[n + o]] @ v[center])
            total -= settings.negative * negative_sampling.log_sigmoid(-(u[noise] @ v[center])).mean()
            pairs += 1
    assert reported.pairs == (pairs,)
    assert reported.losses[0] == pytest.approx(total / pairs, abs=1e-6)


def test_loss_starts_at_the_value_of_knowing_nothing(lee_tokens):
    """With contexts of zero every score is 0, so the first pairs cost (1 + negative) log 2 each."""
    seen = []
    corpus = TokenCorpus.open(lee_tokens)
    tiny = TrainSettings(vector_size=4, epochs=1, alpha=1e-9, min_alpha=1e-9)
    trained = train(corpus, corpus.vocabulary(VocabularySettings()), tiny, report=seen.append)
    assert trained.losses[0] == pytest.approx(6 * math.log(2), rel=1e-6)
    assert seen[-1].tokens == seen[-1].total_tokens
    assert seen[-1].loss == trained.losses[-1]


def test_loss_falls_on_real_text(lee_tokens):
    """Each epoch over the news stories is better predicted than the one before."""
    corpus = TokenCorpus.open(lee_tokens)
    trained = train_on(corpus, TrainSettings(vector_size=16, epochs=4, sample=1e-2))
    assert list(trained.losses) == sorted(trained.losses, reverse=True)


def hostile_lines(lines):
    """Real text with bursts: one word thousands of times, one line repeated, a list of 50 words cycling."""
    cycle = " ".join(f"item{number}" for number in range(50))
    return [*lines[:20], "lisp " * 20_000, *lines[20:40], *["row after row of the same table"] * 3_000, *[cycle] * 400]


def test_bursts_of_one_word_harm_nothing(corpus_of, lee_text):
    """On a text made of bursts norms stay bounded, and words outside the bursts keep usual lengths."""
    lines = lee_text.read_text("utf-8").splitlines()
    corpus = corpus_of(hostile_lines(lines))
    vocabulary = corpus.vocabulary(VocabularySettings(min_count=2))
    trained = train(corpus, vocabulary, TrainSettings(vector_size=50, epochs=5))
    norms = np.linalg.norm(trained.parameters.vectors, axis=1)
    calm_words = vocabulary.ids.keys() - {"lisp", "row", "after", "of", "the", "same", "table"}
    calm = norms[[vocabulary.ids[word] for word in calm_words if not word.startswith("item")]]
    assert np.isfinite(trained.losses).all()
    assert norms.max() < 15
    assert calm.max() < 5


@pytest.mark.parametrize("alpha", [0.1, 1.0, 10.0])
def test_no_learning_rate_breaks_the_numbers(lee_tokens, alpha):
    """Even a learning rate 400 times too high gives finite vectors of bounded length: no row can leap."""
    trained = train_on(TokenCorpus.open(lee_tokens), TrainSettings(vector_size=16, alpha=alpha, epochs=2))
    assert np.isfinite(trained.losses).all()
    assert trained.largest_norm < 10


@pytest.mark.parametrize("loss", [math.nan, math.inf, 1e12])
def test_a_diverging_trainer_is_stopped_and_told_what_to_lower(lee_tokens, loss):
    """A loss that is not finite, or far above that of knowing nothing, ends the run with the setting to lower."""

    class Diverging:
        def step(self, *_):
            """Report a loss that only a broken run has."""
            return loss

    with pytest.raises(Diverged, match="--alpha"):
        train_on(TokenCorpus.open(lee_tokens), trainer=Diverging())


@pytest.mark.parametrize("words", [1, 2, 3])
def test_the_smallest_vocabularies_train(corpus_of, words):
    """Texts of one, two or three different words, whose every context is also their noise, stay bounded."""
    corpus = corpus_of([" ".join(["one", "two", "three"][:words] * 50)] * 100)
    trained = train_on(corpus, TrainSettings(vector_size=8, epochs=3))
    assert len(trained.parameters.vectors) == words
    assert trained.largest_norm < 5


def test_an_unchanged_training_is_not_run_again(lee_tokens, tmp_path):
    """The same tokens and settings are current; a changed setting trains again; --force always does."""
    folder = StageFolder(tmp_path / "model")
    first, ran = train_stage(lee_tokens, folder, VocabularySettings(), SMALL)
    assert ran
    assert train_stage(lee_tokens, folder, VocabularySettings(), SMALL) == (first, False)
    assert train_stage(lee_tokens, folder, VocabularySettings(), SMALL, force=True)[1]
    assert train_stage(lee_tokens, folder, VocabularySettings(min_count=6), SMALL)[1]


def test_a_model_and_its_tokens_can_move_together(lee_text, tmp_path):
    """After the work folder is renamed the model finds its tokens; tokens that moved alone are noted when found."""
    work = tmp_path / "work"
    tokenize(StageFolder(work / "tokens"), [str(lee_text)], TokenSettings())
    train_stage(work / "tokens", StageFolder(work / "model"), VocabularySettings(), SMALL)
    moved = work.rename(tmp_path / "moved")
    assert load_model(moved / "model").tokens == moved / "tokens"
    elsewhere = (moved / "tokens").rename(tmp_path / "elsewhere")
    assert not train_stage(elsewhere, StageFolder(moved / "model"), VocabularySettings(), SMALL)[1]
    assert load_model(moved / "model").tokens == elsewhere


def test_a_text_without_pairs_is_refused(corpus_of):
    """Where every sentence holds one word there is nothing to learn, and no vectors come out."""
    with pytest.raises(InputError, match="nothing to learn"):
        train_on(corpus_of(["alone"] * 10))


def test_a_stored_model_is_what_was_trained(lee_model, lee_tokens):
    """load_model gives back words, counts and both matrices, byte for byte."""
    corpus = TokenCorpus.open(lee_tokens)
    vocabulary = corpus.vocabulary(VocabularySettings())
    trained = train(corpus, vocabulary, SMALL)
    assert lee_model.embeddings.words == vocabulary.words
    assert (lee_model.embeddings.counts == vocabulary.counts).all()
    assert lee_model.embeddings.matrix.tobytes() == trained.parameters.vectors.tobytes()
    assert lee_model.contexts.tobytes() == trained.parameters.contexts.tobytes()
    assert lee_model.tokens == lee_tokens.resolve()


def test_a_damaged_model_is_refused(lee_tokens, tmp_path):
    """A cut-off matrix is named, with the command that mends it."""
    folder = StageFolder(tmp_path / "model")
    manifest, _ = train_stage(lee_tokens, folder, VocabularySettings(), SMALL)
    file = folder.data(manifest) / "vectors.npy"
    file.write_bytes(file.read_bytes()[:-10])
    with pytest.raises(InputError, match="firth train"):
        load_model(folder.path)
