"""One style for all pictures: few lines, colors that the color-blind can tell apart; and how pictures are kept.

Colors are those of Okabe and Ito ("Color Universal Design", 2008); what is ordered goes from light to dark, so that it
can be told in gray too, and lines are named where they end instead of in a legend.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from storage.errors import InputError, SettingError
from storage.files import whole_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from pipeline.lessons.path import Lesson

FORMATS = ("png", "svg")
BLUE, VERMILION = "#0072b2", "#d55e00"
INK, GRAY, PALE = "#1f2328", "#6e7781", "#d0d7de"
SEQUENCE = "viridis"
"""A color map that goes evenly from dark to light, for all kinds of eyes and in gray (van der Walt and Smith 2015)."""

_STYLE: dict[str, Any] = {
    "figure.facecolor": "white",
    "figure.dpi": 120,
    "savefig.dpi": 120,
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": GRAY,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.12,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": GRAY,
    "ytick.color": GRAY,
    "lines.linewidth": 2,
    "svg.hashsalt": "firth",  # the names inside of the file would be drawn by chance otherwise
}
_WITHOUT_DATE: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
}


def require_drawable(path: Path) -> None:
    """Find out before a lesson runs whether its picture can be drawn.

    Raises:
        SettingError: the file is neither .png nor .svg, or matplotlib is not installed.
        InputError: there is a folder of this name.
    """
    if path.suffix.lower().lstrip(".") not in FORMATS:
        raise SettingError(f"--plot {path}: a picture ends in .png or .svg")
    if path.is_dir():
        raise InputError(f"--plot {path} is a folder")
    try:
        import matplotlib as _  # noqa: F401 - only whether it is there
    except ImportError:
        raise SettingError("--plot needs matplotlib: pip install 'firth[plots]', or matplotlib itself") from None


def save(lesson: "Lesson", result: object, path: Path, note: str | None = None) -> None:
    """Draw what a lesson found into a file, the same bytes for the same result and matplotlib.

    Args:
        lesson: whose picture.
        result: what its `teach` returned.
        path: of the file, .png or .svg.
        note: is kept in the file as its description.

    Raises:
        InputError: it cannot be written.
    """
    from matplotlib import style
    from matplotlib.figure import Figure

    kind = path.suffix.lower().lstrip(".")
    with style.context(["default", _STYLE]):  # whatever the user has set for other pictures
        figure = Figure(figsize=lesson.picture.SIZE, layout="constrained")
        lesson.picture.draw(figure, result)
        try:
            with whole_file(path) as file:
                figure.savefig(file, format=kind, metadata={**_WITHOUT_DATE[kind], "Description": note})
        except OSError as error:
            raise InputError(f"--plot {path}: {error.strerror or error}") from None


def bare(axes: "Axes") -> None:
    """Take ticks and frame away."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
