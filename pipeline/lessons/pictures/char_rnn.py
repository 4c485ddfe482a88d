"""Bits a character falling on held-out text, and what each character of a sentence costs."""

from typing import TYPE_CHECKING

from pipeline.lessons.char_rnn import Result
from pipeline.lessons.pictures.style import BLUE, GRAY, INK, VERMILION

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE = (11.0, 6.6)
COUNTED = (
    "counting characters",
    "counting after one character",
    "counting after two characters",
    "counting after three characters",
)


def draw(figure: "Figure", result: Result) -> None:
    """Curves above, a sentence below."""
    above, below = figure.subplots(2, 1, height_ratios=(2.1, 1))
    _curves(above, result)
    _sentence(below, result)


def _curves(axes: "Axes", result: Result) -> None:
    end = max(training.read[-1] for training in result.trained.values()) / 1e6
    for order, bits in result.counted.items():
        axes.axhline(bits, color=GRAY, linewidth=1, linestyle=":")
        axes.text(end * 1.2, bits + 0.02, COUNTED[order], color=GRAY, ha="right", va="bottom", fontsize=9)
    for (name, training), color in zip(result.trained.items(), (BLUE, VERMILION), strict=True):
        read, last = [characters / 1e6 for characters in training.read], training.bits[-1]
        axes.plot(read, training.bits, color=color, marker="o", markersize=4)
        axes.text(end * 1.01, last, f"{name}, {last:.2f}", color=color, va="center", fontweight="bold")
    axes.set(xlabel="million characters read", ylabel="bits a character", xlim=(0, end * 1.2))
    axes.set_title("Held-out text costs less and less")


def _sentence(axes: "Axes", result: Result) -> None:
    characters, bits = result.sentence
    places = range(len(characters))
    axes.bar(places, bits, color=BLUE, width=0.85)
    axes.set_xticks(places, ["␣" if character == " " else character for character in characters], fontsize=9)
    axes.tick_params(axis="x", length=0, labelcolor=INK)
    axes.set(ylabel="bits", xlim=(-0.7, len(characters) - 0.3))
    axes.set_title("Bits that each character of an unseen sentence costs the LSTM")
