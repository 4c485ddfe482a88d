"""Views and sums that the fast trainer's files share: blocks that overlap, products of terms, lanes' sums.

Trailing letters of an array's name give its shape, here and beside this file: L lanes, N centers of a lane, T centers
of a block, B blocks of a lane, C the window, D dimensions, M = N + 2C positions, J = T + 2C positions (or fewer, within
a run's reach), W = 2C + 1 places around a position, G groups of a lane that share K noise words, S centers of a group,
R rows to be pulled.
"""

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]


def floats(*shape: int) -> Float32s:
    """An array of that shape, not filled."""
    return np.empty(shape, np.float32)


def overlapping(rows: Float32s, blocks: int, step: int, span: int) -> Float32s:
    """(L, M, D) as (L, B, span, D): block b sees rows b step to b step + span - 1, without a copy."""
    lanes, _, width = rows.shape
    over, down, across = rows.strides
    return as_strided(rows, (lanes, blocks, span, width), (over, step * down, down, across))


def places_of_blocks(centers: int, size: int, span: int) -> tuple[NDArray[np.intp], NDArray[np.int32]]:
    """The B blocks of a lane: the J = span positions that each covers, (B, J), and by how many blocks, (B, J)."""
    places = np.arange(0, centers, size)[:, None] + np.arange(span)
    return places, np.bincount(places.ravel()).astype(np.int32)[places]


def lane_sums(losses: Float32s) -> Float64s:
    """(L,) sums of (L, ...) losses, in float64."""
    sums: Float64s = losses.reshape(len(losses), -1).sum(axis=1, dtype=np.float64)
    return sums


def logs_of_products(terms: Float32s, axis: int) -> Float32s | None:
    """Sums of log(terms) along an axis as one log of their product; None where that leaves the range of floats."""
    products = np.multiply.reduce(terms, axis=axis)
    return np.log(products, out=products) if np.isfinite(products).all() else None
