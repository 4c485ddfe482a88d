"""Several processes as one: the same bytes in lockstep, every pair once when free, and an end when one of them dies."""

import multiprocessing
import signal

import numpy as np
import pytest

from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training import batches
from pipeline.training.crew import Solo, crew_for
from pipeline.training.parameters import Parameters
from pipeline.training.team import free
from pipeline.training.team.lockstep import LockstepForeman
from storage.errors import FirthError

D = 16


class Text:
    """News stories as a crew meets them: in several parts, at least three rounds of two."""

    def __init__(self, tokens, **changes):
        self._corpus = TokenCorpus.open(tokens)
        self.vocabulary = self._corpus.vocabulary(VocabularySettings(min_count=20))
        self.settings = TrainSettings(**{"vector_size": D, "epochs": 1, **changes})

    def start(self):
        """Parameters whose scores are not all 0."""
        random = np.random.default_rng(1)
        return Parameters(*random.normal(0, 0.2, (2, len(self.vocabulary), D)).astype(np.float32))

    def solo(self, start=None):
        """One process."""
        return Solo(self.settings, self.vocabulary.counts, start or self.start())

    def team(self, size=2, lockstep=True, start=None):
        """Several."""
        return crew_for(size, lockstep, self.settings, self.vocabulary.counts, start or self.start())

    def epoch(self, crew, skip=0):
        """What the crew says of its steps."""
        return crew.epoch(self._corpus.chunks(len(self.vocabulary)), 0, skip)


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
    return Parameters(parameters.vectors.copy(), parameters.contexts.copy())


def all_bytes(parameters):
    """Both matrices."""
    return parameters.vectors.tobytes(), parameters.contexts.tobytes()


def steps_of(found):
    """Loss, pairs, progress and rate of every step with pairs; what only tells that parts are done has none."""
    return [tuple(done)[:4] for done in found if done.pairs]


def test_lockstep_is_solo_byte_for_byte(lee_tokens, objective):
    """Two processes in lockstep report the same losses and end in the same bytes as one, whatever is trained."""
    text = Text(lee_tokens, **objective)
    with text.solo() as one, text.team() as two:
        assert steps_of(text.epoch(one)) == steps_of(text.epoch(two))
        assert all_bytes(one.parameters) == all_bytes(two.parameters) != all_bytes(text.start())


def test_as_many_as_there_are_lanes(text):
    """With one process for each lane of a step the bytes are the same; more are not started."""
    with text.solo() as one, text.team(size=100) as team:
        assert len(multiprocessing.active_children()) == team.maker.shape.lanes - 1
        assert steps_of(text.epoch(one)) == steps_of(text.epoch(team))
        assert all_bytes(one.parameters) == all_bytes(team.parameters)


def test_free_running_meets_every_pair_once(lee_tokens):
    """At a rate at which nothing moves, the steps of free processes add up to those of one: same pairs, same loss."""
    text = Text(lee_tokens, alpha=1e-12, min_alpha=1e-12)
    with text.solo() as one, text.team(lockstep=False) as two:
        (loss, pairs), (free_loss, free_pairs) = (totals(text.epoch(crew)) for crew in (one, two))
    assert free_pairs == pairs > 0
    assert free_loss == pytest.approx(loss, rel=1e-9)


def totals(found):
    """Summed loss and pairs."""
    losses, pairs, *_ = zip(*found, strict=True)
    return sum(losses), sum(pairs)


def test_an_epoch_goes_on_where_it_was_left(text):
    """From the parameters at any end of a part, skipping the parts that are done ends in the same bytes.

    So it is with one process, with two in lockstep, and when one goes on for two or two for one.
    """
    with text.solo() as crew:
        alone, last = snapshots(text.epoch(crew), crew)
        whole = all_bytes(crew.parameters)
    with text.team() as crew:
        together, _ = snapshots(text.epoch(crew), crew)
        assert all_bytes(crew.parameters) == whole
    assert list(alone) == list(range(1, last + 1))
    assert list(together) == [*range(2, last, 2), last]
    assert last > 4
    for done, parameters in (*alone.items(), *together.items()):
        with text.solo(start=copy(parameters)) as crew:
            list(text.epoch(crew, skip=done))
            assert all_bytes(crew.parameters) == whole
    with text.team(start=alone[3]) as crew:
        list(text.epoch(crew, skip=3))
        assert all_bytes(crew.parameters) == whole


def snapshots(found, crew):
    """The parameters after each number of parts, and how many parts there are."""
    kept = {done.parts: copy(crew.parameters) for done in found if done.parts}
    return kept, max(kept)


@pytest.mark.parametrize("lockstep", [True, False])
@pytest.mark.parametrize("between_rounds", [True, False])
def test_a_killed_worker_ends_the_training(text, lockstep, between_rounds):
    """Wherever a worker dies, the training ends with an error that says so; it neither hangs nor goes on alone."""
    with text.team(lockstep=lockstep) as crew:
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


def test_the_crew_is_as_large_as_was_asked_for(text):
    """One worker is this process alone; more are a team."""
    arguments = text.settings, text.vocabulary.counts, text.start()
    with crew_for(1, True, *arguments) as one, crew_for(2, True, *arguments) as two:
        assert (type(one), type(two)) == (Solo, LockstepForeman)
        assert len(multiprocessing.active_children()) == 1
