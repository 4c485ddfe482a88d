"""The cosines of some words with each other, as one-hot vectors and by the company they keep."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.one_hot import GROUPS, Result
from pipeline.lessons.pictures.style import SEQUENCE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

SIZE = (11.0, 5.6)


def draw(figure: "Figure", result: Result) -> None:
    """Two matrices side by side."""
    words = [word for group in GROUPS.values() for word in group]
    left, right = figure.subplots(1, 2)
    _matrix(left, np.eye(len(words)), words)
    left.set_title("One-hot: nothing is like anything else")
    image = _matrix(right, result.cosines(words), words)
    right.set_title("Counted company: like goes with like")
    bar = figure.colorbar(image, ax=[left, right], shrink=0.6, aspect=30, label="cosine")
    bar.outline.set_visible(False)


def _matrix(
    axes: "Axes", cosines: "np.ndarray[tuple[int, int], np.dtype[np.float64]]", words: list[str]
) -> "AxesImage":
    image = axes.imshow(cosines, cmap=SEQUENCE, vmin=0, vmax=1)
    axes.set_xticks(range(len(words)), words, rotation=90, fontsize=8)
    axes.set_yticks(range(len(words)), words, fontsize=8)
    axes.tick_params(length=0)
    for end in np.cumsum([len(group) for group in GROUPS.values()])[:-1] - 0.5:
        axes.axhline(end, color="white", linewidth=1.5)
        axes.axvline(end, color="white", linewidth=1.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image
