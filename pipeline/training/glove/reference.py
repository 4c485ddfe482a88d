"""The reference trainer of GloVe: float64, one pair at a time; to be read, and to compare the fast one with.

The law of a step, how a row moves for all its pairs in a tile at once. Of its n pairs there, each with weight f,
partner q and gradient g, all taken before the step, the row u and its sums of squares G become, number by number,

    s  =  sum (rate g)^2
    d  =  sqrt(G + (n - 1) / (2n) s)
    u  <- u - rate sum g / d / (1 + (n - 1) / n bend)
    G  <- G + s

With one pair this is the step of the authors' program (`models.glove`). With more, the program takes one pair after the
other. Each would find in G the squares of those before it: in the mean over all orders half of the others', which is
what d holds. Each would also find its difference made smaller by those before it; taken all at once they overshoot, and
more so with every step. So what n pairs want is divided by the bend of the n - 1 others,

    of the vector's numbers   sum f rate |q|^2 / mean d
    of the bias               the same, and  sum f rate / d of the bias

which is the step that is implicit on the parabola that the pairs make of the loss along the row,
with the trace of its second derivatives, each at its number's rate, for the largest. The partner of a bias is always 1,
so that all pairs pull it one way, and the vector helps them; the partners q, taken here without their own biases, of
the vector's numbers point in many directions. The mean is over the row's vector.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from pipeline.models import glove
from pipeline.models.negative_sampling import Float64s
from pipeline.settings import TrainSettings
from pipeline.training.glove.side import Side
from pipeline.training.glove.tiles import Tile


@dataclass
class Pulled:
    """What the pairs of one row add up to."""

    pairs: int = 0
    gradient: Float64s | float = 0.0
    squares: Float64s | float = 0.0
    weighted_lengths: float = 0.0
    weights: float = 0.0

    def add(self, gradient: Float64s, partner: Float64s, f: float) -> None:
        """One more pair: its gradient of the row, (D + 2,), and its partner, (D + 2,)."""
        gradient = glove.clipped(gradient)
        self.pairs += 1
        self.gradient = self.gradient + gradient
        self.squares = self.squares + gradient**2
        self.weighted_lengths += f * float(partner[:-2] @ partner[:-2])
        self.weights += f


@dataclass(frozen=True)
class GloveReference:
    """The textbook, at the settings' x_max and glove_alpha."""

    settings: TrainSettings

    def loss(self, tile: Tile, rows: Side, columns: Side) -> float:
        """Summed over the pairs of a tile; moves nothing."""
        return sum(
            glove.loss(rows.vectors[row], columns.vectors[column], x, f) for row, column, x, f in self._pairs(tile)
        )

    def step(self, tile: Tile, rows: Side, columns: Side, rate: float) -> float:
        """Move the rows and the columns in place; returns the summed loss before."""
        loss = self.loss(tile, rows, columns)
        of_rows: defaultdict[int, Pulled] = defaultdict(Pulled)
        of_columns: defaultdict[int, Pulled] = defaultdict(Pulled)
        for row, column, x, f in self._pairs(tile):
            w, c = rows.vectors[row], columns.vectors[column]
            d_w, d_c = glove.gradient(w, c, x, f)
            of_rows[row].add(d_w, c, f)
            of_columns[column].add(d_c, w, f)
        for side, pulls in ((rows, of_rows), (columns, of_columns)):
            for row, pulled in pulls.items():
                move(side, row, pulled, rate)
        return loss

    def _pairs(self, tile: Tile) -> list[tuple[int, int, float, float]]:
        """Row, column, X and f(X) of each."""
        x = np.exp(tile.logs.astype(np.float64))
        f = glove.weight(x, self.settings.x_max, self.settings.glove_alpha)
        return list(zip(tile.rows.tolist(), tile.columns.tolist(), x.tolist(), f.tolist(), strict=True))


def move(side: Side, row: int, pulled: Pulled, rate: float) -> None:
    """The law of the module's docstring."""
    n, squares = pulled.pairs, side.squares[row]
    s = rate**2 * pulled.squares
    d = np.sqrt(squares + (n - 1) / (2 * n) * s)
    bend = (n - 1) / n * rate * pulled.weighted_lengths / d[:-2].mean()
    bias_bend = (n - 1) / n * rate * pulled.weights / d[side.bias]
    d[:-2] *= 1 + bend
    d[side.bias] *= 1 + bend + bias_bend
    side.vectors[row] -= rate * pulled.gradient / d
    side.squares[row] = squares + s
