"""The micro-batcher gives every thread the inner index's own answer, in one call for all who ask together."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.batcher import Batcher, Overloaded
from service.nearest import Index, Wanted, unit_rows, unit_vector

GENERATOR = np.random.default_rng(1)
INDEX = Index(unit_rows(GENERATOR.standard_normal((300, 12)).astype(np.float32)))
PATIENCE = 60  # seconds until a test fails that should have gone on


def some_wanted(seed, k=5):
    """A question to the index."""
    generator = np.random.default_rng(seed)
    return Wanted(unit_vector(generator.standard_normal(12)), k, banned=(seed % 300,))


class Gate:
    """An index that lets no call through until it is opened, and writes down the calls."""

    def __init__(self, index=INDEX):
        self.unit = index.unit
        self.index = index
        self.second_looks = 0
        self.calls = []
        self.entered = threading.Semaphore(0)
        self.opened = threading.Event()

    def cosines(self, rows, vector):
        """Those of the index."""
        return self.index.cosines(rows, vector)

    def nearest(self, wanted):
        """Those of the index, when the gate is open."""
        self.calls.append(list(wanted))
        self.entered.release()
        assert self.opened.wait(PATIENCE)
        return self.index.nearest(wanted)


def wait_until(holds):
    """Wait for a condition that other threads bring about."""
    deadline = threading.Event()
    timer = threading.Timer(PATIENCE, deadline.set)
    timer.start()
    try:
        while not holds():
            assert not deadline.is_set(), "it never came about"
            threading.Event().wait(0.001)
    finally:
        timer.cancel()


def same(found, expected):
    """Equal bit for bit."""
    return all(
        np.array_equal(one.rows, other.rows) and one.scores.tobytes() == other.scores.tobytes()
        for one, other in zip(found, expected, strict=True)
    )


def queued(batcher, tickets):
    """Whether so many threads wait in its queue."""
    return len(batcher._queue) == tickets


@pytest.mark.parametrize("wait", [0, 0.002])
@pytest.mark.parametrize("largest", [2, 7, 64])
def test_answers_are_those_of_the_inner_index(wait, largest):
    """Many threads that ask all the time get, each, bit for bit what they would get alone."""
    batcher = Batcher(INDEX, wait, largest=largest)
    questions = [[some_wanted(seed + extra) for extra in range(seed % 4)] for seed in range(400)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(batcher.nearest, questions))
    assert all(same(found, INDEX.nearest(wanted)) for found, wanted in zip(answers, questions, strict=True))


@settings(max_examples=30)
@given(st.lists(st.lists(st.integers(0, 10_000), max_size=5), min_size=1, max_size=12), st.integers(1, 8))
def test_any_mix_of_questions(mix, largest):
    """However many vectors each thread asks for, and however few fit into a call, everybody gets the right ones."""
    batcher = Batcher(INDEX, largest=largest)
    questions = [[some_wanted(seed) for seed in seeds] for seeds in mix]
    with ThreadPoolExecutor(len(mix)) as pool:
        answers = list(pool.map(batcher.nearest, questions))
    assert all(same(found, INDEX.nearest(wanted)) for found, wanted in zip(answers, questions, strict=True))


def test_who_asks_alone_is_asked_for_at_once():
    """A single thread's questions each make a call of their own; nobody is waited for."""
    sizes = []
    batcher = Batcher(INDEX, wait=PATIENCE, told=lambda size, _: sizes.append(size))
    for seed in range(5):
        batcher.nearest([some_wanted(seed)])
    assert sizes == [1] * 5


def test_those_who_come_during_a_call_share_the_next():
    """While one call runs others queue; all of them are answered by the next call."""
    gate, sizes = Gate(), []
    batcher = Batcher(gate, wait=0, told=lambda size, _: sizes.append(size))
    with ThreadPoolExecutor(11) as pool:
        first = pool.submit(batcher.nearest, [some_wanted(0)])
        assert gate.entered.acquire(timeout=PATIENCE)
        others = [pool.submit(batcher.nearest, [some_wanted(seed)]) for seed in range(1, 11)]
        wait_until(lambda: queued(batcher, 10))
        gate.opened.set()
        answers = [future.result(PATIENCE) for future in (first, *others)]
    assert sizes == [1, 10]
    assert all(same(found, INDEX.nearest([some_wanted(seed)])) for seed, found in enumerate(answers))


def test_a_call_is_no_larger_than_allowed():
    """What does not fit into a call waits for the one after it; a question that is too large itself goes alone."""
    gate, sizes = Gate(), []
    batcher = Batcher(gate, wait=0, largest=4, told=lambda size, _: sizes.append(size))
    with ThreadPoolExecutor(8) as pool:
        futures = [pool.submit(batcher.nearest, [some_wanted(0)])]
        assert gate.entered.acquire(timeout=PATIENCE)
        for waiting, vectors in enumerate((3, 1, 1, 9, 2), 1):
            futures.append(pool.submit(batcher.nearest, [some_wanted(seed) for seed in range(vectors)]))
            wait_until(partial(queued, batcher, waiting))
        gate.opened.set()
        answers = [future.result(PATIENCE) for future in futures]
    assert sizes == [1, 4, 1, 9, 2]
    assert [len(found) for found in answers] == [1, 3, 1, 1, 9, 2]


