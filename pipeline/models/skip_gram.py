"""Skip-gram: the center by itself predicts each word around it.

The input vector is the center's own, h = v, and each context word is a target of its own: a center with p contexts
makes p examples (Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space", section 3.2).

The gradient. h is v, so dL/dv = dL/dh, summed over the targets.
"""

from pipeline.models.negative_sampling import Float64s


def forward(rows: Float64s) -> Float64s:
    """The input vector h, (D,), from the center's row, (1, D)."""
    h: Float64s = rows[0]
    return h


def gradient(d_h: Float64s) -> Float64s:
    """The gradient of the center's row, (1, D), from that of h, (D,)."""
    return d_h[None]
