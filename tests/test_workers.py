"""Trainings with several processes: what is the same as with one, what is not, and what is said of either."""

import contextlib
import itertools
import math
from types import SimpleNamespace

import pytest

from pipeline.settings import TrainSettings, VocabularySettings, WorkerSettings
from pipeline.stages import StageFolder
from pipeline.training import ledger
from pipeline.training.checkpoint import Checkpoints
from pipeline.training.crew import Done, Solo
from pipeline.training.divergence import TIMES, Bounds
from pipeline.training.keeping import Keeping
from pipeline.training.ledger import Ledger
from pipeline.training.objective import Objective
from pipeline.training.parameters import Parameters
from pipeline.training.position import Position
from pipeline.training.stage import train_stage
from pipeline.training.training import train
from pipeline.training.wishes import Wishes
from storage.errors import Diverged, Interrupted

SMALL = TrainSettings(vector_size=16, epochs=2, sample=1e-2)
OBJECTIVES = [(architecture, loss) for architecture in ("skipgram", "cbow") for loss in ("ns", "hs", "softmax")]


@pytest.fixture(scope="module")
def text(lee_text, tmp_path_factory):
    """The stories three times: enough for several chunks and parts, and the words of it."""
    from pipeline.settings import TokenSettings
    from pipeline.text.token_files import TokenCorpus
    from pipeline.text.tokenizing import tokenize

    folder = tmp_path_factory.mktemp("three")
    tokenize(StageFolder(folder), [str(lee_text)] * 3, TokenSettings())
    corpus = TokenCorpus.open(folder)
    return corpus, corpus.vocabulary(VocabularySettings())


@pytest.fixture(scope="module")
def alone(text):
    """What one process makes of it."""
    return train(*text, SMALL)


@pytest.mark.parametrize("workers", [2, 3])
def test_deterministic_workers_give_the_bytes_of_one(text, alone, workers):
    """However many share the shards, both matrices and the losses are those of one process; no pair is left out."""
    one = train(*text, SMALL, deterministic=True)
    together = train(*text, SMALL, workers=workers, deterministic=True)
    assert together.parameters.vectors.tobytes() == one.parameters.vectors.tobytes()
    assert together.parameters.contexts.tobytes() == one.parameters.contexts.tobytes()
    assert together.losses == one.losses
    assert together.pairs == one.pairs == alone.pairs


def test_free_running_workers_count_every_pair(text, alone):
    """Who runs freely meets the very pairs of one process, and loses about as much on them."""
    free = train(*text, SMALL, workers=2)
    assert free.pairs == alone.pairs
    assert free.losses == pytest.approx(alone.losses, rel=0.05)


@pytest.mark.parametrize("options", [{}, {"workers": 2, "deterministic": True}, {"workers": 2}])
def test_progress_never_goes_back(text, monkeypatch, options):
    """Report by report the tokens grow and the learning rate falls, to the end; the loss is that of its epoch."""
    monkeypatch.setattr(ledger, "REPORT_SECONDS", 0.0)
    seen = []
    trained = train(*text, SMALL, report=seen.append, **options)
    assert all(now.tokens <= after.tokens for now, after in itertools.pairwise(seen))
    assert all(now.alpha >= after.alpha > 0 for now, after in itertools.pairwise(seen))
    assert seen[-1].tokens == seen[-1].total_tokens
    assert [[now.loss for now in seen if now.epoch == epoch][-1] for epoch in (1, 2)] == list(trained.losses)


def test_the_recent_loss_is_the_mean_since_the_last_report(monkeypatch):
    """Each report has the mean over the epoch so far, and over the pairs that came after the report before."""
    monkeypatch.setattr(ledger, "REPORT_SECONDS", -1.0)
    seen = []
    book = Ledger(SMALL, 1000, Position(), seen.append)
    for loss, pairs in ((10.0, 2), (0.0, 0), (9.0, 3)):
        book.take(Done(loss, pairs, 0.1, 0.01))
    assert [now.recent_loss for now in seen] == [5.0, 5.0, 3.0]
    assert [now.loss for now in seen] == [5.0, 5.0, 19 / 5]


def test_a_resumed_training_claims_only_its_own_words(monkeypatch):
    """Words per second are those of this process; seconds are those of all."""
    now = [50.0]
    monkeypatch.setattr(ledger.time, "perf_counter", lambda: now[0])
    book = Ledger(SMALL, 1000, Position(progress=0.75, epoch=1, seconds=30.0))
    assert book.words_per_s == 0
    now[0] += 10.0
    book.take(Done(1.0, 1, 0.8, 0.01))
    assert book.words_per_s == pytest.approx(100 / 10)
    assert book.seconds == 40.0


