"""Do two models have the same nearest neighbors?"""

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.lookup import unit_rows
from storage.embeddings import Embeddings

CANDIDATES = 1000
"""Neighbors are sought of and among so many of the most frequent words; rare words wander with every seed."""

NEIGHBORS = 10

Rows = NDArray[np.int64]


def neighbors(embeddings: Embeddings) -> Rows:
    """The NEIGHBORS nearest words of each of the CANDIDATES most frequent, in no order, (words, NEIGHBORS).

    In a model of few words each has all others for neighbors.
    """
    unit = unit_rows(embeddings, CANDIDATES)
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(NEIGHBORS, len(unit) - 1)
    return np.argpartition(-cosines, count - 1, axis=1)[:, :count] if count else np.empty((len(unit), 0), np.int64)


def overlap(one: Rows, other: Rows) -> float:
    """Mean share of a word's neighbors that both models name, from 0 to 1."""
    shared = (one[:, :, np.newaxis] == other[:, np.newaxis, :]).sum()  # a neighbor stands once in a row
    return float(shared / max(one.size, 1))
