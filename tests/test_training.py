"""Whole trainings: same bytes, an honest loss, no spoiled vectors, and a clear stop when numbers run away."""

import dataclasses
import math

import numpy as np
import pytest

from pipeline.model_choice import ONLY_GLOVE, PIECES
from pipeline.models import cbow, fasttext, hierarchical_softmax, negative_sampling, skip_gram, softmax
from pipeline.settings import TokenSettings, TrainSettings, VocabularySettings
from pipeline.stages import StageFolder
from pipeline.text.token_files import TokenCorpus
from pipeline.text.tokenizing import tokenize
from pipeline.training.batches import BatchMaker
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.model import load_model
from pipeline.training.parameters import Parameters
from pipeline.training.reference import ReferenceTrainer
from pipeline.training.schedule import learning_rate
from pipeline.training.stage import train_stage
from pipeline.training.training import train
from storage.errors import Diverged, InputError, SettingError
from tests.varied import in_precision, random_parameters, varied

ALL_WORDS = VocabularySettings(min_count=1)
SMALL = TrainSettings(vector_size=16, epochs=2, sample=1e-2)


def train_on(corpus, settings=SMALL, **options):
    """Train on every word of a corpus."""
    return train(corpus, corpus.vocabulary(ALL_WORDS), settings, **options)


def small(objective, **changes):
    """The small settings for a trainer."""
    return varied(SMALL, **objective, **changes)


@pytest.fixture(scope="module")
def lines(lee_text):
    """Real text, a story a line."""
    return lee_text.read_text("utf-8").splitlines()


def batches_of(corpus, vocabulary, settings):
    """What is trained, and the batches of a training's first epoch."""
    maker = BatchMaker(vocabulary.counts, settings)
    return maker.objective, list(maker.epoch(corpus.chunks(len(vocabulary)), 0))


def test_the_same_seed_gives_the_same_bytes(corpus_of, lines, objective):
    """Two trainings with equal arguments end in equal bytes; another seed does not."""
    corpus = corpus_of(lines[:30])
    first, again = (train_on(corpus, small(objective)) for _ in range(2))
    other = train_on(corpus, small(objective, seed=2))
    assert first.parameters.vectors.tobytes() == again.parameters.vectors.tobytes()
    assert first.parameters.contexts.tobytes() == again.parameters.contexts.tobytes()
    assert first.losses == again.losses
    assert first.parameters.vectors.tobytes() != other.parameters.vectors.tobytes()


OTHER = {"vector_size": 8, "window": 2, "negative": 3, "ns_exponent": 0.5, "sample": 1e-3, "alpha": 0.05}
OTHER |= {"min_alpha": 0.01, "epochs": 3, "seed": 5, "architecture": "cbow", "loss": "hs", "shrink_windows": False}
OTHER |= {"cbow_mean": False, "model": "fasttext", "min_n": 2, "max_n": 4, "bucket": 500}


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(TrainSettings) if field.name in OTHER])
def test_every_setting_matters(corpus_of, lines, name):
    """No setting of the training is ignored: another value gives other bytes."""
    assert set(OTHER) == {field.name for field in dataclasses.fields(TrainSettings)} - set(ONLY_GLOVE)
    corpus = corpus_of(lines[:20])
    bases = {"cbow_mean": varied(SMALL, model="cbow")} | dict.fromkeys(PIECES, varied(SMALL, model="fasttext"))
    base = bases.get(name, SMALL)
    usual, other = (train_on(corpus, varied(base, **change)) for change in ({}, {name: OTHER[name]}))
    assert usual.parameters.vectors.tobytes() != other.parameters.vectors.tobytes()


def test_the_trainers_differ(corpus_of, lines, objectives):
    """Each trainer learns something of its own."""
    corpus = corpus_of(lines[:10])
    learned = {train_on(corpus, small(objective)).parameters.vectors.tobytes() for objective in objectives}
    assert len(learned) == len(objectives)


