"""How much memory the members share at most; what is not written of it costs nothing."""

from pipeline.training.batches import PLACES_AT_ONCE, BatchMaker
from pipeline.training.paths import most_entries
from pipeline.training.team.shared import ALIGNMENT

PULLS = 4
"""No composition has more kinds of gradients in a step."""


def bytes_of_gradients(maker: BatchMaker, words: int) -> int:
    """Of all lanes of a step: rows of D floats, each with five numbers beside it."""
    shape, reach = maker.shape, 2 * maker.settings.window
    targets = shape.centers // shape.group * (shape.group + reach)  # each group pulls those around it by itself
    rows = shape.lanes * (shape.centers + reach + targets + _output_rows(maker, words))
    return rows * 4 * (maker.settings.vector_size + 5) + PULLS * 7 * ALIGNMENT


def bytes_of_part(maker: BatchMaker) -> int:
    """Of a part's stream: an id and three numbers for each token."""
    return 28 * (steps_of_part(maker) * maker.shape.step + 2 * maker.settings.window) + 4 * ALIGNMENT


def bytes_of_steps(maker: BatchMaker) -> int:
    """Of the steps that are made of a part."""
    shape, window = maker.shape, maker.settings.window
    tokens = shape.lanes * (shape.centers + 2 * window)
    drawn = 20 * shape.lanes * _output_rows(maker, 0) + 16 * tokens
    step = 8 * tokens + shape.step * (2 * window + 1) + drawn + 8
    return steps_of_part(maker) * step + 12 * ALIGNMENT


def steps_of_part(maker: BatchMaker) -> int:
    """The most steps that a part is cut into."""
    return max(1, PLACES_AT_ONCE // (2 * maker.settings.window + 1) // maker.shape.step)


def _output_rows(maker: BatchMaker, words: int) -> int:
    """Rows of a lane, beside its targets, that the output side pulls: of hierarchical softmax the most there can be."""
    shape, tree = maker.shape, maker.objective.tree
    if tree:
        return most_entries(tree, maker.objective.model, shape.centers + 2 * maker.settings.window)
    if maker.objective.loss == "softmax":
        return words
    return shape.centers // shape.group * shape.noise