def test_a_leader_waits_for_as_many_as_last_time():
    """After a call for three, the next one begins when three have come, long before the wait is over."""
    gate, sizes = Gate(), []
    batcher = Batcher(gate, wait=10 * PATIENCE, told=lambda size, _: sizes.append(size))
    with ThreadPoolExecutor(7) as pool:
        futures = [pool.submit(batcher.nearest, [some_wanted(0)])]
        assert gate.entered.acquire(timeout=PATIENCE)
        futures += [pool.submit(batcher.nearest, [some_wanted(seed)]) for seed in (1, 2, 3)]
        wait_until(lambda: queued(batcher, 3))
        gate.opened.set()
        for future in futures:
            future.result(PATIENCE)
        futures = [pool.submit(batcher.nearest, [some_wanted(seed)]) for seed in (4, 5, 6)]
        for future in futures:
            future.result(PATIENCE)
    assert sizes == [1, 3, 3]


def test_a_leader_does_not_wait_for_ever():
    """Where nobody comes any more, a question waits once, for the time that is allowed, and then not again."""
    gate, sizes = Gate(), []
    batcher = Batcher(gate, wait=0.001, told=lambda size, _: sizes.append(size))
    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(batcher.nearest, [some_wanted(0)])]
        assert gate.entered.acquire(timeout=PATIENCE)
        futures += [pool.submit(batcher.nearest, [some_wanted(seed)]) for seed in (1, 2)]
        wait_until(lambda: queued(batcher, 2))
        gate.opened.set()
        for future in futures:
            future.result(PATIENCE)
    assert same(batcher.nearest([some_wanted(3)]), INDEX.nearest([some_wanted(3)]))
    assert sizes == [1, 2, 1]
    assert batcher._expected == 1


class Choosy(Gate):
    """An index that fails where a certain k is asked for."""

    def nearest(self, wanted):
        """An error for k = 13, the end of the thread for k = 14."""
        found = super().nearest(wanted)
        if any(each.k == 13 for each in wanted):
            raise ValueError("13")
        if any(each.k == 14 for each in wanted):
            raise SystemExit(14)
        return found


def all_at_once(gate, batcher, ks):
    """What comes of questions that wait together while another call runs: answers or errors."""
    with ThreadPoolExecutor(len(ks) + 1) as pool:
        first = pool.submit(batcher.nearest, [some_wanted(0)])
        assert gate.entered.acquire(timeout=PATIENCE)
        futures = []
        for waiting, k in enumerate(ks, 1):
            futures.append(pool.submit(batcher.nearest, [some_wanted(1, k)]))
            wait_until(partial(queued, batcher, waiting))
        gate.opened.set()
        assert same(first.result(PATIENCE), INDEX.nearest([some_wanted(0)]))
        return [future.exception(PATIENCE) or future.result() for future in futures]


@pytest.mark.parametrize("place", range(4))
def test_errors_stay_with_the_question_that_made_them(place):
    """One question that fails raises in its own thread; those who shared its call get their answers."""
    gate = Choosy()
    batcher = Batcher(gate, wait=0)
    ks = [3, 3, 3]
    ks.insert(place, 13)
    outcomes = all_at_once(gate, batcher, ks)
    failed = outcomes.pop(place)
    assert isinstance(failed, ValueError)
    assert str(failed) == "13"
    assert all(same(found, INDEX.nearest([some_wanted(1, 3)])) for found in outcomes)


def test_a_thread_that_ends_takes_nobody_along():
    """Where the leading thread is ended in the midst of its call, the others are answered by another's lead."""
    gate = Choosy()
    batcher = Batcher(gate, wait=0)
    outcomes = all_at_once(gate, batcher, [14, 3, 3])
    assert isinstance(outcomes[0], SystemExit)
    assert all(same(found, INDEX.nearest([some_wanted(1, 3)])) for found in outcomes[1:])
    assert same(batcher.nearest([some_wanted(2)]), INDEX.nearest([some_wanted(2)]))


def test_no_more_wait_than_allowed():
    """Who comes when the queue is full is refused at once, and who waits is answered."""
    gate = Gate()
    batcher = Batcher(gate, wait=0, waiting=3)
    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(batcher.nearest, [some_wanted(0)])]
        assert gate.entered.acquire(timeout=PATIENCE)
        futures.append(pool.submit(batcher.nearest, [some_wanted(1), some_wanted(2)]))
        wait_until(lambda: queued(batcher, 1))
        with pytest.raises(Overloaded, match="ask again"):
            batcher.nearest([some_wanted(3), some_wanted(4)])
        futures.append(pool.submit(batcher.nearest, [some_wanted(5)]))
        wait_until(lambda: queued(batcher, 2))
        gate.opened.set()
        assert [len(future.result(PATIENCE)) for future in futures] == [1, 2, 1]
    assert same(batcher.nearest([some_wanted(6)]), INDEX.nearest([some_wanted(6)]))


def test_cosines_and_vectors_are_the_inner_ones():
    """The rest of the index is reached through the batcher."""
    batcher = Batcher(INDEX)
    rows, vector = np.array([3, 1, 2]), some_wanted(1).vector
    assert batcher.unit is INDEX.unit
    assert batcher.cosines(rows, vector).tobytes() == INDEX.cosines(rows, vector).tobytes()
    assert batcher.nearest([]) == []
