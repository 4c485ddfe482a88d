"""fastText: a word's vector is made of pieces, so that words which are written alike share what they learn.

Bojanowski, Grave, Joulin and Mikolov, "Enriching Word Vectors with Subword Information" (TACL 2017), section 3.2: a
word has a row of its own and one for each of its pieces (`storage.ngrams`), and they together are its vector. The paper
adds them up; its public program, gensim and Firth take their mean, so that long words are no longer than short ones.
For R rows z_r

    h = scale * sum_r z_r,   scale = 1 / R for the mean, 1 for the sum

In skip-gram the rows are the center's; a center with R - 1 pieces has R. In CBOW they are those of all words around the
center, in one mean or sum, so a long word has more weight in it than a short one. Where a word holds a piece twice, its
row is two of the r. What h predicts, and how that is scored, is as in `skip_gram`, `cbow` and the output sides.
(gensim's skip-gram divides by R - 1 while it trains and by R when it answers; the original, and Firth, always by R.)

The gradient. Each row enters h with the same factor: dL/dz_r = scale * dL/dh for every r. A row that many words share
gets the gradient of each of them.

The step. As with CBOW (`models.cbow`), the programs do not move the rows by that gradient, but against

    mean:  R * scale * dL/dh = dL/dh,   sum:  (1 / R) * scale * dL/dh = dL/dh / R

Every row of the mean moves by as much as word2vec would move the word's only one, and so does h itself.
"""

import numpy as np

from pipeline.models.negative_sampling import Float64s


def forward(rows: Float64s, mean: bool = True) -> Float64s:
    """The input vector h, (D,), from the rows of its words and their pieces, (R, D) with R >= 1."""
    total: Float64s = rows.sum(axis=0)
    return total / len(rows) if mean else total


def gradient(d_h: Float64s, rows: int, mean: bool = True) -> Float64s:
    """The gradient of the rows, (R, D), from that of h, (D,)."""
    return np.tile(d_h / rows if mean else d_h, (rows, 1))


def step_factor(rows: int, mean: bool = True) -> float:
    """By what the classic step multiplies the learning rate of the rows."""
    return float(rows) if mean else 1.0 / rows
