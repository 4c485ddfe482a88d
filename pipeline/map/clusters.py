"""Words in groups, by k-means on their unit vectors, and a few words that say what a group is about."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.map.projection import SEED
from storage.embeddings import Floats

Ids = NDArray[np.int64]

MOST_CLUSTERS = 30
FEWEST_WORDS = 20  # on average in a cluster; a small vocabulary has fewer clusters
NAMES = 3
_FREQUENT, _LEAST = 1 / 20, 10  # of a cluster's words, but not fewer than so many, may give it its name


def cluster(unit: Floats) -> Ids:
    """The number of each word's cluster, (n,); cluster 0 has the most words.

    Args:
        unit: (n, D) unit vectors.
    """
    from sklearn.cluster import KMeans

    number = max(1, min(MOST_CLUSTERS, len(unit) // FEWEST_WORDS, len(np.unique(unit, axis=0))))
    with threadpool_limits(1):  # several threads add in another order each time
        found = KMeans(number, n_init=1, random_state=SEED).fit_predict(unit)
    order = np.argsort(-np.bincount(found, minlength=number), kind="stable")  # old numbers, in the order of the new
    numbers = np.empty(number, np.int64)
    numbers[order] = np.arange(number)
    renumbered: Ids = numbers[found]
    return renumbered


def names_of(clusters: Ids, unit: Floats, words: Sequence[str]) -> list[list[str]]:
    """For each cluster, of its frequent words those nearest to its mean.

    The most frequent of all would be function words at its border; the nearest of all, words that nobody knows.

    Args:
        clusters: (n,) the number of each word's cluster.
        unit: (n, D) unit vectors.
        words: the n words, most frequent first.
    """
    return [_names(np.flatnonzero(clusters == number), unit, words) for number in range(clusters.max() + 1)]


def _names(members: Ids, unit: Floats, words: Sequence[str]) -> list[str]:
    """The names of a cluster that has these rows, ascending."""
    frequent = members[: max(_LEAST, int(_FREQUENT * len(members)))]
    cosines = unit[frequent] @ unit[members].mean(axis=0)  # (frequent,) up to the length of the mean
    nearest = np.sort(np.argsort(-cosines, kind="stable")[:NAMES])
    return [words[row] for row in frequent[nearest]]
