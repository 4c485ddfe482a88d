"""What is drawn or listed for a step: noise words, or paths through the Huffman tree.

Letters are those of `batch`; E places of a step's list of nodes.
"""

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int32]
Drawings = TypeVar("Drawings", bound="Noise | TextPaths | LeafPaths")


@dataclass(frozen=True, eq=False)
class Noise:
    """Noise words, drawn for groups of centers.

    The K noise words of a group serve all its N / G centers. A center with p targets is owed p * negative noise pairs,
    so each of its K noise pairs weighs p * negative / K, and the expected gradient is that of `negative` independent
    draws for every pair of input and target. A noise word that happens to be the target itself counts like any other,
    as in equation 4 of the paper; word2vec.c and gensim skip it.

    Every G-th center of a lane is in the same group, so that neighbors do not share noise words if there are several
    groups: a word is pulled by the centers around it, and the more different words these have met as noise, the less it
    is moved by what happened to be drawn.

    Attributes:
        words: (L, G, K) word ids drawn from the noise distribution.
        occurrences: (L, G, K) how often each stands among them, over all lanes.
        negative: noise pairs owed to each pair of input and target.
        block: T, the consecutive centers of a lane that meet their targets at once; each block pulls them by itself.
        reach: how far outside of its block a center's targets may lie.
    """

    words: Ids
    occurrences: Ids
    negative: int
    block: int
    reach: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the arrays of a step depend on."""
        return (*self.words.shape, self.negative, self.block, self.reach)


@dataclass(frozen=True, eq=False)
class Paths:
    """The nodes of the Huffman tree that a step's groups of targets list.

    What a group lists stands together. Groups of about equal length are stacked, in the order of their lengths, and
    each is given as many of E places as the longest of its stack needs.

    Attributes:
        cuts: (stacks + 1,) where among the groups in this order each stack begins, and the last one ends.
        widths: (stacks,) places of each group of a stack.
        nodes: (E,) the inner node at each place; where it is padding, V - 1, which no path holds.
        occurrences: (E,) how often the node stands among the step's places.
    """

    cuts: NDArray[np.int64]
    widths: NDArray[np.int64]
    nodes: Ids
    occurrences: Ids

    @property
    def places(self) -> NDArray[np.int64]:
        """(groups,) how many places each has."""
        return np.repeat(self.widths, np.diff(self.cuts))


@dataclass(frozen=True, eq=False)
class TextPaths(Paths):
    """Of skip-gram: G groups of T targets of a lane that stand one after the other in the text, and list their paths.

    The upper ends of the paths lie among the tree's last nodes, which nearly all share, and need no list.

    Attributes:
        words: (L, G, T) the targets; where a lane does not fill its last group, it ends with -1.
        order: (L G,) the groups of all lanes, those of short ends first.
        rows: (E,) which of the L G T targets the path is that of, times 2, plus its code there; 2 L G T for padding.
        met: consecutive inputs that may meet a group; met - T are outside of it, as many on either side, or if that is
            odd, one more on the left and on the right in turn.
        order_weight: () how much the order of the pairs counts in this step (`order`): 4 in every fourth one, else 0.
    """

    words: Ids
    order: Ids
    rows: Ids
    met: int
    order_weight: NDArray[np.float64]

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the arrays of a step depend on."""
        return (*self.words.shape, *self.nodes.shape, self.met)


@dataclass(frozen=True, eq=False)
class LeafPaths(Paths):
    """Of CBOW: G groups of J targets that stand one after the other among the tree's leaves, and list a node once.

    Attributes:
        inputs: (G, J) the places, lane by lane, of each group's targets; groups of few nodes come first. Numbers from
            L N on fill the last group, and meet nothing.
        found: (L N,) where among these each place is found.
        turned: (E, J) for each of a group's targets the minus of its sign at the node (code 0: -1, code 1: 1), 0 where
            its path does not pass there, or nothing predicts it.
    """

    inputs: Ids
    found: Ids
    turned: NDArray[np.int8]

    @property
    def sizes(self) -> tuple[int, ...]:
        """What the arrays of a step depend on."""
        return (*self.inputs.shape, *self.nodes.shape)


Drawn = Noise | TextPaths | LeafPaths


def of_step(drawn: Drawings, step: int) -> Drawings:
    """What was drawn for one step, of arrays that have the steps before their other axes."""
    parts: Any = (item[step] if isinstance(item, np.ndarray) else item for item in vars(drawn).values())
    return type(drawn)(*parts)
