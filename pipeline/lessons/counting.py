"""What counting can predict: the share of each character after the last few, with fewer where these are rare.

A model of order k predicts a character from the k before it, by how often each followed them in the text. Where the k
were seldom seen the count says little, so each count begins with the prediction of order k - 1, as if that had been
seen `WEIGHT` times (a Dirichlet prior; MacKay and Peto 1995):

    p_k(x | last k) = (count(last k, x) + WEIGHT p_(k-1)(x | last k - 1)) / (count(last k) + WEIGHT)

and order -1 is all characters alike.
"""

import numpy as np

from pipeline.lessons.layers import Floats, Ids

WEIGHT = 3.0


def bits_of_counting(order: int, seen: Ids, unseen: Ids, alphabet: int) -> float:
    """Mean bits for each character of `unseen`, (n,), after the first `order`, counted in `seen`, (m,)."""
    p = np.full(1, 1 / alphabet)
    for k in range(order + 1):
        p = _counted(k, seen, alphabet, p)
    return float(-np.log2(p[_windows(unseen, order)]).mean())


def _counted(k: int, seen: Ids, alphabet: int, shorter: Floats) -> Floats:
    """p_k, (A, ..., A) with k + 1 axes, from p_(k-1)."""
    counts = np.zeros((alphabet,) * (k + 1))
    np.add.at(counts, _windows(seen, k), 1)
    p: Floats = (counts + WEIGHT * shorter) / (counts.sum(axis=-1, keepdims=True) + WEIGHT)
    return p


def _windows(ids: Ids, k: int) -> tuple[Ids, ...]:
    """Every k + 1 characters in a row, as k + 1 arrays."""
    return tuple(ids[start : len(ids) - k + start] for start in range(k + 1))
