"""CBOW, the continuous bag of words: the words around a center together predict it.

The input vector is the mean of the p context vectors (or their sum), and the center is the only target (Mikolov et al.
2013, "Efficient Estimation of Word Representations in Vector Space", section 3.1):

    h = scale * sum_j v_j,   scale = 1 / p for the mean, 1 for the sum

The gradient. Each context vector enters h with the same factor, so dL/dv_j = scale * dL/dh for every j. A word that
stands several times around the center is several of the j, and its vector gets the gradient of each.

The step. word2vec.c and gensim do not move the context vectors by that gradient: for the mean they leave the factor
1 / p out (Irsoy, Benton and Stratos 2021, "Corrected CBOW Performs as well as Skip-gram"), and for the sum gensim puts
it in. So either way each context vector moves against

    mean:  p * scale * dL/dh = dL/dh,   sum:  (1 / p) * scale * dL/dh = dL/dh / p

which is still downhill, but at a learning rate of the example's own: p times the set one for the mean, 1 / p times for
the sum. The usual learning rates are made for it, so Firth takes it too: `step_factor`.
"""

import numpy as np

from pipeline.models.negative_sampling import Float64s


def forward(rows: Float64s, mean: bool) -> Float64s:
    """The input vector h, (D,), from the context words' rows, (p, D) with p >= 1: without contexts nothing predicts."""
    total: Float64s = rows.sum(axis=0)
    return total / len(rows) if mean else total


def gradient(d_h: Float64s, contexts: int, mean: bool) -> Float64s:
    """The gradient of the context words' rows, (p, D), from that of h, (D,)."""
    return np.tile(d_h / contexts if mean else d_h, (contexts, 1))


def step_factor(contexts: int, mean: bool) -> float:
    """By what the classic step multiplies the learning rate of the context words' rows."""
    return float(contexts) if mean else 1.0 / contexts
