"""Sums over windows as banded products: equal to their definition, whatever the sizes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.training.fast.windows import MULTIPLIED, Windows

SIZES = st.tuples(
    st.integers(1, 3), st.integers(1, 4), st.integers(1, 9), st.integers(1, 5)
)  # lanes, blocks, window, D
SEEDS = st.integers(0, 1000)


def problem(sizes, seed):
    """Windows, the weights of each center's places (L, W, N), and P itself, (L, N, M)."""
    lanes, blocks, window, dimensions = sizes
    centers, width = blocks * MULTIPLIED, 2 * window + 1
    random = np.random.default_rng(seed)
    weights = random.random((lanes, width, centers), np.float32) * (random.random((lanes, width, centers)) < 0.5)
    matrix = np.zeros((lanes, centers, centers + width - 1))
    for lane, place, center in np.ndindex(weights.shape):
        matrix[lane, center, center + place] = weights[lane, place, center]
    return Windows((lanes, centers, width), dimensions), weights, matrix, random


@given(SIZES, SEEDS)
def test_a_sum_is_a_product_with_the_matrix(sizes, seed):
    """Each center gets the weighted sum of the rows around it, of its own lane, also from arrays used before."""
    windows, weights, matrix, random = problem(sizes, seed)
    for _ in range(2):
        windows.rows_LMD[...] = rows = random.normal(size=windows.rows_LMD.shape).astype(np.float32)
        assert windows.sum(weights) == pytest.approx(matrix @ rows, abs=1e-5)


@given(SIZES, SEEDS)
def test_spreading_is_a_product_with_the_transpose(sizes, seed):
    """Each position gets the weighted sum of what the centers around it have."""
    windows, weights, matrix, random = problem(sizes, seed)
    for _ in range(2):
        d_sums = random.normal(size=windows.sums_LND.shape).astype(np.float32)
        assert windows.spread(weights, d_sums) == pytest.approx(matrix.swapaxes(1, 2) @ d_sums, abs=1e-5)
