"""Three opinions and the prediction they make together, and the maps of full softmax and negative sampling."""

from typing import TYPE_CHECKING

from pipeline.lessons.pictures.words import bars, most_probable, word_map
from pipeline.lessons.word_models import KINDS, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SIZE = (11.0, 8.2)


def draw(figure: "Figure", result: Result) -> None:
    """Four predictions above, two maps below."""
    above, below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1, 2))[:, 0]
    if result.combined is None:
        raise ValueError("CBOW has a combined prediction")
    shown = most_probable(result.combined, [result.center])
    titles = [*(f'"{result.text.words[context]}" alone' for context in result.contexts), "together"]
    for axes, p, title in zip(above.subplots(1, 4), [*result.probabilities, result.combined], titles, strict=True):
        bars(axes, result.text, shown, p, result.center)
        axes.set_title(title, fontsize=11)
    for axes, kind in zip(below.subplots(1, 2), KINDS, strict=True):
        word_map(axes, result.text, result.learned[kind].vectors)
        axes.set_title(f"Words by {kind}")
