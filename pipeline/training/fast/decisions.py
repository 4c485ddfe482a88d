"""The decisions at inner nodes: their losses and residuals, of all the scores of some lanes at once."""

import numpy as np

from pipeline.training.fast.blocks import Float32s, Float64s, logs_of_products

LOG2 = float(np.log(np.float32(2.0)))

MULTIPLIED = 8
"""How many terms share a logarithm."""

STEEPEST = 0.25
"""The most that sigma rises: times |h|^2 it bounds the second derivative of a decision's loss along a node."""


def decide(scores: Float32s, turned: Float32s) -> Float64s:
    """Turn scores s into residuals, sign sigma(- sign s), in place; returns each lane's loss, (L,).

    The loss of a decision is - log sigma(sign s) = log(1 + exp(y)) with y = - sign s, and its residual sign sigma(y).

    Args:
        scores: (L, ...) of nodes and inputs, a multiple of MULTIPLIED for each lane.
        turned: - sign for each, and 0 where input and node are no pair.
    """
    lanes = len(scores)
    scores *= turned  # 0 where no pair is, so that it may score what it likes
    np.exp(scores, out=scores)
    scores += 1.0
    terms = scores.reshape(lanes, MULTIPLIED, -1)
    logs = logs_of_products(terms, axis=1)
    logs = np.log(terms).sum(axis=1) if logs is None else logs
    losses: Float64s = logs.sum(axis=1, dtype=np.float64)
    np.divide(turned, scores, out=scores)
    scores -= turned  # turned (1 / (1 + exp(y)) - 1) = sign sigma(y)
    signs = turned.reshape(lanes, -1)
    losses -= (signs.shape[1] - np.vecdot(signs, signs)) * LOG2  # what is no pair had log 2
    return losses
