"""Three opinions and the prediction they make together, and who is like whom by both ways to train."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.pictures.words import bars, learned_squares
from pipeline.lessons.word_models import Result, most_probable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 7.8)


def draw(figure: "Figure", result: Result) -> None:
    """Four predictions above, two squares below."""
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 2.1))[:, 0]
    if result.combined is None:
        raise ValueError("CBOW has a combined prediction")
    predictions = np.array([*result.probabilities, result.combined])
    shown = most_probable(predictions, [result.center])
    titles = [*(f"'{result.text.words[context]}' alone" for context in result.contexts), "together"]
    for axes, p, title in zip(above.subplots(1, 4), predictions, titles, strict=True):
        bars(axes, result.text, shown, p, result.center)
        axes.set_title(title, fontsize=11)
    learned_squares(below, result.text, result.learned)
