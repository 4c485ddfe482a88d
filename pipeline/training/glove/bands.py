"""Bands: neighboring ranks of words; tiles of one band of rows and one of columns are what a step takes.

Few frequent words fill a band, and many rare ones: a band's load is the pairs that its words are in, and, since rows
that move cost time too, something for each word. So the tiles of frequent words are small and nearly full, products of
dense matrices, and those of rare words large and nearly empty, sorted rows.
"""

import numpy as np

from pipeline.cooccurrence.units import Int64s

PAIRS = 4000
"""Of a tile in the mean: fewer cost time for each, more make longer steps that learn less."""
WORD = 0.25
"""The load of a word, in pairs of the mean word."""


def band_edges(pairs: Int64s) -> Int64s:
    """Where each of M bands begins, and V, (M + 1,).

    Args:
        pairs: (V,) how many pairs each word is in, as row and as column.
    """
    count = max(1, round((pairs.sum() / 2 / PAIRS) ** 0.5))
    load = np.cumsum(pairs + WORD * pairs.mean())
    inner = np.searchsorted(load, load[-1] * np.arange(1, count) / count, side="right")
    return np.unique(np.concatenate([[0], inner, [len(pairs)]]))
