"""The map of a model's vocabulary as columns: what the page draws, and anybody else can."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.answers import Answer
from storage.maps import Map

_NAMES = 3  # words that stand for a cluster of which the model's card says nothing


@dataclass(frozen=True, kw_only=True)
class VocabularyMap(Answer):
    """Words on a plane: near there where their vectors are near, while what is far apart may mean nothing.

    Attributes:
        words: the words, most frequent first; the following lists have their order.
        x: how far to the right each stands, most often from -1 to 1.
        y: how far up each stands, most often from -1 to 1.
        cluster: the number of each one's cluster, from 0.
        count: how often each stood in the corpus.
        names: for each cluster, words that stand for it.
    """

    words: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]
    cluster: tuple[int, ...]
    count: tuple[int, ...]
    names: tuple[tuple[str, ...], ...]

    def as_dict(self) -> dict[str, Any]:
        """The columns as plain JSON values, without a copy of each number."""
        return dict(vars(self))


def vocabulary_map(
    drawn: Map, words: Sequence[str], counts: "np.ndarray[Any, np.dtype[np.int64]]", card: Any
) -> Answer:
    """A stored map with its words.

    Args:
        drawn: the map.
        words: all words of the model, most frequent first.
        counts: (V,) how often each stood in the corpus.
        card: the model's card, whose part `map` says which words stand for the clusters.
    """
    numbers, cluster = np.unique(drawn.clusters, return_inverse=True)
    named = card.get("map", {}).get("clusters", [])
    chosen = [words[row] for row in drawn.rows]
    names = [
        named[number]
        if 0 <= number < len(named)
        else [chosen[row] for row in np.flatnonzero(cluster == index)[:_NAMES]]
        for index, number in enumerate(numbers)
    ]
    x, y = np.round(drawn.points.T.astype(np.float64), 7).tolist()  # all digits of a float32, and no others
    return VocabularyMap(
        words=tuple(chosen),
        x=tuple(x),
        y=tuple(y),
        cluster=tuple(cluster.tolist()),
        count=tuple(counts[drawn.rows].tolist()),
        names=tuple(map(tuple, names)),
    )
