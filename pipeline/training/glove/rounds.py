"""The order of an epoch: rounds of tiles that share no row and no column, drawn anew from the seed each time.

With M bands there are M * M tiles. In a round every band of rows meets one band of columns, and after M rounds it has
met all (Gemulla, Nijkamp, Haas and Sismanis, "Large-Scale Matrix Factorization with Distributed Stochastic Gradient
Descent", KDD 2011). What the tiles of a round move is disjoint, so several processes may take them in any order, or at
once, to the same bytes.
"""

import numpy as np

from pipeline.training.sampling import Purpose, generator

Rounds = list[list[tuple[int, int]]]


def rounds(bands: int, seed: int, epoch: int) -> Rounds:
    """For each round of an epoch its tiles, as bands of rows and of columns."""
    draws = generator(seed, Purpose.ROUNDS, epoch)
    rows, columns, shifts = (draws.permutation(bands) for _ in range(3))
    return [list(zip(rows.tolist(), np.roll(columns, shift).tolist(), strict=True)) for shift in shifts]