def test_both_trainers_stay_together_over_a_whole_epoch(corpus_of, lines, objective):
    """Reference and fast trainer, given the same batches, are still together after a whole epoch of real text."""
    corpus = corpus_of(lines[:15])
    vocabulary = corpus.vocabulary(VocabularySettings(min_count=3))
    settings = small(objective, epochs=1, alpha=0.05)
    fast = train(corpus, vocabulary, settings)
    start = Parameters.for_settings(vocabulary.words, settings)
    parameters, total, pairs = start.as_float64(), 0.0, 0
    what, batches = batches_of(corpus, vocabulary, settings)
    for batch in batches:
        total += ReferenceTrainer(what).step(parameters, batch, learning_rate(settings, batch.progress))
        pairs += batch.pairs
    for name in ("vectors", "contexts"):
        end = getattr(parameters, name)
        moved = np.abs(end - getattr(start, name)).max()
        assert np.abs(getattr(fast.parameters, name) - end).max() < 1e-4 * moved
    assert fast.losses[0] == pytest.approx(total / pairs, rel=1e-6)
    assert fast.pairs == (pairs,)


class FrozenTrainer:
    """Measures and moves nothing, so that every batch is scored at the same parameters."""

    def __init__(self, what, start):
        self._fast, self._start = FastTrainer(what), start

    def step(self, parameters, batch, rate):
        """Score by the fast trainer, then put the parameters back."""
        parameters.vectors[:], parameters.contexts[:] = self._start.vectors, self._start.contexts
        return self._fast.step(parameters, batch, rate)


def noise_of(batch, lane, n):
    """The noise words of a center's group."""
    return batch.drawn.words[lane, batch.group(n)]


def loss_of_pair(what, u, h, target, noise):
    """The loss of an input vector with one target, from `pipeline.models`."""
    if what.loss == "softmax":
        return softmax.loss(h, u, target)
    if what.loss == "hs":
        points, codes = what.tree.path(target)
        return hierarchical_softmax.loss(h, u[points], codes.astype(float))
    labels, weights = (np.append(1.0, np.full(len(noise), value)) for value in (0.0, SMALL.negative / len(noise)))
    return negative_sampling.loss(h, u[[target, *noise]], labels, weights)


def input_vector(what, v, pieces, center, contexts):
    """What a center's targets are scored with, from `pipeline.models`."""
    inputs = [center] if what.architecture == "skipgram" else contexts
    if pieces:
        return fasttext.forward(v[[row for word in inputs for row in pieces[word]]], what.mean)
    return skip_gram.forward(v[inputs]) if what.architecture == "skipgram" else cbow.forward(v[inputs], what.mean)


def brute_force_losses(what, parameters, batch):
    """The loss of every pair of an input and a target, one by one in float64, and how much the pair counts."""
    v, u = (matrix.astype(np.float64) for matrix in (parameters.vectors, parameters.contexts))
    for lane, n in np.ndindex(batch.centers.shape):
        contexts = batch.tokens[lane, n + np.flatnonzero(batch.positive[lane, n])]
        if len(contexts) == 0:
            continue
        center, noise = batch.centers[lane, n], noise_of(batch, lane, n) if what.loss == "ns" else ()
        h = input_vector(what, v, parameters.pieces, center, contexts)
        weights = [batch.targets.weight(place) for place in np.flatnonzero(batch.targets.present[lane, n])]
        targets = contexts if what.architecture == "skipgram" else [center]
        for target, weight in zip(targets, weights, strict=True):
            yield weight * loss_of_pair(what, u, h, target, noise), weight


def test_the_reported_loss_is_the_mean_over_every_pair(corpus_of, lines, objective):
    """The epoch's loss equals a brute-force mean over its pairs in float64 to 1e-6, with no pair left out."""
    corpus = corpus_of(lines[:10])
    vocabulary = corpus.vocabulary(ALL_WORDS)
    random = np.random.default_rng(3)
    start = in_precision(random_parameters(random, 0.4, vocabulary.words, 16, objective), np.float32)
    settings = small(objective, epochs=1)
    what, batches = batches_of(corpus, vocabulary, settings)
    reported = train(corpus, vocabulary, settings, trainer=FrozenTrainer(what, start))
    found = [each for batch in batches for each in brute_force_losses(what, start, batch)]
    loss, pairs = (math.fsum(values) for values in zip(*found, strict=True))
    assert reported.pairs == pytest.approx((pairs,), rel=1e-12)
    assert reported.losses[0] == pytest.approx(loss / pairs, abs=1e-6)


