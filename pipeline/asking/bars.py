"""Bars of block characters for the scores of a table, where standard output is a terminal that can show them."""

import os
import shutil
import sys
from collections.abc import Sequence

import click

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"
_LONGEST, _SHORTEST = 30, 6  # columns; a shorter bar says nothing that the number does not
_COLOR = "cyan"


def drawn(scores: Sequence[float | None], table_width: int) -> list[str] | None:
    """A bar for each score, 1 (or the largest, if that is more) as long as there is room; empty at 0 and below.

    Args:
        scores: what the bars show; None has none.
        table_width: columns that the table takes without them.

    Returns:
        None where bars cannot be shown, or there is no room for them.
    """
    room = min(_LONGEST, shutil.get_terminal_size().columns - table_width - 3)
    if room < _SHORTEST or not _can_be_shown():
        return None
    numbers = [score or 0.0 for score in scores]
    full = max([1.0, *numbers])
    return [_colored(bar(number / full, room)) for number in numbers]


def bar(share: float, room: int) -> str:
    """A bar over `share` of `room` columns, to an eighth of a column."""
    whole, eighths = divmod(round(max(share, 0.0) * room * 8), 8)
    return _FULL * whole + _EIGHTHS[eighths].strip()


def _can_be_shown() -> bool:
    if not sys.stdout.isatty():
        return False
    try:
        (_EIGHTHS + _FULL).encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return False
    return True


def _colored(text: str) -> str:
    """In color, unless the user has said otherwise (no-color.org) or the terminal has none."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain or not text else click.style(text, fg=_COLOR)
