"""Several processes: the same bytes in shards, every pair once when free, and an end when one of them dies."""

import multiprocessing
import signal
from functools import partial

import numpy as np
import pytest

from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training import batches
from pipeline.training.crew import Solo, crew_for
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.team import free
from pipeline.training.team.free import FreeForeman
from pipeline.training.team.shards import SHARDS, Shard, ShardForeman
from storage.errors import FirthError
from tests.varied import in_precision, random_parameters

D = 16


class Text:
    """News stories as a crew meets them: in several parts, at least three rounds of two."""

    def __init__(self, tokens, **changes):
        self.tokens, self._corpus = tokens, TokenCorpus.open(tokens)
        self.vocabulary = self._corpus.vocabulary(VocabularySettings(min_count=20))
        self.settings = TrainSettings(**{"vector_size": D, "epochs": 1, **changes})

    def start(self):
        """Parameters whose scores are not all 0."""
        random = np.random.default_rng(1)
        made = random_parameters(random, 0.2, self.vocabulary.words, D, self.settings.as_dict())
        return in_precision(made, np.float32)

    def solo(self, start=None):
        """One process."""
        return Solo(self.settings, self.vocabulary.counts, start or self.start())

    def team(self, size=2, deterministic=True, start=None):
        """Several."""
        return crew_for(size, deterministic, self.settings, self.vocabulary.counts, start or self.start())

    def epoch(self, crew, skip=0):
        """What the crew says of its steps."""
        return crew.epoch(self.chunks(), 0, skip)

    def chunks(self):
        """Its tokens."""
        return self._corpus.chunks(len(self.vocabulary))


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """A part is some 3,000 centers, so that a small text has several."""
    monkeypatch.setattr(batches, "PLACES_AT_ONCE", 3000 * 11)
    monkeypatch.setattr(free, "PARTS_OF_A_ROUND", 1)


@pytest.fixture(autouse=True)
def no_hanging():
    """A team that waits for ever is a failure, not a test run without an end."""

    def give_up(*_):
        raise TimeoutError("the team hangs")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(300)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def text(lee_tokens):
    """The stories, with the usual trainer."""
    return Text(lee_tokens)


def copy(parameters):
    """The same numbers in memory of their own."""
    return in_precision(parameters, np.float32)


def all_bytes(parameters):
    """Both matrices."""
    return parameters.vectors.tobytes(), parameters.contexts.tobytes()


def steps_of(found):
    """Loss, pairs, progress and rate of every step with pairs; what only tells that parts are done has none."""
    return [tuple(done)[:4] for done in found if done.pairs]


def test_any_number_of_processes_gives_the_same_bytes(lee_tokens, objective):
    """One process that does both shards and two that do one each report the same and end in the same bytes."""
    text = Text(lee_tokens, **objective)
    with text.team(size=1) as one, text.team() as two:
        assert steps_of(text.epoch(one)) == steps_of(text.epoch(two))
        assert all_bytes(one.parameters) == all_bytes(two.parameters) != all_bytes(text.start())


def test_no_more_processes_than_shards(text):
    """What more than two processes are asked for is done by two, with the same bytes."""
    with text.team(size=1) as one, text.team(size=100) as team:
        assert len(multiprocessing.active_children()) == SHARDS - 1
        assert steps_of(text.epoch(one)) == steps_of(text.epoch(team))
        assert all_bytes(one.parameters) == all_bytes(team.parameters)


def test_shards_learn_what_steps_in_turn_learn(lee_tokens):
    """Two shards meet the pairs that one process meets, and at a small rate they move the parameters alike."""
    text = Text(lee_tokens, alpha=1e-5, min_alpha=1e-5)
    with text.solo() as alone, text.team(size=1) as shards:
        assert totals(text.epoch(alone))[1] == totals(text.epoch(shards))[1]
        start = text.start()
        for name in ("vectors", "contexts"):
            moved, also = (getattr(crew.parameters, name) - getattr(start, name) for crew in (alone, shards))
            assert np.linalg.norm(also - moved) < 0.01 * np.linalg.norm(moved)


def test_a_shard_alone_moves_what_its_steps_move(text, objective):
    """A shard's copy is of all the rows that its steps meet: by itself it moves the parameters as the steps do."""
    text = Text(text.tokens, **objective)
    with text.solo() as crew:
        part = next(crew.maker.parts(text.chunks(), 0))
        shared, trainer = copy(crew.parameters), FastTrainer(crew.maker.objective)
        shard = Shard(shared, crew.maker.steps(part))
        found = list(shard.train(trainer, text.settings))
        assert all_bytes(shared) == all_bytes(crew.parameters)
        shard.subtract()
        shard.add()
        for batch, done in zip(crew.maker.steps(part), found, strict=True):
            assert trainer.step(crew.parameters, batch, done.rate) == done.loss
    for name in ("vectors", "contexts"):
        assert getattr(shared, name) == pytest.approx(getattr(crew.parameters, name), abs=1e-6)


