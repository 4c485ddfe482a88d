"""What the pictures of several lessons share: words with words as squares of color, and bars of a prediction."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.layers import Floats, Ids
from pipeline.lessons.pictures.style import GRAY, INK, PALE, SEQUENCE, VERMILION
from pipeline.lessons.small_text import BRACES, SmallText

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import FigureBase
    from matplotlib.image import AxesImage

    from pipeline.lessons.word_models import Learned


def cosine_square(axes: "Axes", cosines: Floats, groups: Sequence[Sequence[str]], least: float = 0.0) -> "AxesImage":
    """The cosine of each word with each, (V, V), from `least` to 1; lines between the groups of words."""
    words = [word for group in groups for word in group]
    image = axes.imshow(cosines, cmap=SEQUENCE, vmin=least, vmax=1)
    axes.set_xticks(range(len(words)), words, rotation=90, fontsize=8)
    axes.set_yticks(range(len(words)), words, fontsize=8)
    axes.tick_params(length=0, labelcolor=INK)
    for end in np.cumsum([len(group) for group in groups])[:-1] - 0.5:
        axes.axhline(end, color="white", linewidth=1.2)
        axes.axvline(end, color="white", linewidth=1.2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return image


def learned_squares(figure: "FigureBase", text: SmallText, learned: dict[str, "Learned"]) -> None:
    """The squares of the small text's words, by each way to train."""
    rows = [text.words.index(word) for brace in BRACES for word in brace]
    panels = figure.subplots(1, len(learned))
    for axes, (kind, found) in zip(panels, learned.items(), strict=True):
        unit = found.vectors[rows] / np.linalg.norm(found.vectors[rows], axis=1, keepdims=True)
        image = cosine_square(axes, unit @ unit.T, BRACES, least=-1)
        axes.set_title(f"Like words by {kind}")
    color_bar(figure, image, list(panels))


def color_bar(figure: "FigureBase", image: "AxesImage", beside: list["Axes"]) -> None:
    """The scale of some squares."""
    bar = figure.colorbar(image, ax=beside, shrink=0.6, aspect=30, label="cosine")
    bar.outline.set_visible(False)


def bars(axes: "Axes", text: SmallText, words: Ids, p: Floats, answer: int) -> None:
    """The shares of some words, the right one in color."""
    shares = p[words]
    places = range(len(words))
    axes.barh(places, shares, color=[VERMILION if word == answer else PALE for word in words])
    axes.set(xlim=(0, 1), ylim=(len(words) - 0.4, -0.6))
    axes.set_yticks(places, [text.words[word] for word in words], fontsize=9)
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 0.03, place, f"{share:.0%}", va="center", fontsize=8, color=GRAY)
