"""`Side`: the rows of a tile, or its columns: long vectors and their sums of squares."""

from typing import NamedTuple

from pipeline.training.batch import Floats
from pipeline.training.glove.factors import Factors
from pipeline.training.glove.tiles import Tiles


class Side(NamedTuple):
    """The R words of a band, as words or as contexts; views of a model's factors.

    Attributes:
        vectors: (R, D + 2).
        squares: (R, D + 2).
        bias: which coordinate is the bias; the other of the last two is 1.
    """

    vectors: Floats
    squares: Floats
    bias: int


def sides(factors: Factors, tiles: Tiles, a: int, b: int) -> tuple[Side, Side]:
    """The rows and the columns of the tile of row band `a` and column band `b`, as it is kept."""
    words, contexts = tiles.span(a), tiles.span(b)
    row = Side(factors.words[words], factors.word_squares[words], -2)
    column = Side(factors.contexts[contexts], factors.context_squares[contexts], -1)
    return (column, row) if a > b else (row, column)
