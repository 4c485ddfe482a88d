"""The nearest rows are those of brute force in float64, bit for bit, however they are found.

Alone or in a batch, by int8 or by float32, with NumKong or without.
"""

import sys

import numpy as np
import pytest

from service.nearest import Index, Quantized, Wanted, quantized, unit_rows, unit_vector

ROWS, DIMENSIONS = 5000, 40


def gaussian(generator):
    return generator.standard_normal((ROWS, DIMENSIONS))


def nearly_equal(generator):
    return np.ones(DIMENSIONS) + 1e-3 * generator.standard_normal((ROWS, DIMENSIONS))


def last_bit(generator):
    return np.nextafter(np.ones((ROWS, DIMENSIONS), np.float32), generator.integers(0, 3, (ROWS, DIMENSIONS)))


def repeated(generator):
    return generator.standard_normal((7, DIMENSIONS))[generator.integers(0, 7, ROWS)]


def sparse(generator):
    return generator.standard_normal((ROWS, DIMENSIONS)) * (generator.random((ROWS, DIMENSIONS)) < 0.05)


def huge_coordinate(generator):
    matrix = generator.standard_normal((ROWS, DIMENSIONS))
    matrix[np.arange(ROWS), generator.integers(0, DIMENSIONS, ROWS)] *= 1e6
    return matrix


def half_zero(generator):
    return generator.standard_normal((ROWS, DIMENSIONS)) * (generator.random((ROWS, 1)) < 0.5)


def few_axes(generator):
    return generator.standard_normal((ROWS, DIMENSIONS)) / np.arange(1, DIMENSIONS + 1) ** 2


def one_dimension(generator):
    return generator.standard_normal((ROWS, 1))


def same_sample(generator):
    """Every 64th row is alike and far from the others."""
    matrix = generator.standard_normal((ROWS, DIMENSIONS))
    matrix[::64] = -matrix[1]
    return matrix


def one_line(generator):
    return np.outer(generator.standard_normal(ROWS), generator.standard_normal(DIMENSIONS))


MATRICES = (
    gaussian,
    nearly_equal,
    last_bit,
    repeated,
    sparse,
    huge_coordinate,
    half_zero,
    few_axes,
    one_dimension,
    same_sample,
    one_line,
)


@pytest.fixture(params=MATRICES, ids=lambda kind: kind.__name__)
def unit(request):
    """(V, D) rows that are hard to tell apart in one way or another."""
    return unit_rows(request.param(np.random.default_rng(1)).astype(np.float32))


@pytest.fixture(params=["int8", "float32"])
def index(request, unit):
    """Each way to find them."""
    index = Index(unit, quantized(unit) if request.param == "int8" else None)
    assert index.int8 == (request.param == "int8")
    return index


def questions(unit):
    """Questions of every kind, about rows, about vectors of no row and about the zero vector."""
    generator = np.random.default_rng(2)
    rows = [int(row) for row in generator.integers(0, len(unit), 6)]
    vectors = [unit[row].astype(np.float64) for row in rows] + [generator.standard_normal(unit.shape[1])]
    vectors = [unit_vector(vector) for vector in vectors] + [np.zeros(unit.shape[1])]
    allowed = [None, generator.random(len(unit)) < 0.5, generator.random(len(unit)) < 0.01, np.zeros(len(unit), bool)]
    return [
        Wanted(vector, k, banned, mask, least)
        for vector in vectors
        for k, banned, mask, least in (
            (10, rows[:1], None, -1.0),
            (50, [], None, -1.0),
            (1, rows + list(range(0, 640, 64)), None, -1.0),
            (10, [], None, 0.9),
            (10, rows, allowed[1], -1.0),
            (10, rows, allowed[2], 0.1),
            (5, [], allowed[3], -1.0),
            (len(unit) + 5, rows, None, -1.0),
        )
    ]


def brute_force(unit, wanted):
    """Every cosine in float64, row by row, then sorted; ties by row."""
    rows = unit.astype(np.float64)
    lengths = np.sqrt((rows * rows).sum(axis=1))
    scores = ((rows * wanted.vector).sum(axis=1) / np.where(lengths == 0, 1, lengths)).clip(-1, 1)
    kept = scores >= wanted.least
    kept[list(wanted.banned)] = False
    if wanted.allowed is not None:
        kept &= wanted.allowed
    order = np.argsort(-scores, kind="stable")
    ranked = order[kept[order]][: wanted.k]
    return ranked, scores[ranked]


def test_exact(unit, index):
    """Rows and scores are those of brute force in float64, bit for bit, whatever is asked."""
    for wanted in questions(unit):
        (found,) = index.nearest([wanted])
        rows, scores = brute_force(unit, wanted)
        assert found.rows.tolist() == rows.tolist()
        assert found.scores.tolist() == scores.tolist()


def test_batch(unit, index):
    """A batch, longer than one product takes, answers as its questions do one by one, bit for bit."""
    asked = questions(unit) + questions(unit)[::-1]
    assert len(asked) > 64
    for found, wanted in zip(index.nearest(asked), asked, strict=True):
        (alone,) = index.nearest([wanted])
        assert found.rows.tolist() == alone.rows.tolist()
        assert found.scores.tolist() == alone.scores.tolist()


def test_prefix(unit, index):
    """k = 5 is a prefix of k = 50."""
    for wanted in questions(unit)[::8]:
        few, many = index.nearest([Wanted(wanted.vector, k, wanted.banned) for k in (5, 50)])
        assert few.rows.tolist() == many.rows[:5].tolist()
        assert few.scores.tolist() == many.scores[:5].tolist()


def test_second_looks():
    """Where int8 parts the rows no second look is needed; where all rows are alike there is one, and it is counted."""
    even, alike = (unit_rows(kind(np.random.default_rng(1)).astype(np.float32)) for kind in (gaussian, nearly_equal))
    for unit, looks in ((even, 0), (alike, 3)):
        index = Index(unit, quantized(unit))
        index.nearest([Wanted(unit[row].astype(np.float64), 10) for row in (3, 4, 5)])
        assert index.second_looks == looks


@pytest.mark.parametrize("missing", ["not installed", "no processor features"])
def test_without_numkong(monkeypatch, missing):
    """Where NumKong is not installed, or knows nothing of the processor, NumPy alone gives the same answers."""
    unit = unit_rows(gaussian(np.random.default_rng(1)).astype(np.float32))
    wanted = Wanted(unit[3].astype(np.float64), 10, [3])
    copy = quantized(unit)
    (with_numkong,) = Index(unit, copy).nearest([wanted])
    if missing == "not installed":
        monkeypatch.setitem(sys.modules, "numkong", None)
    else:
        monkeypatch.setattr("numkong.get_capabilities", lambda: {"serial": True, "haswell": False})
    index = Index(unit, copy)
    assert not index.int8
    (without,) = index.nearest([wanted])
    assert without.rows.tolist() == with_numkong.rows.tolist()
    assert without.scores.tolist() == with_numkong.scores.tolist()


def test_memory_mapped(tmp_path):
    """A quantized copy that was stored and is mapped from its files serves as the one that was made."""
    unit = unit_rows(gaussian(np.random.default_rng(1)).astype(np.float32))
    copy = quantized(unit)
    for name, array in vars(copy).items():
        np.save(tmp_path / f"{name}.npy", array)
    mapped = Quantized(**{name: np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in vars(copy)})
    wanted = [Wanted(unit[3].astype(np.float64), 10, [3])]
    found, again = (Index(unit, each).nearest(wanted)[0] for each in (copy, mapped))
    assert found.rows.tolist() == again.rows.tolist()
