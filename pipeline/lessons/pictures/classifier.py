"""What the hidden neurons look for, which of them light up for which picture, and how the network learns."""

from typing import TYPE_CHECKING

import numpy as np

from pipeline.lessons.classifier import HIDDEN, KINDS, PICTURES, Result, clean
from pipeline.lessons.pictures.style import BLUE, GRAY, INK, SEQUENCE, VERMILION, bare

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

SIZE = (11.0, 4.8)


def draw(figure: "Figure", result: Result) -> None:
    """A table of pictures and neurons on the left, accuracies on the right."""
    left, right = figure.subfigures(1, 2, squeeze=False, width_ratios=(1.35, 1))[0]
    _table(left, result)
    _accuracies(right.subplots(), result)


def _table(figure: "SubFigure", result: Result) -> None:
    figure.suptitle("Which neurons light up for which picture", x=0.02, ha="left", fontweight="bold", fontsize=12)
    rows, columns = len(PICTURES) + 1, HIDDEN + 2
    grid = figure.subplots(rows, columns, width_ratios=(1.3, *[1.0] * (columns - 1)))
    for axes in grid.flat:
        bare(axes)
    asks = "asks for purple,\nnot for orange"
    grid[0, 1].text(1.0, 0.5, asks, ha="right", va="center", color=GRAY, fontsize=9, transform=grid[0, 1].transAxes)
    most = float(np.abs(result.weights).max())
    for neuron in range(HIDDEN):
        axes = grid[0, neuron + 2]
        axes.imshow(result.weights[:, neuron].reshape(2, 4), cmap="PuOr", vmin=-most, vmax=most)
        axes.set_title(f"neuron {neuron + 1}", fontsize=9, fontweight="normal", loc="center", pad=4)
    for at, (name, pixels) in enumerate(zip(PICTURES, clean(), strict=True), start=1):
        grid[at, 0].text(1.0, 0.5, name, ha="right", va="center", color=INK, transform=grid[at, 0].transAxes)
        grid[at, 1].imshow(pixels.reshape(2, 4), cmap="gray", vmin=-0.1, vmax=1.1)
        for neuron in range(HIDDEN):
            _lamp(grid[at, neuron + 2], float(result.lit[at - 1, neuron]))


def _lamp(axes: "Axes", lit: float) -> None:
    axes.imshow([[lit]], cmap=SEQUENCE, vmin=0, vmax=1, aspect=0.5)
    axes.text(0, 0, f"{lit:.2f}", ha="center", va="center", fontsize=9, color="white" if lit < 0.5 else INK)


def _accuracies(axes: "Axes", result: Result) -> None:
    passes = range(1, len(result.accuracies) + 1)
    for values, color, name in ((result.accuracies, BLUE, "8-4-3 network"), (result.single, VERMILION, "single layer")):
        axes.plot(passes, values, color=color)
        axes.annotate(
            f"{name}, {values[-1]:.0%}",
            (passes[-1], values[-1]),
            xytext=(0, -14),
            textcoords="offset points",
            ha="right",
            color=color,
        )
    axes.axhline(1 / len(KINDS), color=GRAY, linewidth=1, linestyle=":")
    axes.text(1, 1 / len(KINDS) - 0.02, "guessing", color=GRAY, va="top")
    axes.set(
        xlabel="pass", ylim=(0, 1.03), yticks=(0, 0.25, 0.5, 0.75, 1), yticklabels=("0", "25%", "50%", "75%", "100%")
    )
    axes.set_title("Unseen pictures told right")
