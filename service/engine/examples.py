"""How an analogy from several example pairs scores its candidates d: each a is to its b as c is to d."""

import numpy as np

from service.engine.logistic import fit, sigmoid
from service.engine.scores import Scores, cosine_bounds
from service.engine.space import Space, direction
from service.nearest import Doubles, Rows, unit_vector

_OTHERS = 1000  # words at random that LRCos learns from, besides the examples
_SEED = 2016


def cos_avg(space: Space, a: tuple[int, ...], b: tuple[int, ...], c: Doubles) -> Doubles:
    """3CosAvg: the direction c + the mean of the offsets b - a; a candidate's score is its cosine with it.

    Drozd, Gladkova, Matsuoka 2016, "Word Embeddings, Analogies, and Machine Learning: Beyond king - man + woman =
    queen", section 3.1.

    Raises:
        UnusableQuestion: the sum is zero.
    """
    return direction((space.unit(b) - space.unit(a)).mean(axis=0) + c, "c + the mean of b - a")


def lr_cos(space: Space, a: tuple[int, ...], b: tuple[int, ...], c: Doubles) -> Scores:
    """LRCos: the probability that d is of the class of the b, times cos(d, c).

    Drozd, Gladkova, Matsuoka 2016, section 3.2. A logistic regression learns the class: its examples are the b, its
    counterexamples the a and words at random, always the same ones.
    """
    weights, bias = _learnt(space, a, b)
    steepness, toward = float(np.linalg.norm(weights)), unit_vector(weights)

    def probable(cosines: Doubles) -> Doubles:
        return sigmoid(steepness * cosines + bias)

    def exact(rows: Rows) -> Doubles:
        return probable(space.index.cosines(rows, toward)) * space.index.cosines(rows, c)

    (class_low, near_low), (class_high, near_high) = cosine_bounds(space.index.unit, np.array([toward, c]))  # each (V,)
    seldom, often = probable(class_low), probable(class_high)
    low = np.where(near_low > 0, seldom, often) * near_low
    high = np.where(near_high > 0, often, seldom) * near_high
    return Scores(low, high, exact)


def _learnt(space: Space, a: tuple[int, ...], b: tuple[int, ...]) -> tuple[Doubles, float]:
    words = len(space.vectors.words)
    drawn = np.random.default_rng(_SEED).permutation(words)[: _OTHERS + len(b)]
    others = [row for row in drawn.tolist() if row not in set(b)][:_OTHERS]
    vectors = space.unit([*b, *a, *others])  # (n, D)
    return fit(vectors, np.arange(len(vectors)) < len(b))
