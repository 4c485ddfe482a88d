"""Micro-batching: what threads ask at the same moment is ranked by one call of the index, with the same answers.

One matrix product for 64 vectors takes a fraction of what 64 products take, since the matrix is read once. Nobody
waits for a clock: whoever finds no call running begins one at once, and whoever comes while it runs joins the next,
so that batches grow with the load. Only where others were there a moment ago does the next call wait for them,
a millisecond or two at most.
"""

from collections import deque
from collections.abc import Callable, Sequence
from itertools import islice
from threading import Lock

from service.nearest import Doubles, Found, Ranker, Rows, Wanted
from storage.errors import FirthError

LARGEST_BATCH = 64  # vectors; a larger product is hardly cheaper for each of them, and everybody waits for its end
MOST_WAITING = 4096  # vectors that may wait; more threads than that are a mistake, not a load


class Overloaded(FirthError):
    """More questions wait than may wait; asking again a little later helps."""


class _Ticket:
    """What one thread asks, and what comes of it."""

    __slots__ = ("error", "found", "gate", "wanted")

    def __init__(self, wanted: Sequence[Wanted]) -> None:
        self.wanted = wanted
        self.found: list[Found] | None = None
        self.error: Exception | None = None
        self.gate = Lock()  # its thread stops here until the ticket is answered or has become the leader
        self.gate.acquire()

    @property
    def is_answered(self) -> bool:
        return self.found is not None or self.error is not None


class Batcher:
    """An index around another one: questions of concurrent threads become one call of the inner one.

    One of the waiting threads leads: it takes what waits, asks the inner index, hands out the answers, and passes the
    lead to the first of those who came meanwhile. There is no thread of its own that could die.

    Args:
        index: answers each question as if it were asked alone, however many it gets.
        wait: seconds that a leader waits for others, where the last call had others; 0 for never.
        largest: vectors of one call; who asks for more in one question gets a call alone.
        waiting: vectors that may wait at once.
        told: called with the number of vectors of each call, and how many of them needed a second look.
    """

    def __init__(
        self,
        index: Ranker,
        wait: float = 0.001,
        *,
        largest: int = LARGEST_BATCH,
        waiting: int = MOST_WAITING,
        told: Callable[[int, int], None] | None = None,
    ) -> None:
        self.unit = index.unit
        self.index = index
        self._wait = wait
        self._largest = largest
        self._most_waiting = waiting
        self._told = told
        self._lock = Lock()  # of all below; never held while the index works
        self._queue: deque[_Ticket] = deque()
        self._waiting = 0  # vectors of the tickets in the queue
        self._leader: _Ticket | None = None  # the first of the queue, or the one whose call runs
        self._gathers = False  # the leader waits for others
        self._expected = 1  # tickets; as many as the last call had

    @property
    def second_looks(self) -> int:
        """The inner index's."""
        return self.index.second_looks

    def cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines of n rows with a (D,) unit vector; asked at once, since it reads n rows only."""
        return self.index.cosines(rows, vector)

    def nearest(self, wanted: Sequence[Wanted]) -> list[Found]:
        """What each of them asks for, bit for bit as the inner index answers it.

        Raises:
            Overloaded: too many wait already.
            Exception: whatever the inner index raises for these questions, and only for these.
        """
        if not wanted:
            return []
        ticket = _Ticket(wanted)
        leads = self._enter(ticket)
        try:
            if not leads:
                ticket.gate.acquire()
            if not ticket.is_answered:
                self._lead(ticket)
        except BaseException:  # this thread is being ended: the others must not wait for it
            self._withdraw(ticket)
            raise
        if ticket.error is not None:
            raise ticket.error
        return ticket.found or []

    def _enter(self, ticket: _Ticket) -> bool:
        """Join the queue; whether this ticket has the lead."""
        with self._lock:
            if self._waiting and self._waiting + len(ticket.wanted) > self._most_waiting:
                raise Overloaded(f"{self._waiting} questions wait already; ask again in a second")
            self._queue.append(ticket)
            self._waiting += len(ticket.wanted)
            if self._leader is None:
                self._leader = ticket
            elif self._gathers and len(self._queue) >= self._expected:
                self._gathers = False
                self._leader.gate.release()
            return self._leader is ticket

    def _lead(self, leader: _Ticket) -> None:
        batch: list[_Ticket] = []
        try:
            self._gather(leader)
            batch = self._take()
            self._answer(batch)
        finally:
            self._pass_on(leader, batch)

    def _gather(self, leader: _Ticket) -> None:
        """Wait until as many are there as last time, but not long."""
        with self._lock:
            self._gathers = self._wait > 0 and len(self._queue) < self._expected
            if not self._gathers:
                return
        leader.gate.acquire(timeout=self._wait)
        with self._lock:
            self._gathers = False

    def _take(self) -> list[_Ticket]:
        """The first of the queue, the leader, and whoever fits into one call with it."""
        with self._lock:
            vectors = 0
            for taken, ticket in enumerate(self._queue):
                vectors += len(ticket.wanted)
                if taken and vectors > self._largest:
                    break
            else:
                taken = len(self._queue)
            batch = [self._queue.popleft() for _ in range(taken)]
            self._waiting -= sum(len(ticket.wanted) for ticket in batch)
            self._expected = len(batch)
            return batch

    def _answer(self, batch: list[_Ticket]) -> None:
        """Ask the inner index once for all; where that fails once for each, so that an error stays its own."""
        try:
            found = iter(self._ask([each for ticket in batch for each in ticket.wanted]))
        except Exception as error:  # noqa: BLE001 - raised again in the thread whose question it is
            if len(batch) == 1:
                batch[0].error = error
                return
            for ticket in batch:
                self._answer([ticket])
        else:
            for ticket in batch:
                ticket.found = list(islice(found, len(ticket.wanted)))

    def _ask(self, wanted: list[Wanted]) -> list[Found]:
        before = self.index.second_looks
        found = self.index.nearest(wanted)
        if self._told is not None:  # there is one call at a time, so what was counted meanwhile is this call's
            self._told(len(wanted), self.index.second_looks - before)
        return found

    def _pass_on(self, leader: _Ticket, batch: list[_Ticket]) -> None:
        """Let the answered go, and the next one lead; those whose call was cut short wait on, in their order."""
        with self._lock:
            for ticket in reversed(batch):
                if ticket is leader:
                    continue
                if ticket.is_answered:
                    ticket.gate.release()
                else:
                    self._queue.appendleft(ticket)
                    self._waiting += len(ticket.wanted)
            self._choose_leader(leader)

    def _withdraw(self, ticket: _Ticket) -> None:
        with self._lock:
            if ticket in self._queue:
                self._queue.remove(ticket)
                self._waiting -= len(ticket.wanted)
            if self._leader is ticket:
                self._choose_leader(ticket)

    def _choose_leader(self, gone: _Ticket) -> None:
        """The first of the queue leads now; the lock is held."""
        self._gathers = False
        if self._queue and self._queue[0] is gone:  # its thread ends before its call began
            self._waiting -= len(self._queue.popleft().wanted)
        self._leader = self._queue[0] if self._queue else None
        if self._leader is not None:
            self._leader.gate.release()
