"""The line turning onto the four points, pass by pass, and its loss."""

import math
from typing import TYPE_CHECKING

from pipeline.lessons.linear_regression import PASSES, Result, X, Y
from pipeline.lessons.pictures.style import BLUE, GRAY, INK, SEQUENCE, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (10.0, 4.4)
DRAWN = (0, 1, 2, 4, 7, 12, 20, 35, PASSES - 1)
ENDS = (0.4, 4.6)


def draw(figure: "Figure", result: Result) -> None:
    """Lines on the left, losses on the right."""
    left, right = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _lines(left, result)
    _losses(right, result)


def _lines(axes: "Axes", result: Result) -> None:
    import matplotlib as mpl

    shades = mpl.colormaps[SEQUENCE]
    for i in DRAWN:
        now, share = result.passes[i], math.log(1 + i) / math.log(PASSES)
        color = shades(0.92 * (1 - share))
        axes.plot(ENDS, [now.w * x + now.b for x in ENDS], color=color, linewidth=1.4 + 1.6 * share)
        axes.annotate(
            f"pass {i}" if i else "after pass 0",
            (ENDS[0], now.w * ENDS[0] + now.b),
            xytext=(-5, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            color=INK,
            fontsize=8,
        )
    axes.scatter(X, Y, s=70, color=VERMILION, zorder=5, edgecolor="white", linewidth=1.5)
    axes.set(xlim=(-0.55, 4.8), ylim=(-0.4, 5.1), xticks=X, yticks=range(6), xlabel="x", ylabel="y")
    last = result.passes[-1]
    axes.set_title(f"The line turns onto the points: y = {last.w:.2f}x + {last.b:.2f}")


def _losses(axes: "Axes", result: Result) -> None:
    losses = [each.loss for each in result.passes]
    axes.semilogy(range(len(losses)), losses, color=BLUE)
    axes.scatter(DRAWN, [losses[i] for i in DRAWN], s=22, color=BLUE, zorder=3)
    axes.set(xlabel="pass", ylabel="loss, summed over the four points")
    axes.grid(axis="y", color=GRAY, alpha=0.2)
    axes.set_title("The loss falls at a steady rate")
