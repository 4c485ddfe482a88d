"""Unit vectors and their cosines: exact, and the same wherever a row stands in the matrix.

V words, D dimensions, n rows.
"""

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats

ROWS_AT_ONCE = 8192

Doubles = NDArray[np.float64]
Rows = NDArray[np.intp]


def unit_rows(matrix: Floats) -> Floats:
    """The (V, D) matrix with each row divided by its length; zero rows stay zero.

    Rows are first divided by their largest number, so that neither 1e30 nor 1e-30 leaves the range when squared.
    """
    largest = np.maximum(matrix.max(axis=1), -matrix.min(axis=1))  # (V,)
    unit: Floats = matrix / np.where(largest == 0, np.float32(1), largest)[:, np.newaxis]  # (V, D)
    lengths = np.sqrt(np.einsum("vd,vd->v", unit, unit))  # (V,)
    unit /= np.where(lengths == 0, np.float32(1), lengths)[:, np.newaxis]
    return unit


def unit_vector(vector: Doubles) -> Doubles:
    """The (D,) vector with length 1; the zero vector stays zero."""
    length = float(np.linalg.norm(vector))
    return vector / (length or 1.0)


def exact_rows(block: Floats) -> Doubles:
    """(n, D) rows in float64, divided by what float32 left of their length; zero rows stay zero."""
    doubles = block.astype(np.float64)
    return doubles / _lengths(doubles)[:, np.newaxis]


def cosines(unit: Floats, rows: Rows, vector: Doubles) -> Doubles:
    """(n,) cosines of n rows of a (V, D) unit matrix with a (D,) unit vector; 0 for zero vectors, within [-1, 1]."""
    blocks = (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
    parts = [_cosines(unit[block].astype(np.float64), vector) for block in blocks]
    return np.concatenate(parts) if parts else np.zeros(0)


def _cosines(block: Doubles, vector: Doubles) -> Doubles:
    # sums along each row by itself: a matrix product may add in another order at another place of the matrix
    scores: Doubles = (block * vector).sum(axis=1) / _lengths(block)
    return scores.clip(-1.0, 1.0)


def _lengths(block: Doubles) -> Doubles:
    lengths = np.sqrt((block * block).sum(axis=1))  # (n,)
    return np.where(lengths == 0, 1.0, lengths)