def test_a_round_adds_what_each_shard_moves(lee_tokens, objective):
    """The first two parts are each trained from the start as one process alone trains them, and their moves added."""
    text = Text(lee_tokens, **objective)
    start = text.start()
    wanted, losses = copy(start), []
    for number in range(SHARDS):
        with text.solo() as crew:
            losses += [done.loss for done in one_part(text.epoch(crew, skip=number))]
        wanted.vectors[...] += crew.parameters.vectors - start.vectors
        wanted.contexts[...] += crew.parameters.contexts - start.contexts
    with text.team(1) as crew:
        found = [done.loss for done in one_part(text.epoch(crew)) if done.pairs]
    assert found == losses
    assert crew.parameters.vectors == pytest.approx(wanted.vectors, abs=1e-5)
    assert crew.parameters.contexts == pytest.approx(wanted.contexts, abs=1e-5)


def one_part(found):
    """What is done until training could be left."""
    for done in found:
        yield done
        if done.parts:
            return


def test_free_running_meets_every_pair_once(lee_tokens):
    """At a rate at which nothing moves, the steps of free processes add up to those of one: same pairs, same loss."""
    text = Text(lee_tokens, alpha=1e-12, min_alpha=1e-12)
    with text.solo() as one, text.team(deterministic=False) as two:
        (loss, pairs), (free_loss, free_pairs) = (totals(text.epoch(crew)) for crew in (one, two))
    assert free_pairs == pairs > 0
    assert free_loss == pytest.approx(loss, rel=1e-9)


def totals(found):
    """Summed loss and pairs."""
    losses, pairs, *_ = zip(*found, strict=True)
    return sum(losses), sum(pairs)


@pytest.mark.parametrize("kind", ["solo", "shards"])
def test_an_epoch_goes_on_where_it_was_left(text, kind):
    """From the parameters at any end of a part (of a round of shards), skipping what is done ends in the same bytes."""
    crew_from = text.solo if kind == "solo" else partial(text.team, 1)
    with crew_from() as crew:
        kept, last = snapshots(text.epoch(crew), crew)
        whole = all_bytes(crew.parameters)
    assert list(kept) == list(range(1, last + 1) if kind == "solo" else [*range(SHARDS, last, SHARDS), last])
    assert last > 4
    for done, parameters in kept.items():
        with crew_from(start=copy(parameters)) as crew:
            list(text.epoch(crew, skip=done))
            assert all_bytes(crew.parameters) == whole


def snapshots(found, crew):
    """The parameters after each number of parts, and how many parts there are."""
    kept = {done.parts: copy(crew.parameters) for done in found if done.parts}
    return kept, max(kept)


@pytest.mark.parametrize("deterministic", [True, False])
@pytest.mark.parametrize("between_rounds", [True, False])
def test_a_killed_worker_ends_the_training(text, deterministic, between_rounds):
    """Wherever a worker dies, the training ends with an error that says so; it neither hangs nor goes on alone."""
    with text.team(deterministic=deterministic) as crew:
        (worker,) = multiprocessing.active_children()
        going = text.epoch(crew)
        while bool(next(going).parts) != between_rounds:
            pass
        worker.kill()
        worker.join()
        with pytest.raises(FirthError, match="ended early"):
            list(going)
    assert multiprocessing.active_children() == []


def test_an_epoch_that_is_left_leaves_no_process(text):
    """Whoever leaves the crew in the middle of an epoch leaves no process behind."""
    with text.team() as crew:
        next(iter(text.epoch(crew)))
        (worker,) = multiprocessing.active_children()
    assert worker.exitcode == 0
    assert multiprocessing.active_children() == []


def test_the_crew_is_the_one_that_was_asked_for(text):
    """One worker is this process alone; more are a team, and so is one that is to give the bytes of more."""
    arguments = text.settings, text.vocabulary.counts, text.start()
    asked = ((1, False, Solo), (1, True, ShardForeman), (2, True, ShardForeman), (2, False, FreeForeman))
    for workers, deterministic, kind in asked:
        with crew_for(workers, deterministic, *arguments) as crew:
            assert type(crew) is kind
            assert len(multiprocessing.active_children()) == workers - 1