def test_loss_starts_at_the_value_of_knowing_nothing(corpus_of, lines, objective):
    """With contexts of zero every score is 0.

    So a pair costs (1 + negative) log 2 in negative sampling, log 2 for each node on its target's path in hierarchical
    softmax, and log V in full softmax.
    """
    seen = []
    corpus = corpus_of(lines[:20])
    vocabulary = corpus.vocabulary(ALL_WORDS)
    settings = small(objective, epochs=1, alpha=1e-9, min_alpha=1e-9)
    trained = train(corpus, vocabulary, settings, report=seen.append)
    what, batches = batches_of(corpus, vocabulary, settings)
    expected = {"ns": 6 * math.log(2), "softmax": math.log(len(vocabulary))}
    if what.tree:
        words, weights = zip(*(pair for batch in batches for pair in targets_of(batch)), strict=True)
        expected["hs"] = np.average(what.tree.lengths[list(words)], weights=weights) * math.log(2)
    assert trained.losses[0] == pytest.approx(expected[what.loss], rel=1e-6)
    assert seen[-1].tokens == seen[-1].total_tokens
    assert seen[-1].loss == trained.losses[-1]


def targets_of(batch):
    """The target word of each pair of a batch, and how much the pair counts."""
    lanes, inputs, places = np.nonzero(batch.targets.present)
    words = batch.targets.words[lanes, inputs + places].tolist()
    return zip(words, map(batch.targets.weight, places.tolist()), strict=True)


def usual_pieces(objective):
    """The objective, of whose pieces not all have to share a few buckets."""
    return {name: value for name, value in objective.items() if name not in PIECES}


def test_loss_falls_on_real_text(corpus_of, lines, objective):
    """Each epoch over news stories is better predicted than the one before."""
    trained = train_on(corpus_of(lines[:60]), small(usual_pieces(objective), epochs=4, alpha=0.1))
    assert list(trained.losses) == sorted(trained.losses, reverse=True)


def hostile_lines(lines):
    """Real text with bursts: one word thousands of times, one line repeated, a list of 50 words cycling."""
    cycle = " ".join(f"item{number}" for number in range(50))
    return [*lines[:20], "lisp " * 20_000, *lines[20:40], *["row after row of the same table"] * 3_000, *[cycle] * 400]


BURSTS = {"lisp", "row", "after", "of", "the", "same", "table", *(f"item{number}" for number in range(50))}


def test_bursts_of_one_word_harm_nothing(corpus_of, lines, objective):
    """On a text made of bursts norms stay bounded, and words outside the bursts keep usual lengths."""
    corpus = corpus_of(hostile_lines(lines))
    vocabulary = corpus.vocabulary(VocabularySettings(min_count=2))
    trained = train(corpus, vocabulary, TrainSettings(vector_size=50, epochs=5, **usual_pieces(objective)))
    matrices = trained.parameters.word_vectors(), trained.parameters.contexts
    norms, output_norms = (np.linalg.norm(matrix, axis=1) for matrix in matrices)
    calm = norms[[word not in BURSTS for word in vocabulary.words]]
    assert np.isfinite(trained.losses).all()
    assert max(norms.max(), output_norms.max()) < 15
    assert calm.max() < 10
    assert np.median(calm) < 2


@pytest.mark.parametrize("alpha", [0.1, 1.0, 10.0])
def test_no_learning_rate_breaks_the_numbers(corpus_of, lines, objective, alpha):
    """Even a learning rate 400 times too high gives finite vectors of bounded length: no row can leap."""
    trained = train_on(corpus_of(lines[:60]), small(objective, alpha=alpha))
    assert np.isfinite(trained.losses).all()
    assert trained.largest_norm < 25


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
def test_the_smallest_vocabularies_train(corpus_of, words, objective):
    """Texts of one, two or three different words, whose every context is also their noise, stay bounded."""
    corpus = corpus_of([" ".join(["one", "two", "three"][:words] * 50)] * 100)
    trained = train_on(corpus, TrainSettings(vector_size=8, epochs=3, **objective))
    assert len(trained.parameters.word_vectors()) == words
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


def test_full_softmax_over_too_many_words_is_refused_with_the_number():
    """Where a step would need more than the stated memory, nothing is allocated, and the message says how much."""
    settings = TrainSettings(loss="softmax", vector_size=300)
    with pytest.raises(SettingError, match=r"over 1,000,000 words needs 5\.3 GB .* more than 1 GB; .*--max-vocab-size"):
        BatchMaker(np.ones(1_000_000, np.int64), settings)
    BatchMaker(np.ones(100_000, np.int64), settings)
