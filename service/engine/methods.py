"""How an analogy scores its candidates d: a is to b as c is to d.

a, b and c are (D,) float64 unit vectors; V words are the candidates.
"""

import numpy as np

from service.engine.scores import Scores, cosine_bounds, in_blocks
from service.engine.space import Space, direction
from service.nearest import Doubles, Rows
from service.nearest.scan import float_error

_NOT_ZERO = 1e-6  # in the denominator of 3CosMul, as in its paper and in gensim
_SAME = 1e-6  # a difference of float32 unit vectors that is shorter than this is rounding


def cos_add(_: Space, a: Doubles, b: Doubles, c: Doubles, formula: str) -> Doubles:
    """3CosAdd: the direction b - a + c; a candidate's score is its cosine with it.

    Mikolov, Yih, Zweig 2013, "Linguistic Regularities in Continuous Space Word Representations", section 4; equal to
    gensim's `most_similar(positive=[b, c], negative=[a])`.

    Raises:
        UnusableQuestion: b - a + c is zero.
    """
    return direction(b - a + c, formula)


def cos_mul(space: Space, a: Doubles, b: Doubles, c: Doubles, _: str) -> Scores:
    """3CosMul: cos(d, b) cos(d, c) / (cos(d, a) + 1e-6), each cosine moved from [-1, 1] to [0, 1].

    Levy, Goldberg 2014, "Linguistic Regularities in Sparse and Explicit Word Representations", equation (4) with its
    footnote 7; equal to gensim's `most_similar_cosmul(positive=[b, c], negative=[a])`.
    """
    vectors = np.array([a, b, c])
    low, high = ((1 + cosines) / 2 for cosines in cosine_bounds(space.index.unit, vectors))  # each (3, V)

    def exact(rows: Rows) -> Doubles:
        to_a, to_b, to_c = ((1 + space.index.cosines(rows, vector)) / 2 for vector in vectors)
        scores: Doubles = to_b * to_c / (to_a + _NOT_ZERO)
        return scores

    return Scores(low[1] * low[2] / (high[0] + _NOT_ZERO), high[1] * high[2] / (low[0] + _NOT_ZERO), exact)


def pair_direction(space: Space, a: Doubles, b: Doubles, c: Doubles, formula: str) -> Scores:
    """PairDirection: cos(d - c, b - a); a word whose vector is that of c has no score.

    Levy, Goldberg 2014, equation (2).

    Raises:
        UnusableQuestion: b - a is zero.
    """
    offset = direction(b - a, f"the offset in {formula}")

    def ways(rows: Rows) -> tuple[Doubles, Doubles]:
        away: Doubles = space.unit(rows.tolist()) - c  # (n, D)
        return away, np.sqrt((away * away).sum(axis=1))

    def exact(rows: Rows) -> Doubles:
        away, far = ways(rows)
        scores: Doubles = (away * offset).sum(axis=1) / far
        return scores.clip(-1, 1)

    low, high, near = _slopes(space, offset, c)
    same = near[in_blocks(near, lambda rows: ways(rows)[1]) < _SAME]
    low[same] = high[same] = -np.inf
    return Scores(low, high, lambda rows: in_blocks(rows, exact))


def _slopes(space: Space, offset: Doubles, c: Doubles) -> tuple[Doubles, Doubles, Rows]:
    """Bounds (V,) of cos(d - c, offset) for words d that are not at c, and the rows that may be."""
    (rise_low, near_low), (rise_high, near_high) = cosine_bounds(space.index.unit, np.array([offset, c]))  # each (V,)
    off = 4 * float_error(space.index.unit.shape[1])  # also for lengths that are not quite 1, in what follows
    start = float(offset @ c)
    rise_low, rise_high = rise_low - start - off, rise_high - start + off
    # |d - c|^2 = |d|^2 + |c|^2 - 2 d.c
    far_low = np.sqrt((2 - 2 * near_high - off).clip(_SAME**2))
    far_high = np.sqrt(2 - 2 * near_low + off)
    low = rise_low / np.where(rise_low > 0, far_high, far_low)
    high = rise_high / np.where(rise_high > 0, far_low, far_high)
    return low.clip(-1, 1), high.clip(-1, 1), np.flatnonzero(far_low <= _SAME)
