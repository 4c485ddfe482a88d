"""The approximate index finds most of the nearest rows, scores them exactly, and says how many it misses."""

import sys

import numpy as np
import pytest

from service.nearest import ApproximateIndex, Index, Wanted, unit_rows, unit_vector
from storage.errors import SettingError


@pytest.fixture(scope="module")
def exact():
    """(4000, 24) rows in groups, some of them zero."""
    generator = np.random.default_rng(1)
    groups = generator.standard_normal((100, 24))
    rows = groups[generator.integers(0, 100, 4000)] + 0.7 * generator.standard_normal((4000, 24))
    rows[::500] = 0
    return Index(unit_rows(rows.astype(np.float32)))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("lists") / "model.ivf"


@pytest.fixture(scope="module")
def index(exact, path):
    return ApproximateIndex.build(exact, path)


def about(exact, row, k=10, **others):
    return Wanted(unit_vector(exact.unit[row].astype(np.float64)), k, (row,), **others)


def test_recall(exact, index):
    """The recall that is told is the recall there is: other words are found as often, to a few parts in a hundred."""
    asked = [about(exact, row) for row in range(1, 4000, 40)]
    pairs = zip(index.nearest(asked), exact.nearest(asked), strict=True)
    shares = [len({*found.rows.tolist()} & {*right.rows.tolist()}) / 10 for found, right in pairs]
    assert index.note.recall_at_10 == pytest.approx(np.mean(shares), abs=0.04)
    assert 0.9 <= min(index.note.recall_at_10, index.note.recall_at_10_of_sums) <= 1
    assert 1 <= index.note.probes <= index.note.lists


def test_scores(exact, index):
    """Scores are the exact cosines, best first, ties by row; exactly k rows are found, input words are left out."""
    for row in (0, 1, 500, 3999):
        wanted = about(exact, row)
        (found,) = index.nearest([wanted])
        assert found.scores.tolist() == exact.cosines(found.rows, wanted.vector).tolist()
        assert found.rows.tolist() == found.rows[np.lexsort((found.rows, -found.scores))].tolist()
        assert len(found.rows) == 10
        assert row not in found.rows


def test_filters(exact, index):
    """Filtered questions are answered exactly, so that exactly k rows are found whenever k qualify."""
    allowed = np.arange(4000) % 3 == 0
    for wanted in (about(exact, 7, allowed=allowed), about(exact, 7, allowed=np.arange(4000) < 12)):
        (found,), (right,) = index.nearest([wanted]), exact.nearest([wanted])
        assert found.rows.tolist() == right.rows.tolist()


def test_more_than_probed(exact, index):
    """Where more rows are asked for than the probed lists hold, all are found."""
    (found,) = index.nearest([about(exact, 7, k=3999)])
    assert sorted(found.rows.tolist()) == [row for row in range(4000) if row != 7]


def test_least(exact, index):
    """No row below the least cosine is found."""
    (found,) = index.nearest([about(exact, 7, least=0.7)])
    assert (found.scores >= 0.7).all()


def test_batch(exact, index):
    """A batch answers as its questions do one by one."""
    asked = [about(exact, row, k) for row, k in ((1, 10), (2, 50), (3, 1))]
    alone = [index.nearest([wanted])[0].rows.tolist() for wanted in asked]
    assert [found.rows.tolist() for found in index.nearest(asked)] == alone


def test_open(exact, index, path):
    """What was written is mapped again with its recall, and answers the same."""
    again = ApproximateIndex.open(exact, path)
    assert again.note == index.note
    asked = [about(exact, row) for row in range(1, 100)]
    for found, right in zip(again.nearest(asked), index.nearest(asked), strict=True):
        assert found.rows.tolist() == right.rows.tolist()


def test_without_faiss(monkeypatch, exact, path):
    """Without faiss the error names the extra to install."""
    monkeypatch.setitem(sys.modules, "faiss", None)
    for make in (ApproximateIndex.build, ApproximateIndex.open):
        with pytest.raises(SettingError, match=r"firth\[approximate\]"):
            make(exact, path)
