"""The fast trainer of GloVe: the law of `reference` for all pairs of a tile at once, in float32, as matrix products.

The residuals F of a tile are a matrix of R rows and S columns, zero where there is no pair. With P (R, D + 2) the long
vectors of its rows and Q (S, D + 2) those of its columns,

    scores              the inner products of rows of P and Q
    sums of gradients   F Q and F.T P
    sums of squares     (F * F) (Q * Q) and (F * F).T (P * P), number by number: each pair's square, not that of a sum

A tile of frequent words is nearly full: its products are those of dense matrices, at 100 floating-point operations a
nanosecond and core. With fewer than one pair in FULL cells sparse rows are cheaper, at some 30 nanoseconds a pair and
product.
"""

import numpy as np
from numpy.typing import NDArray

from pipeline.models.glove import CLIP
from pipeline.settings import TrainSettings
from pipeline.training.fast.blocks import Float32s
from pipeline.training.fast.sums import Ones, weighted_sums
from pipeline.training.glove.side import Side
from pipeline.training.glove.tiles import Tile

FULL = 20
"""A tile with one pair in so many cells is taken as a dense matrix."""
AT_ONCE = 1024
"""Pairs whose vectors are gathered at once, so that they stay in the processor's cache."""


class GloveTrainer:
    """At the settings' x_max and glove_alpha."""

    def __init__(self, settings: TrainSettings) -> None:
        self._log_max, self._alpha = np.float32(np.log(settings.x_max)), np.float32(settings.glove_alpha)

    def loss(self, tile: Tile, rows: Side, columns: Side) -> float:
        """Summed over the pairs of a tile; moves nothing."""
        differences, weights = self._differences(tile, rows, columns)
        return half_sum(weights * differences, differences)

    def step(self, tile: Tile, rows: Side, columns: Side, rate: float) -> float:
        """Move the rows and the columns in place; returns the summed loss before."""
        if not len(tile.logs):
            return 0.0
        differences, weights = self._differences(tile, rows, columns)
        residuals = weights * differences
        loss = half_sum(residuals, differences)
        pulls, squares = sums(tile, residuals, rows.vectors, columns.vectors)
        bends = curvatures(tile, weights, rows.vectors, columns.vectors)
        pairs = np.diff(tile.starts), np.bincount(tile.columns, minlength=tile.size)
        for side, *arrays in zip((rows, columns), pulls, squares, bends, pairs, strict=True):
            move(side, *arrays, rate=np.float32(rate))
        return loss

    def _differences(self, tile: Tile, rows: Side, columns: Side) -> tuple[Float32s, Float32s]:
        """Each pair's difference and weight, (n,)."""
        differences = scores(tile, rows.vectors, columns.vectors)
        differences -= tile.logs
        weights = tile.logs - self._log_max
        np.minimum(weights, 0.0, out=weights)
        weights *= self._alpha
        return differences, np.exp(weights, out=weights)


def half_sum(residuals: Float32s, differences: Float32s) -> float:
    """The loss, of products in float32 summed in float64."""
    return 0.5 * float((residuals * differences).sum(dtype=np.float64))


def is_full(tile: Tile) -> bool:
    """Whether dense products are faster."""
    return len(tile.logs) * FULL > (len(tile.starts) - 1) * tile.size


def cost(pairs: int, rows: int, columns: int) -> float:
    """About how long a step on such a tile takes, in half microseconds: rows cost more than pairs do."""
    cells = rows * columns
    return rows + columns + (450 + cells / 50 if pairs * FULL > cells else pairs / 3)


def scores(tile: Tile, p: Float32s, q: Float32s) -> Float32s:
    """(n,) the inner product of each pair's rows."""
    rows, found = tile.rows, np.empty(len(tile.logs), np.float32)
    if is_full(tile):
        (p @ q.T).take(rows * np.int32(tile.size) + tile.columns, out=found, mode="clip")
        return found
    for start in range(0, len(found), AT_ONCE):
        some = slice(start, start + AT_ONCE)
        left, right = p.take(rows[some], axis=0, mode="clip"), q.take(tile.columns[some], axis=0, mode="clip")
        np.vecdot(left, right, out=found[some])
    return found


def sums(tile: Tile, residuals: Float32s, p: Float32s, q: Float32s) -> tuple[tuple[Float32s, ...], ...]:
    """The sums of gradients, of rows and of columns, and the sums of their squares."""
    largest = max(float(np.abs(p).max()), float(np.abs(q).max()))
    if float(np.abs(residuals).max()) * largest > CLIP:
        return clipped_sums(tile, residuals, p, q)
    if not is_full(tile):
        pattern = Ones(tile.starts, tile.columns)
        return weighted_sums(pattern, residuals, p, q), weighted_sums(pattern, residuals**2, p**2, q**2)
    matrix = np.zeros((len(p), len(q)), np.float32)
    matrix[tile.rows, tile.columns] = residuals
    pulls = matrix @ q, matrix.T @ p
    matrix *= matrix
    return pulls, (matrix @ q**2, matrix.T @ p**2)


def clipped_sums(tile: Tile, residuals: Float32s, p: Float32s, q: Float32s) -> tuple[tuple[Float32s, ...], ...]:
    """The same where a number of some pair's gradient is clipped: each pair's gradient by itself."""
    count = np.arange(len(residuals) + 1, dtype=np.int32)
    ones, rows, columns = np.ones(len(residuals), np.float32), tile.rows, tile.columns
    of_rows = np.clip(residuals[:, None] * q[columns], -CLIP, CLIP)  # (n, D + 2)
    of_columns = np.clip(residuals[:, None] * p[rows], -CLIP, CLIP)
    found = []
    for power in (1, 2):
        over, _ = weighted_sums(Ones(tile.starts, count[:-1]), ones, p, of_rows**power)
        _, down = weighted_sums(Ones(count, columns), ones, of_columns**power, q)
        found.append((over, down))
    return tuple(found)


def curvatures(tile: Tile, weights: Float32s, p: Float32s, q: Float32s) -> tuple[Float32s, Float32s]:
    """For each row and each column, (R, 2) and (S, 2): sum of f |partner's vector|^2, and sum of f."""
    partners = (np.stack([np.vecdot(side[:, :-2], side[:, :-2]), np.ones(len(side), np.float32)], 1) for side in (p, q))
    return weighted_sums(Ones(tile.starts, tile.columns), weights, *partners)


def move(
    side: Side, pull: Float32s, squares: Float32s, bends: Float32s, pairs: NDArray[np.integer], *, rate: np.float32
) -> None:
    """The law, for all rows of a side; `pull` and `squares` are used up."""
    counts = np.maximum(pairs, 1).astype(np.float32)
    others = ((counts - 1) / counts)[:, None]  # (R, 1)
    pull *= rate
    squares *= rate**2
    steps = squares * (others * np.float32(0.5))
    steps += side.squares
    np.sqrt(steps, out=steps)  # d
    dimensions = steps.shape[1] - 2
    mean = steps[:, :-2] @ np.full(dimensions, 1 / dimensions, np.float32)
    bend = others[:, 0] * rate * bends[:, 0] / mean  # (R,) of the vector
    bias_bend = others[:, 0] * rate * bends[:, 1] / steps[:, side.bias]
    steps[:, :-2] *= (1 + bend)[:, None]
    steps[:, side.bias] *= 1 + bend + bias_bend
    pull /= steps
    np.subtract(side.vectors, pull, out=side.vectors)
    np.add(side.squares, squares, out=side.squares)
