"""A hint where x_max does not suit the text: nearly all pairs then weigh so little that they hardly move in a training.

The paper's 100 is that of 6 billion words, the 10 of its program's demo that of 17 million. Of 10 million words of
Wikipedia .15 % of the pairs (window 10) reach 100, and 1.6 % reach 10.
"""

import numpy as np

from pipeline.cooccurrence.cells import Cells

FEW = 0.005
"""Share of the pairs; where fewer reach x_max it is far too large."""
USUAL = 0.01
"""Share of them that reach the x_max that is proposed."""
SAMPLE = 1_000_000
"""Cells that are looked at."""


def hint(cells: Cells, x_max: float) -> str | None:
    """What to say of x_max, if anything."""
    weights = cells.sample(SAMPLE)
    share = float((weights >= x_max).mean())
    if share >= FEW:
        return None
    proposed = max(1, round(float(np.quantile(weights, 1 - USUAL))))
    if proposed >= x_max:
        return None
    return (
        f"x_max is {x_max:g}, and {share:.2%} of the pairs stand together so much: the others weigh little, and are"
        f" learned slowly. {x_max:g} suits a larger text; for this one try --x-max {proposed}"
    )
