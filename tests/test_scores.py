"""What float32 says of a score is true: the exact one lies between the bounds, for every method and every word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.engine.contexts import probabilities
from service.engine.examples import lr_cos
from service.engine.methods import cos_mul, pair_direction
from service.engine.scores import best
from service.engine.space import Selection, Space
from service.nearest import Index
from service.vectors import UnitVectors
from storage.embeddings import Embeddings
from storage.errors import UnusableQuestion


@st.composite
def spaces(draw):
    """Vectors that are far apart, or that float32 can hardly tell apart, or equal."""
    rows, dimensions = draw(st.integers(4, 60)), draw(st.integers(1, 30))
    generator = np.random.default_rng(draw(st.integers(0, 2**32)))
    spread = draw(st.sampled_from([1.0, 1e-2, 1e-4, 1e-7, 0.0]))
    matrix = 1 + spread * generator.standard_normal((rows, dimensions))
    matrix = (matrix * generator.choice([-1, 1], (rows, 1), p=[0.2, 0.8])).astype(np.float32)
    words = tuple(f"w{row}" for row in range(rows))
    vectors = UnitVectors.of(Embeddings(words, np.ones(rows, np.int64), matrix))
    return Space(vectors, Index(vectors.unit))


def _contexts(space):
    contexts = space.vectors.unit[::-1] * np.float32(3)
    return probabilities(contexts, np.full(len(contexts), 3.0), space.unit([0])[0] * 5)


METHODS = {
    "3cosmul": lambda space: cos_mul(space, *space.unit([0, 1, 2]), ""),
    "pairdirection": lambda space: pair_direction(space, *space.unit([0, 1, 2]), ""),
    "lrcos": lambda space: lr_cos(space, (0, 1), (2, 3), space.unit([1])[0]),
    "contexts": _contexts,
}


def scores_of(name, space):
    """The scores of a method; None where it has none."""
    try:
        return METHODS[name](space)
    except UnusableQuestion:
        return None


@pytest.mark.parametrize("name", METHODS)
@given(space=spaces())
def test_exact_scores_lie_between_the_bounds(name, space):
    """No word that has a score scores below `low` or above `high`."""
    if (scores := scores_of(name, space)) is not None:
        rows = np.flatnonzero(scores.low > -np.inf)
        exact = scores.exact(rows)
        assert (scores.low[rows] <= exact).all()
        assert (exact <= scores.high[rows]).all()


@pytest.mark.parametrize("name", METHODS)
@given(space=spaces(), topn=st.integers(1, 70))
def test_the_best_are_those_of_ranking_all_exactly(name, space, topn):
    """What bounds leave out never belongs to the best: the same as ranking all exact scores, ties by row."""
    if (scores := scores_of(name, space)) is not None:
        rows = np.flatnonzero(scores.low > -np.inf)
        exact = scores.exact(rows)
        order = np.lexsort((rows, -exact))[:topn]
        found = best(scores, Selection(None, (), topn, -np.inf, len(scores.low)))
        assert (found.rows.tolist(), found.scores.tolist()) == (rows[order].tolist(), exact[order].tolist())
