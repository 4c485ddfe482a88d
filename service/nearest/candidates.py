"""Scanning all rows for several questions at once, and dropping those that cannot be among the answers.

V words, n questions, R rows of a block, m rows of the sample, c rows of one question.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from service.nearest.scan import BLOCK, SAMPLED, Look, Scan, Scores
from service.nearest.sieve import Sieve
from service.nearest.units import Rows

_CROWD = 1 / 4  # a look that lets more of the sample pass than this is not taken
_FIRST = 2  # after so many blocks it is seen whether a look that a closer one can follow was worth its time:
_LEFT = 1 / 32  # whether not more than so many of their rows are left
_AT_ONCE = 4 * BLOCK  # scores, a quarter of a megabyte; to copy much more costs more than the calls it saves


def sift(scan: Scan, sieves: Sequence[Sieve], rows: int) -> None:
    """Let each sieve hold those of so many rows that can be answers; where no look can tell, its rows stay None."""
    blocks = -(-rows // BLOCK)
    for look in scan.looks(np.stack([sieve.wanted.vector for sieve in sieves])):
        sifting = _Sifting(look, sieves)
        asking = sifting.sampled(np.flatnonzero([sieve.rows is None for sieve in sieves]))
        first = 0 if look.last else min(blocks, _FIRST)
        sifting.hold(asking, range(first))
        sifting.hold(asking if look.last else sifting.kept(asking, first * BLOCK), range(first, blocks))
        if all(sieve.rows is not None for sieve in sieves):
            break


class _Sifting:
    """One look at all rows for several questions."""

    def __init__(self, look: Look, sieves: Sequence[Sieve]) -> None:
        self._look = look
        self._sieves = sieves

    def sampled(self, asking: Rows) -> Rows:
        """Learn from the sample; returns those of the n questions that are worth a look, going by the sample."""
        if not len(asking):
            return asking
        scores = self._look.sample(asking)  # (n, m)
        rows = np.arange(scores.shape[1]) * SAMPLED
        for which, its_scores in zip(asking, scores, strict=True):
            self._sieves[which].learn(rows, its_scores)
        worth: Rows = asking[(scores >= self._thresholds(asking)).mean(axis=1) <= _CROWD]
        return worth

    def hold(self, asking: Rows, blocks: range) -> None:
        """Let the sieves of n questions hold what they must of some blocks."""
        if len(asking) and blocks:
            for which, rows, scores in self._passing(asking, blocks):
                rough = scores * self._look.steps[which]
                self._sieves[which].hold(rows, rough + self._look.bounds(which, rows))

    def kept(self, asking: Rows, rows: int) -> Rows:
        """Give up questions for which too many of the rows seen so far are left; returns the others."""
        few = np.array([self._sieves[which].held <= _LEFT * rows for which in asking], np.bool_)  # (n,)
        for which in asking[~few]:
            self._sieves[which].give_up()
        return asking[few]

    def _passing(self, asking: Rows, blocks: range) -> Iterator[tuple[int, Rows, Scores]]:
        """For each question: its place, the rows whose scores reach its threshold, in order, and these scores."""
        thresholds = self._thresholds(asking)
        parts: list[tuple[Rows, Rows, Scores]] = []
        for start, scores in self._scores(asking, blocks):  # (n, several R)
            flat = np.flatnonzero(scores >= thresholds)
            places, columns = np.divmod(flat, scores.shape[1])
            parts.append((places, start + columns, scores[places, columns]))
        places, rows, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        order = np.argsort(places, kind="stable")
        ends = np.searchsorted(places[order], np.arange(1, len(asking)))
        yield from zip(asking.tolist(), np.split(rows[order], ends), np.split(scores[order], ends), strict=True)

    def _scores(self, asking: Rows, blocks: range) -> Iterator[tuple[int, Scores]]:
        """Blocks together, as long as their scores stay in the processor's cache."""
        together = max(1, _AT_ONCE // BLOCK // len(asking))
        for first in range(blocks.start, blocks.stop, together):
            some = [self._look.block(number, asking) for number in range(first, min(first + together, blocks.stop))]
            yield first * BLOCK, some[0] if len(some) == 1 else np.hstack(some)

    def _thresholds(self, asking: Rows) -> Scores:
        reached = np.array([self._sieves[which].reached for which in asking])
        return self._look.thresholds(asking, reached)[:, np.newaxis]