@pytest.mark.parametrize(("architecture", "loss"), OBJECTIVES)
def test_the_loss_of_knowing_nothing_fits_the_objective(text, architecture, loss):
    """Where nothing is learned, the mean loss is the one by which divergence is judged."""
    corpus, vocabulary = text[0], text[0].vocabulary(VocabularySettings(min_count=60))
    still = TrainSettings(
        architecture=architecture, loss=loss, vector_size=2, window=1, epochs=1, alpha=1e-9, min_alpha=1e-9, sample=1e-2
    )
    trained = train(corpus, vocabulary, still)
    assert trained.ignorance == pytest.approx(trained.losses[0], rel=0.01 if loss == "hs" else 1e-6)


@pytest.mark.parametrize(("architecture", "loss"), OBJECTIVES)
def test_divergence_is_judged_by_the_objective(text, architecture, loss):
    """A little below the bound training goes on; above it, or where nothing is a number, it ends and names --alpha."""
    settings = TrainSettings(architecture=architecture, loss=loss, vector_size=2, epochs=1)
    counts = text[1].counts
    bounds = Bounds.of(Objective.of(settings, counts), settings, counts)
    assert bounds.most >= TIMES * bounds.ignorance
    bounds.check(0.99 * bounds.most, 0, 0.1)
    for broken in (1.01 * bounds.most, math.inf, math.nan):
        with pytest.raises(Diverged, match=r"lower --alpha \(now 0.025\)"):
            bounds.check(broken, 0, 0.1)


def test_a_late_divergence_is_seen_in_its_own_part(text):
    """After many sound pairs a part that runs away ends the training, though the epoch's mean still looks sound."""
    corpus, vocabulary = text

    class LateTrainer:
        def __init__(self):
            self.steps = 0

        def step(self, _parameters, batch, _rate):
            """Lose little, and far too much in the second epoch's last part."""
            self.steps += 1
            return batch.pairs * (20.0 if self.steps > 500 else 0.1)

    settings = TrainSettings(vector_size=2, epochs=2)
    maker = Solo(settings, vocabulary.counts, Parameters.start(len(vocabulary), 2, 1)).maker
    steps = sum(1 for _ in maker.epoch(corpus.chunks(len(vocabulary)), 0))
    late = LateTrainer()
    late.steps = 500 - 2 * steps + 20  # the last twenty of two epochs
    with pytest.raises(Diverged, match="epoch 2 the mean loss is 20"):
        train(corpus, vocabulary, settings, trainer=late)


def test_the_scheme_belongs_to_the_key(lee_tokens, tmp_path):
    """One process, shards and free running are other trainings; the manifest says whose bytes can be made again."""
    folder, settings = StageFolder(tmp_path / "model"), TrainSettings(vector_size=4, epochs=1)

    def trained_with(**work):
        manifest, ran = train_stage(
            lee_tokens, folder, VocabularySettings(), settings, wishes=Wishes(work=WorkerSettings(**work))
        )
        return ran, manifest.report["workers"], manifest.report["reproducible"]

    assert trained_with() == (True, 1, True)
    assert trained_with(workers=2, deterministic=True) == (True, 2, True)
    assert trained_with(deterministic=True) == (False, 2, True)
    assert trained_with(workers=2) == (True, 2, False)
    assert trained_with(workers=3) == (False, 2, False)
    assert trained_with() == (True, 1, True)


def test_a_free_running_training_goes_on_too(text, tmp_path):
    """Left after each round of parts and taken up again, it meets every pair once."""
    whole = train(*text, SMALL, workers=2)
    training = {"key": "k", "settings": {}, "inputs": {}, "code": {}}
    checkpoints, left, trained = Checkpoints(tmp_path, 1, training), 0, None
    while trained is None:
        stop = SimpleNamespace(number=None if left == 3 else 2)
        with contextlib.suppress(Interrupted):
            trained = train(*text, SMALL, workers=2, keeping=Keeping(checkpoints, checkpoints.load(), stop))
        left += 1
    assert left == 4
    assert trained.pairs == whole.pairs
    assert trained.losses == pytest.approx(whole.losses, rel=0.05)


def test_a_text_s_own_number_of_tokens_makes_the_schedule(text):
    """Where the counts are not those of the text, the learning rate still falls to its end, with every crew."""
    corpus, vocabulary = text
    settings = TrainSettings(vector_size=4, window=2, epochs=2, sample=1e-2)
    seen = []
    doubled = type(vocabulary)(vocabulary.words, vocabulary.counts * 2)
    tokens = int(vocabulary.counts.sum())
    train(corpus, doubled, settings, tokens=tokens, report=seen.append)
    assert seen[-1].total_tokens == 2 * tokens
    assert seen[-1].alpha == pytest.approx(settings.min_alpha, abs=0.02 * settings.alpha)
    once = train(corpus, doubled, settings, tokens=tokens, deterministic=True)
    again = train(corpus, doubled, settings, tokens=tokens, workers=2, deterministic=True)
    assert again.parameters.vectors.tobytes() == once.parameters.vectors.tobytes()
