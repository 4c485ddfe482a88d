"""Adding many gradient rows to a matrix, where several rows may belong to the same word.

`np.add.at` does it row by row through NumPy's generic loop: 0.9 microseconds for 100 floats. The same sum is a sparse
product, matrix += S rows, where S (V x M) holds one entry a column, the row's learning rate at its word; SciPy has
that product compiled (0.03 microseconds), adding in place, but only under a private name. So the public product, which
wants the words sorted and summed first, stands behind it; a test holds both to `np.add.at`.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Float32s = NDArray[np.float32]
Int32s = NDArray[np.int32]


def add_rows(
    matrix: Float32s, ids: NDArray[Any], rates: NDArray[Any], rows: Float32s, *, starts: Int32s | None = None
) -> None:
    """matrix[ids[m]] += rates[m] * rows[m] for every m, in the order of m; or rows[k] for every m that shares row k.

    Args:
        matrix: (V, D), changed in place.
        ids: M word ids of any shape, int32.
        rates: M factors of the same shape, float32.
        rows: rows of D floats, of any shape.
        starts: (rows + 1,) row k is that of starts[k] to starts[k + 1], int32; by default there are M rows.
    """
    product = _compiled_product()
    width = matrix.shape[1]
    starts = _column_starts(ids.size) if starts is None else starts
    rows = rows.reshape(len(starts) - 1, width)
    if product is None:
        add_rows_by_public_product(matrix, ids, rates, np.repeat(rows, np.diff(starts), axis=0))
        return
    # ravel() copies what is not contiguous; the matrix must be, since the product writes into it
    target = matrix.reshape(-1, copy=False)
    product(len(matrix), len(rows), width, starts, ids.ravel(), rates.ravel(), rows.ravel(), target)


def add_rows_by_public_product(matrix: Float32s, ids: NDArray[Any], rates: NDArray[Any], rows: Float32s) -> None:
    """The same through SciPy's public interface: sum the rows of each word, then add the sums."""
    words, places = np.unique(ids.ravel(), return_inverse=True)
    count = ids.size
    entries = (rates.ravel(), (places, np.arange(count)))
    matrix[words] += csr_array(entries, shape=(len(words), count)) @ rows.reshape(count, matrix.shape[1])


@cache
def _compiled_product() -> Callable[..., None] | None:
    """SciPy's in-place sparse product, where this version still has it and it still does what is wanted."""
    try:
        from scipy.sparse._sparsetools import csc_matvecs

        matrix = np.ones((3, 1), np.float32)
        ones = np.ones(2, np.float32)
        csc_matvecs(3, 2, 1, _column_starts(2), np.array([2, 2], np.int32), ones, ones, matrix.reshape(-1))
    except (ImportError, TypeError, ValueError):
        return None
    return csc_matvecs if matrix.ravel().tolist() == [1, 1, 3] else None


@cache
def _column_starts(count: int) -> Int32s:
    return np.arange(count + 1, dtype=np.int32)
