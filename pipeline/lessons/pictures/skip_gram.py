"""One prediction asked three times, and the maps that full softmax and negative sampling end with."""

from typing import TYPE_CHECKING

from pipeline.lessons.pictures.words import bars, most_probable, word_map
from pipeline.lessons.word_models import KINDS, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 8.2)


def draw(figure: "Figure", result: Result) -> None:
    """Three predictions above, two maps below."""
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 2))[:, 0]
    name = result.text.words[result.center]
    shown = most_probable(result.probabilities[0], result.contexts.tolist())
    for axes, p, answer in zip(above.subplots(1, 3), result.probabilities, result.contexts.tolist(), strict=True):
        bars(axes, result.text, shown, p, answer)
        axes.set_title(f'"{name}" asked for "{result.text.words[answer]}"', fontsize=11)
    for axes, kind in zip(below.subplots(1, 2), KINDS, strict=True):
        word_map(axes, result.text, result.learned[kind].vectors)
        axes.set_title(f"Words by {kind}")
