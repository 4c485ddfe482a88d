"""Runs: cells sorted by key, each key once, with their units; on disk, and merged from there a range of keys at a time.

A file of a run holds its n keys and then its n units, as little-endian int64.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from pipeline.cooccurrence.units import Int64s
from storage.files import whole_file

SAMPLES = 256
"""About how many keys of each run say where its keys lie."""


class Run(NamedTuple):
    """n cells: ascending keys, (n,), and units, (n,)."""

    keys: Int64s
    units: Int64s

    @classmethod
    def of(cls, keys: Int64s, units: Int64s) -> "Run":
        """Sum the units of equal keys; the keys, (m,), ascend."""
        if not len(keys):
            return cls(keys, units)
        begins = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))  # (n,)
        return cls(keys[begins], np.add.reduceat(units, begins))

    def write(self, path: Path) -> None:
        """Keep it as a file."""
        with whole_file(path) as file:
            file.write(self.keys.data)
            file.write(self.units.data)

    @classmethod
    def open(cls, path: Path) -> "Run":
        """Map a file into memory."""
        if not path.stat().st_size:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64))
        both = np.memmap(path, "<i8", "r").reshape(2, -1)
        return cls(both[0], both[1])

    def between(self, low: int, high: int) -> "Run":
        """The cells with low <= key < high; views."""
        part = slice(*np.searchsorted(self.keys, [low, high]))
        return Run(self.keys[part], self.units[part])


def merged(runs: Sequence[Run], most: int) -> Iterator[Run]:
    """The cells of all runs, in order, in pieces made of about `most` cells or fewer."""
    for low, high in ranges(runs, most) if runs else []:
        parts = [run.between(low, high) for run in runs]
        keys = np.concatenate([part.keys for part in parts])
        order = np.argsort(keys, kind="stable")  # it finds what is sorted already
        yield Run.of(keys[order], np.concatenate([part.units for part in parts])[order])


def ranges(runs: Sequence[Run], most: int) -> list[tuple[int, int]]:
    """Ranges of keys that together hold all, each with about `most` cells of all runs, or fewer."""
    total = sum(len(run.keys) for run in runs)
    step = max(1, min(most, total) // SAMPLES)
    samples = np.sort(np.concatenate([np.empty(0, np.int64), *(run.keys[::step] for run in runs)]))
    inner = np.unique(samples[max(1, most // step) :: max(1, most // step)])
    edges = [0, *inner.tolist(), np.iinfo(np.int64).max]
    return list(pairwise(edges))
