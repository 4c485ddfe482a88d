"""The cosines of some words with each other, as one-hot vectors and by the company they keep."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.one_hot import GROUPS, Result
from pipeline.lessons.pictures.words import color_bar, cosine_square

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 5.4)


def draw(figure: "Figure", result: Result) -> None:
    """Two squares side by side."""
    words = [word for group in GROUPS.values() for word in group]
    left, right = figure.subplots(1, 2)
    cosine_square(left, np.eye(len(words)), list(GROUPS.values()))
    left.set_title("One-hot: nothing is like anything else")
    image = cosine_square(right, result.cosines(words), list(GROUPS.values()))
    right.set_title("Counted company: like goes with like")
    color_bar(figure, image, [left, right])
