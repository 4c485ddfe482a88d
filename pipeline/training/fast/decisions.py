"""The decisions at inner nodes: their losses and residuals, of all scores at once."""

import numpy as np

from pipeline.training.fast.blocks import Float32s, logs_of_products

LOG2 = float(np.log(np.float32(2.0)))

MULTIPLIED = 8
"""How many terms share a logarithm."""

STEEPEST = 0.25
"""The most that sigma rises: times |h|^2 it bounds the second derivative of a decision's loss along a node."""


def decide(scores: Float32s, turned: Float32s) -> float:
    """Turn scores s into residuals, sign sigma(- sign s), in place; returns the loss.

    The loss of a decision is - log sigma(sign s) = log(1 + exp(y)) with y = - sign s, and its residual sign sigma(y).

    Args:
        scores: (M,) of nodes and inputs, where M is a multiple of MULTIPLIED.
        turned: (M,) - sign for each, and 0 where input and node are no pair.
    """
    scores *= turned  # 0 where no pair is, so that it may score what it likes
    np.exp(scores, out=scores)
    scores += 1.0
    terms = scores.reshape(MULTIPLIED, -1)
    logs = logs_of_products(terms, axis=0)
    logs = np.log(terms) if logs is None else logs
    loss = float(logs.sum(dtype=np.float64))
    np.divide(turned, scores, out=scores)
    scores -= turned  # turned (1 / (1 + exp(y)) - 1) = sign sigma(y)
    return loss - (len(turned) - float(turned @ turned)) * LOG2  # what is no pair had log 2


def decide_weighed(scores: Float32s, turned: Float32s) -> float:
    """The same where a pair counts w, more than 1/2 and at most 1: its loss and its residual are w times what they are.

    Args:
        scores: as above.
        turned: - sign w for each, and 0 where input and node are no pair.
    """
    signs = np.rint(turned)
    scores *= signs
    np.exp(scores, out=scores)
    scores += 1.0
    signs *= turned  # w
    parts = (MULTIPLIED, -1)
    losses = np.vecdot(signs.reshape(parts), np.log(scores).reshape(parts))
    np.divide(turned, scores, out=scores)
    scores -= turned
    return float(losses.sum(dtype=np.float64))
