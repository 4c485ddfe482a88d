"""Words without regard to capitals and accents: looked up, and found by their beginning."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from service.nearest import Rows

_MARKS_OF_OTHER_LETTERS = 9  # nukta, kana voicing and virama (combining classes 7 to 9) make other letters, not accents


def fold(text: str) -> str:
    """The text without capitals and accents: of Café, cafe is left.

    Compatibility decomposition (NFKD) and Unicode's case folding, then accents are left out. A text of nothing but
    accents keeps them.
    """
    if text.isascii():
        small = text.lower()
        return text if small == text else small  # most words are small already, and so need no memory of their own
    letters = unicodedata.normalize("NFKD", text)
    letters = unicodedata.normalize("NFKD", letters.casefold()).casefold()
    return "".join(filter(_is_letter, letters)) or letters


def _is_letter(character: str) -> bool:
    return unicodedata.combining(character) <= _MARKS_OF_OTHER_LETTERS


class FoldedWords:
    """Finds words by what is left of them when they are folded; V words, most frequent first."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    def prepare(self) -> None:
        """Fold and sort now, which otherwise happens at the first question; processes forked later share it."""
        _ = self._order  # made from the folded words

    @cached_property
    def folded(self) -> list[str]:
        """Each word, folded."""
        return [fold(word) for word in self.words]

    def row(self, word: str) -> int | None:
        """The most frequent word that is the same when both are folded."""
        wanted = fold(word)
        place = bisect_left(self._order, wanted, key=self.folded.__getitem__)
        if place == len(self._order):
            return None
        row = int(self._order[place])
        return row if self.folded[row] == wanted else None

    def beginning(self, prefix: str) -> Rows:
        """(n,) rows of the words that begin with the prefix when both are folded, in no particular order."""
        wanted = fold(prefix)
        if not wanted:
            return self._order

        def begin(row: int) -> str:
            return self.folded[row][: len(wanted)]

        first = bisect_left(self._order, wanted, key=begin)
        return self._order[first : bisect_right(self._order, wanted, lo=first, key=begin)]

    @cached_property
    def _order(self) -> Rows:
        """(V,) rows in the order of the folded words, the more frequent first among equals."""
        folded = self.folded
        return np.array(sorted(range(len(folded)), key=folded.__getitem__), np.intp)
