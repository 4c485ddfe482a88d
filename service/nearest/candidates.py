"""Dropping rows by rough cosines, so that none of the k best is ever dropped.

V words, n vectors, R rows of a block, m rows of the sample, c candidates.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from service.nearest.scan import SAMPLED, Asked
from service.nearest.units import Doubles, Rows
from service.nearest.wanted import Wanted
from storage.embeddings import Floats

_CROWD = 4  # where more than every 4th row of the sample passes, the scan decides too little to be worth its time


def candidates(asked: Asked, group: Sequence[Wanted]) -> list[Rows | None]:
    """For each of n the c rows that can be among the answers, in order; None where the scan cannot tell."""
    samples = asked.sample() * asked.steps[:, np.newaxis]  # (n, m)
    floors = [_floor(*each) for each in zip(samples, group, asked.widest, strict=True)]
    if all(floor is None for floor in floors):
        return [None] * len(group)
    passed = _passing(asked, np.array([np.inf if floor is None else floor for floor in floors]))
    return [
        None if floors[which] is None else _left(asked, which, wanted, *passed[which])
        for which, wanted in enumerate(group)
    ]


def usable(rows: Rows, wanted: Wanted) -> NDArray[np.bool_]:
    """Which of the rows are allowed and not banned."""
    allowed = np.ones(len(rows), np.bool_) if wanted.allowed is None else wanted.allowed[rows]
    return allowed & np.isin(rows, wanted.banned, invert=True) if len(wanted.banned) else allowed


def possible(rough: Doubles, bounds: Doubles, wanted: Wanted) -> Rows:
    """The places of those of c candidates that can be among the answers.

    Args:
        rough: (c,) rough cosines.
        bounds: (c,) how far each can be off.
        wanted: what is to be found; the candidates are usable.
    """
    lowest = wanted.least
    if 0 < wanted.k < len(rough):
        lowest = max(lowest, _largest(rough - bounds, wanted.k))
    return np.flatnonzero(rough + bounds >= lowest)


def _floor(sample: Doubles, wanted: Wanted, widest: float) -> float | None:
    """The rough cosine that no answer is below; None where the sample cannot tell, or would let a crowd pass.

    The k-th best cosine of the sample is at most the k-th best of all, and it is at least the k-th largest rough one
    less `widest`; an answer's rough cosine is at least that less `widest` again. Banned rows can stand before it.
    """
    if wanted.allowed is not None:
        sample = sample[wanted.allowed[::SAMPLED]]
    lowest = wanted.least - widest
    k = wanted.k + sum(row % SAMPLED == 0 for row in wanted.banned)
    if 0 < k <= len(sample):
        lowest = max(lowest, _largest(sample, k) - 2 * widest)
    return lowest if np.count_nonzero(sample >= lowest) * _CROWD <= len(sample) else None


def _passing(asked: Asked, floors: Doubles) -> list[tuple[Rows, Doubles]]:
    """For each of n vectors the rows whose rough cosines reach its floor, in order, and these cosines."""
    thresholds = (floors / asked.steps).astype(np.float32)[:, np.newaxis]  # (n, 1)
    parts: list[tuple[Rows, Rows, Floats]] = []
    for start, scores in asked.blocks():  # (n, R)
        flat = np.flatnonzero(scores >= thresholds)
        which, columns = np.divmod(flat, scores.shape[1])
        parts.append((which, start + columns, scores.ravel()[flat]))
    which, rows, scores = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    order = np.argsort(which, kind="stable")
    ends = np.searchsorted(which[order], np.arange(1, len(floors)))
    each = zip(np.split(rows[order], ends), np.split(scores[order], ends), asked.steps, strict=True)
    return [(its_rows, its_scores * step) for its_rows, its_scores, step in each]


def _left(asked: Asked, which: int, wanted: Wanted, rows: Rows, rough: Doubles) -> Rows:
    """Those of the rows that passed which are usable and possible, given how far each single one can be off."""
    kept = usable(rows, wanted)
    rows, rough = rows[kept], rough[kept]
    return rows[possible(rough, asked.bounds(which, rows), wanted)]


def _largest(scores: Doubles, k: int) -> float:
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])
