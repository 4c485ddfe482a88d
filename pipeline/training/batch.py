"""`Batch`: all that one step needs besides the parameters and the learning rate, randomness included.

Letters, here and in the trainers: V vocabulary, D dimensions, C window, L lanes of a step, N centers of a lane, G
groups of a lane's centers that share their noise, K noise words of a group.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.training.drawn import Drawn, Ids, Noise

Bools = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]

BLOCK = 16
"""T, the consecutive centers that the fast trainer multiplies at once where there are no runs (`StepShape`)."""


@dataclass(frozen=True, eq=False)
class Targets:
    """What a step's inputs predict.

    Attributes:
        words: (L, N + 2c) word ids; skip-gram: all tokens, c = C; CBOW: the centers, c = 0.
        present: (L, N, 2c + 1) whether words[l, n + o] is a target of the lane's input n.
        occurrences: (L, N + 2c) how often words[l, m] stands in the step: see `row_rates`.
        weights: (2c + 1,) how much a pair counts, by the target's place o; None where each counts once.
    """

    words: Ids
    present: Bools
    occurrences: Ids
    weights: NDArray[np.float32] | None = None

    def weight(self, place: int) -> float:
        """How much a pair counts whose target stands at place o of its input."""
        return 1.0 if self.weights is None else float(self.weights[place])


@dataclass(frozen=True, eq=False)
class Batch:
    """L lanes of N consecutive centers of the subsampled text each, their targets, and what was drawn for them.

    All lanes are computed at the same parameters.

    Attributes:
        tokens: (L, N + 2C) word ids of the centers and of the C tokens on either side.
        positive: (L, N, 2C + 1) whether tokens[l, n + o] is a context of center n, whose own place is o = C.
        occurrences: (L, N + 2C) how often tokens[l, m] stands in the step: see `row_rates`.
        targets: what is predicted.
        drawn: the noise for negative sampling, the paths for hierarchical softmax, nothing for full softmax.
        progress: share of the whole training that is done before this batch, from 0 to 1.
    """

    tokens: Ids
    positive: Bools
    occurrences: Ids
    targets: Targets
    drawn: Drawn | None
    progress: float

    @property
    def window(self) -> int:
        """C, the largest distance of a context."""
        return int(self.positive.shape[2]) // 2

    @property
    def centers(self) -> Ids:
        """(L, N) word ids of the centers."""
        return self.tokens[:, self.window : self.tokens.shape[1] - self.window]

    @property
    def center_occurrences(self) -> Ids:
        """(L, N) how often each center's word stands in the step."""
        return self.occurrences[:, self.window : self.tokens.shape[1] - self.window]

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the arrays of a step depend on."""
        drawn = self.drawn.sizes if self.drawn else ()
        return (*self.positive.shape, self.targets.present.shape[2], *drawn)

    def group(self, center: int) -> int:
        """Which group's noise a center of a lane shares, of those of `Noise`."""
        if not isinstance(self.drawn, Noise):
            raise TypeError("negative sampling needs a batch with noise")
        return center % int(self.drawn.words.shape[1])

    @property
    def pairs(self) -> float:
        """How much the batch's pairs of an input and a target count; where each counts once, how many there are."""
        present, weights = self.targets.present, self.targets.weights
        if weights is None:
            return int(np.count_nonzero(present))
        return float(present.sum(axis=(0, 1)) @ weights.astype(np.float64))


def of_targets(architecture: str, values: Ids, window: int) -> Ids:
    """(..., N + 2c) what belongs to the targets, of values for all tokens, (..., N + 2C)."""
    return values if architecture == "skipgram" else values[..., window : values.shape[-1] - window]


MAX_MOVE = 1.0
"""The farthest that the occurrences of a word may move its row in one step (`row_rates`), as tokens and again as noise;
trained vectors are 1 to 7 long."""


MAX_NODE_MOVE = 4.0
"""The same for a node of the Huffman tree: near the root these are met by far more pairs than a word is, and longer."""


SHARING = 4
"""So many different words of a step may each move a row that they share, of a piece, by MAX_MOVE: they count as one
occurrence. Were it fewer, a piece that very many words share would hardly feel those few that it fits badly, and would
grow on and on."""


def row_rates(
    rate: float, occurrences: Ids, lengths: Floats, curvatures: Floats | float = 0.0, most: float = MAX_MOVE
) -> Floats:
    """The learning rate of each occurrence of a word in a step, lowered where its row would leap.

    A step applies all gradients at the parameters before it, so a word that stands n times moves n times at once. Where
    the occurrences pull the same way (an article on Lisp, a list), that is a leap with the gradient of one point, which
    overshoots, and then grows without bound: a few such bursts spoil a whole model. So each occurrence moves its row by
    at most MAX_MOVE / n, and by the triangle inequality the row by at most MAX_MOVE: gradient clipping (Pascanu,
    Mikolov and Bengio 2013, section 3.2), row by row. In even text, at the defaults, one occurrence in 60 reaches it
    in the first epoch; at higher rates and with more noise more do, most of them of frequent words, which so learn more
    slowly.

    That does not help a row that every center meets, such as the root of the Huffman tree: its gradient is long and
    turns within a short way. Along a row whose loss has second derivatives up to c, a step of rate r overshoots when
    r c > 1, while many small steps would come to rest; at the rate 1 / c, Newton's, it never does.

    Args:
        rate: learning rate.
        occurrences: n for each occurrence.
        lengths: Euclidean length of each occurrence's gradient, or a bound of it, same shape.
        curvatures: a bound of the second derivatives of each occurrence's loss along its row, same shape; 0 where a row
            is met so seldom that it does not matter.
        most: how far a row may move.
    """
    counts = occurrences.astype(lengths.dtype)
    moves: Floats = counts * lengths  # how far each row would move at rate 1 if all its occurrences pulled one way
    moves *= rate / most
    if isinstance(curvatures, float) and not curvatures:
        return np.divide(rate, np.maximum(moves, 1.0, out=moves), out=moves)
    damping = rate * counts * curvatures
    rates: Floats = rate / np.maximum(np.maximum(moves, damping), 1.0)
    return rates
