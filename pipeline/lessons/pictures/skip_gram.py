"""One prediction asked three times, and who is like whom by full softmax and by negative sampling."""

from typing import TYPE_CHECKING

from pipeline.lessons.pictures.words import bars, learned_squares
from pipeline.lessons.word_models import Result, most_probable

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 7.8)


def draw(figure: "Figure", result: Result) -> None:
    """Three predictions above, two squares below."""
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 2.1))[:, 0]
    name, words = result.text.words[result.center], result.text.words
    shown = most_probable(result.probabilities, result.contexts)
    for axes, p, answer in zip(above.subplots(1, 3), result.probabilities, result.contexts.tolist(), strict=True):
        bars(axes, result.text, shown, p, answer)
        axes.set_title(f"'{name}' is asked for '{words[answer]}'", fontsize=11)
    learned_squares(below, result.text, result.learned)
