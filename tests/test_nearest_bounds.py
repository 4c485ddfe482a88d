"""The bounds that int8 and float32 candidates rest on hold for every row; the products are exact."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from service.nearest import Quantized, quantized, unit_rows, unit_vector
from service.nearest.int8_scan import Int8Scan
from service.nearest.quantized import LARGEST_WIDTH, Columns, quantized_heads
from service.nearest.scan import SAMPLED, FloatScan

NUMBERS = st.one_of(
    st.floats(-1, 1, width=32),
    st.sampled_from([0.0, 1.0, -1.0, 0.5, 1e-30, -1e30, 1.1754943508222875e-38, 1.0000001192092896]),
)


@st.composite
def rows_and_vectors(draw):
    """(V, D) unit rows and (n, D) unit vectors, of every length from 1 on; some among rows that fill all dimensions."""
    dimensions = draw(st.integers(1, 70))
    rows = draw(arrays.arrays(np.float32, (draw(st.integers(1, 9)), dimensions), elements=NUMBERS))
    vectors = draw(arrays.arrays(np.float64, (draw(st.integers(1, 3)), dimensions), elements=NUMBERS))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    others = generator.standard_normal((draw(st.sampled_from([0, 100])), dimensions)).astype(np.float32)
    vectors = np.vstack([vectors, generator.standard_normal(dimensions)])
    return unit_rows(np.vstack([rows, others])), np.array([unit_vector(vector) for vector in vectors])


def cosines_of(unit, vectors):
    """(n, V) in float64."""
    lengths = np.linalg.norm(unit.astype(np.float64), axis=1)
    return vectors @ (unit.astype(np.float64) / np.where(lengths == 0, 1, lengths)[:, np.newaxis]).T


def scans(unit):
    return Int8Scan(quantized(unit)), FloatScan(unit)


@given(rows_and_vectors())
def test_bounds(case):
    """No cosine is above its rough one by more than its bound, in any look; in the last look none is below by more."""
    unit, vectors = case
    cosines, which, rows = cosines_of(unit, vectors), np.arange(len(vectors)), np.arange(len(unit))
    for scan in scans(unit):
        for look in scan.looks(vectors):
            rough = look.block(0, which) * look.steps[:, np.newaxis]
            bounds = np.array([look.bounds(number, rows) for number in which])
            assert (cosines <= rough + bounds).all()
            assert not look.last or (cosines >= rough - bounds).all()


@given(rows_and_vectors())
def test_thresholds(case):
    """Whatever cosine is to be reached, the rows that reach it have scores that reach the threshold."""
    unit, vectors = case
    cosines, which = cosines_of(unit, vectors), np.arange(len(vectors))
    for scan in scans(unit):
        for look in scan.looks(vectors):
            scores = look.block(0, which)
            for row in range(len(unit)):
                reached = look.thresholds(which, cosines[:, row])[:, np.newaxis]
                assert (scores >= reached)[cosines >= cosines[:, row : row + 1]].all()
            assert (scores >= look.thresholds(which, np.full(len(which), -np.inf))[:, np.newaxis]).all()


@given(rows_and_vectors())
def test_tails(case):
    """What the product of the tails' lengths adds to a rough cosine from the heads is at least what the tails can."""
    unit, vectors = case
    copy, columns = quantized(unit), Columns(unit.shape[1])
    lengths = np.linalg.norm(unit.astype(np.float64), axis=1)
    rows = unit / np.where(lengths == 0, 1, lengths)[:, np.newaxis] @ copy.rotation
    rotated = vectors @ copy.rotation
    heads = quantized_heads(rotated)
    c, d = copy.q[:, columns.head : columns.split].astype(int), heads.q[:, columns.head :].astype(int)
    added = copy.scale[0] * heads.scales * (c @ d.T)  # (V, n)
    tails = np.outer(*(np.linalg.norm(part[:, columns.head :], axis=1) for part in (rows, rotated)))
    assert (added >= tails - 1e-12).all()


def test_bounds_are_close():
    """The bounds are worth something: for even rows of 300 dimensions int8 is off by less than .03, float32 by 1e-4."""
    unit = unit_rows(np.random.default_rng(1).standard_normal((2000, 300)).astype(np.float32))
    for scan, close in zip(scans(unit), (0.03, 1e-4), strict=True):
        *_, look = scan.looks(unit[:1].astype(np.float64))
        assert look.bounds(0, np.arange(2000)).max() < close


@pytest.mark.parametrize("dimensions", [1, 12, 13, 100, 300])
def test_sample(dimensions):
    """The sample is every 64th row, and blocks are rows in order, over a border of blocks and with a short last one."""
    unit = unit_rows(np.random.default_rng(1).standard_normal((16384 + 77, dimensions)).astype(np.float32))
    vectors = np.array([unit_vector(vector.astype(np.float64)) for vector in unit[:3]])
    which = np.array([2, 0])
    for scan in scans(unit):
        for look in scan.looks(vectors):
            blocks = np.hstack([look.block(number, which) for number in range(2)])
            assert blocks.shape == (2, len(unit))
            assert np.allclose(blocks[:, ::SAMPLED], look.sample(which), rtol=0, atol=1e-6)


@given(st.integers(1, 9), st.integers(1, 5), st.integers(1, 40), st.integers(0, 2**32))
def test_products(rows, vectors, sixteens, seed):
    """NumKong's int8 products are exact for whole numbers of at most 127, the largest among them."""
    import numkong

    generator = np.random.default_rng(seed)
    a, b = (
        generator.choice(np.array([-127, -126, -1, 0, 1, 127], np.int8), (count, 16 * sixteens))
        for count in (vectors, 8 * rows)
    )
    products = np.asarray(numkong.dots_packed(a, numkong.dots_pack(b, dtype="int8")))
    assert (products == a.astype(np.int64) @ b.astype(np.int64).T).all()


def test_too_wide():
    """Rows so wide that a product may not fit int32 are left to float32."""
    width = LARGEST_WIDTH // 16 * 16 + 16
    wide = Quantized(np.eye(1), np.zeros((1, width), np.int8), np.ones(1), np.zeros(1, np.float32))
    assert Int8Scan.of(wide) is None
