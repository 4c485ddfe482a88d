"""Sums of rows as products with a sparse matrix P: of ones, or of weights, and of its transpose.

P is (N x M) in compressed rows: row n has a one in each of the columns `columns[starts[n] : starts[n + 1]]`. SciPy has
both products compiled, adding in place, but only under private names; so its public product stands behind them.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from pipeline.training.fast.blocks import Float32s

Int32s = NDArray[np.int32]
Product = Callable[..., None]


class Ones(NamedTuple):
    """Where the ones of P are.

    Attributes:
        starts: (N + 1,) int32.
        columns: (ones,) int32.
    """

    starts: Int32s
    columns: Int32s


def sum_rows(ones: Ones, rows: Float32s, out: Float32s) -> None:
    """out = P rows: (N, D) from (M, D), both contiguous."""
    out.fill(0.0)
    _in_place()[0](len(out), len(rows), out.shape[1], *ones, _values(len(ones.columns)), rows.ravel(), _flat(out))


def weighted_sums(ones: Ones, weights: Float32s, rows: Float32s, columns: Float32s) -> tuple[Float32s, Float32s]:
    """P columns and P.T rows, (N, D) and (M, D), of the matrix P that has these weights, (ones,), for its ones."""
    over, down = (np.zeros((len(side), side.shape[1]), np.float32) for side in (rows, columns))
    shape, flat = (rows.shape[1], *ones, weights), [side.ravel() for side in (rows, columns)]
    _in_place()[0](len(rows), len(columns), *shape, flat[1], _flat(over))
    _in_place()[1](len(columns), len(rows), *shape, flat[0], _flat(down))
    return over, down


def by_public_product(transposed: bool) -> Product:
    """The same as SciPy's private functions do, through its public interface."""

    def product(height: int, width: int, _: int, starts: Int32s, columns: Int32s, *arrays: Float32s) -> None:
        values, rows, out = arrays
        shape = (width, height) if transposed else (height, width)
        matrix = csr_array((values, columns, starts), shape=shape)
        total = (matrix.T if transposed else matrix) @ rows.reshape(width, -1)
        out += np.asarray(total).ravel()

    return product


@cache
def _in_place() -> tuple[Product, Product]:
    """SciPy's private products, where this version still has them and they still do what is wanted."""
    public = by_public_product(False), by_public_product(True)
    try:
        from scipy.sparse._sparsetools import csc_matvecs, csr_matvecs
    except ImportError:
        return public
    both = (csr_matvecs, public[0], 2), (csc_matvecs, public[1], 3)
    return (csr_matvecs, csc_matvecs) if all(_agree(*products) for products in both) else public


def _agree(found: Product, wanted: Product, height: int) -> bool:
    """On a small example, for a result of so many rows."""
    ones, rows = Ones(np.array([0, 2, 3], np.int32), np.array([0, 2, 1], np.int32)), np.arange(6, dtype=np.float32)
    outs = np.ones((2, height * 2), np.float32)
    try:
        for out, product in zip(outs, (found, wanted), strict=True):
            product(height, 5 - height, 2, *ones, np.ones(3, np.float32), rows[: (5 - height) * 2], out)
    except (TypeError, ValueError):
        return False
    return bool((outs[0] == outs[1]).all())


def _values(count: int) -> Float32s:
    return _many_ones(1 << max(count - 1, 0).bit_length())[:count]


@cache
def _many_ones(count: int) -> Float32s:
    return np.ones(count, np.float32)


def _flat(matrix: NDArray[Any]) -> NDArray[Any]:
    """A view: what is not contiguous must not be copied, since the product writes into it."""
    return matrix.reshape(-1, copy=False)
