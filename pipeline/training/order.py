"""What the order of the pairs adds to a step of skip-gram with hierarchical softmax, in float64 and plain loops.

Where pairs are taken one after the other, as in Mikolov's program, the second input j of a target meets nodes that the
first, k, has just moved by rate * residual_mk h_k, and so is attracted by it. A step that takes all pairs at the same
parameters misses that, and the vectors of rare words, whose nodes have hardly been moved yet, stay too short. An input
comes after half of its target's others on average, so they add to its negative gradient

    rate / 2 * sum over the others k of (sum_m residual_mj residual_mk) h_k

where m are the nodes of the target's path below the tree's top, and a residual counts as much as its pair does; the
nodes of the top are moved by the whole step. That is the first term of a series in the rate, and so means something at
small rates only: at larger ones it stays as it is at LARGEST. As it changes slowly from step to step, and costs a tenth
of one, it is added in every fourth step only, and there counts four times (`TextPaths.order_weight`).
"""

from collections.abc import Callable, Iterator

import numpy as np

from pipeline.models.huffman import HuffmanTree
from pipeline.models.negative_sampling import Float64s, sigmoid
from pipeline.training.batch import Batch, Floats
from pipeline.training.drawn import TextPaths
from pipeline.training.paths import first_of_top

LARGEST = 0.05
"""The largest learning rate that counts, twice the usual one: at 1 or 10 inputs would attract each other on and on."""

Input = tuple[int, int]
"""The lane and the place of a center."""


def share_of(batch: Batch, rate: float) -> float:
    """What a product of residuals counts in a step of that rate; in a batch made by hand, half of the rate."""
    weight = float(batch.drawn.order_weight) if isinstance(batch.drawn, TextPaths) else 1.0
    return min(rate, LARGEST) / 2 * weight


def attraction(
    tree: HuffmanTree, batch: Batch, contexts: Floats, h: Callable[[Input], Float64s], rate: float
) -> Iterator[tuple[Input, Float64s]]:
    """For each target, what each of its inputs owes to the others: the input, and a gradient, (D,), minus the above.

    Args:
        tree: over the vocabulary.
        batch: of skip-gram.
        contexts: (V, D) the nodes' vectors.
        h: of an input its vector, (D,).
        rate: of the step.
    """
    if not (share := share_of(batch, rate)):
        return
    first = first_of_top(tree)
    for lane, place in np.ndindex(batch.targets.words.shape):
        weights = _inputs(batch, lane, place)
        inputs = list(weights)
        points, codes = tree.path(int(batch.targets.words[lane, place]))
        nodes = contexts[points[points < first]].astype(np.float64)
        labels = 1.0 - codes[points < first]
        vectors = [h(each) for each in inputs]
        counted = zip(vectors, weights.values(), strict=True)
        residuals = [weight * (labels - sigmoid(nodes @ vector)) for vector, weight in counted]
        for j, each in enumerate(inputs):
            others = [k for k in range(len(inputs)) if k != j]
            owed = sum((residuals[j] @ residuals[k] * vectors[k] for k in others), start=np.zeros_like(vectors[j]))
            yield each, -share * owed


def _inputs(batch: Batch, lane: int, place: int) -> dict[Input, float]:
    """Those that have the target at a place of the lane, and how much each pair counts."""
    present = batch.targets.present[lane]
    reach = range(present.shape[1])
    met = (o for o in reach if 0 <= place - o < len(present) and present[place - o, o])
    return {(lane, place - o): batch.targets.weight(o) for o in met}
