"""`Page`: where a lesson writes: headings, paragraphs, tables, bars, and lines as they are."""

import textwrap
from collections.abc import Callable, Container, Sequence

from tabulate import tabulate

WIDTH = 88
_INDENT = "  "


class Page:
    """A page of plain text.

    Args:
        write: takes each line.
        title: takes each line that is a heading, for example to write it in bold.
        full: the character that bars are made of.
    """

    def __init__(
        self, write: Callable[[str], None], title: Callable[[str], None] | None = None, full: str = "█"
    ) -> None:
        self.line, self._title, self._full = write, title or write, full

    def heading(self, text: str) -> None:
        """A heading, after an empty line."""
        self.line("")
        self._title(text)

    def say(self, text: str) -> None:
        """A paragraph."""
        self.line("")
        for line in textwrap.wrap(text, WIDTH, break_on_hyphens=False):
            self.line(line)

    def lines(self, lines: Sequence[str]) -> None:
        """Lines as they are, indented, after an empty line."""
        self.line("")
        for line in lines:
            self.line(f"{_INDENT}{line}".rstrip())

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]], *, right: Container[int] = ()) -> None:
        """A table; the columns whose numbers, from 0, are in `right` are right-aligned."""
        sides = ["right" if column in right else "left" for column in range(len(headers))]
        self.lines(tabulate(rows, headers, colalign=sides, disable_numparse=True).split("\n"))

    def bar(self, share: float, room: int = 30) -> str:
        """A bar over `share` of `room` columns."""
        return self._full * round(share * room)
