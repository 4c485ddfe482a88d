"""`make_map`: where the most frequent words of a model stand on a plane, with what the model's card says of it."""

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from pipeline.map.clusters import cluster, names_of
from pipeline.map.projection import SEED, Report, perplexity_of, project
from service.nearest import unit_rows
from storage.embeddings import Embeddings, Floats
from storage.maps import Map

FEWEST = 16  # words on a map
_NEIGHBORS = 10
_SAMPLE = 2_000  # words whose neighbors are compared; all pairs of more would take longer than the map


@dataclass(frozen=True)
class Made:
    """A map and what the model's card says of it.

    Attributes:
        map: the words' places and clusters.
        about: `words`, `method`, `perplexity`, `seed`, `versions`, `trustworthiness` (see `trustworthiness`), and
            `clusters`: three words that stand for each.
    """

    map: Map
    about: dict[str, Any]


def make_map(embeddings: Embeddings, words: int, report: Report) -> Made:
    """Make the map of a model's most frequent words.

    Args:
        embeddings: the model, of at least `FEWEST` words.
        words: how many of them at most, and `FEWEST` at least.
        report: told how far the work is.
    """
    count = min(words, len(embeddings))
    unit = unit_rows(embeddings.matrix[:count])  # (n, D)
    clusters = cluster(unit)
    made = Map(np.arange(count), project(unit, report), clusters)
    about = {
        "words": count,
        "method": "t-SNE of exact neighbors; clusters by k-means on unit vectors",
        "perplexity": perplexity_of(count),
        "seed": SEED,
        "versions": {name: version(name) for name in ("openTSNE", "scikit-learn")},
        "trustworthiness": round(trustworthiness(unit, made.points), 4),
        "clusters": names_of(clusters, unit, embeddings.words),
    }
    return Made(made, about)


def trustworthiness(unit: Floats, points: Floats) -> float:
    """How far words that are near on the map are near in space: 1 if all are, about 0.5 for a map drawn by chance.

    Of 10 neighbors, by the ranks of those that are strangers in space (Venna and Kaski 2001, equation 3), among evenly
    chosen words.
    """
    from sklearn.manifold import trustworthiness as measure

    chosen = np.linspace(0, len(unit) - 1, min(len(unit), _SAMPLE)).astype(np.int64)
    neighbors = min(_NEIGHBORS, (len(chosen) - 1) // 2)
    return float(measure(unit[chosen], points[chosen], n_neighbors=neighbors))
