"""What the pictures of skip-gram and CBOW share: bars of a prediction, and a map of the words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.layers import Floats, Ids
from pipeline.lessons.pictures.style import COLORS, GRAY, INK, PALE, VERMILION, bare
from pipeline.lessons.small_text import BRACES, SmallText

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = 7


def most_probable(p: Floats, also: Sequence[int]) -> Ids:
    """The words with the largest shares, and some others, the largest first."""
    order = np.argsort(-p, kind="stable")
    wanted = [*order[:SHOWN], *(word for word in order if word in also)]
    return np.array(list(dict.fromkeys(wanted)))


def bars(axes: "Axes", text: SmallText, words: Ids, p: Floats, answer: int) -> None:
    """The shares of some words, the right one in color."""
    shares = p[words]
    places = range(len(words))
    axes.barh(places, shares, color=[VERMILION if word == answer else PALE for word in words])
    axes.set(xlim=(0, 1), ylim=(len(words) - 0.4, -0.6), yticks=places)
    axes.set_yticklabels([text.words[word] for word in words])
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    for place, share in zip(places, shares, strict=True):
        axes.text(share + 0.03, place, f"{share:.0%}", va="center", fontsize=8, color=GRAY)


def word_map(axes: "Axes", text: SmallText, vectors: Floats) -> None:
    """The words in the plane in which their directions differ most; words of one use have one color."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    centered = unit - unit.mean(axis=0)
    _, _, axes_of_it = np.linalg.svd(centered, full_matrices=False)
    signs = np.sign(axes_of_it[np.arange(2), np.abs(axes_of_it[:2]).argmax(axis=1)])  # an axis may point either way
    places = centered @ (axes_of_it[:2] * signs[:, None]).T  # (V, 2)
    bare(axes)
    for at, brace in enumerate(BRACES):
        mine = places[[text.words.index(word) for word in brace]]
        color = COLORS[at % len(COLORS)]
        axes.scatter(
            mine[:, 0],
            mine[:, 1],
            s=46,
            color=color,
            marker="os^D"[at // len(COLORS)],
            edgecolor="white",
            linewidth=0.8,
        )
        x, y = mine.mean(axis=0)
        axes.annotate(", ".join(brace), (x, y), xytext=(0, 7), textcoords="offset points", ha="center", fontsize=8)
    axes.margins(0.16, 0.1)
