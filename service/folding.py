"""Words without regard to capitals and accents: looked up, and found by their beginning."""

import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from service.nearest import Rows
from storage.texts import order_of

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


@dataclass(frozen=True, eq=False)
class Folded:
    """V words without capitals and accents; what takes a second to make, and can be kept in files.

    Attributes:
        texts: each word, folded.
        order: (V,) rows in the order of the folded words, the more frequent first among equals.
        lengths: (V,) how many characters each has.
    """

    texts: Sequence[str]
    order: Rows
    lengths: NDArray[np.int64]

    @classmethod
    def of(cls, words: Sequence[str]) -> "Folded":
        """Fold V words."""
        texts = [fold(word) for word in words]
        return cls(texts, order_of(texts), np.fromiter(map(len, texts), np.int64, len(texts)))


class FoldedWords:
    """Finds words by what is left of them when they are folded; V words, most frequent first.

    Args:
        words: the words.
        folded: what becomes of them, where that is known already.
    """

    def __init__(self, words: Sequence[str], folded: Folded | None = None) -> None:
        self.words = words
        self._known = folded

    def prepare(self) -> None:
        """Fold and sort now, which otherwise happens at the first question; processes forked later share it."""
        _ = self._folded

    @cached_property
    def _folded(self) -> Folded:
        return self._known or Folded.of(self.words)

    @property
    def lengths(self) -> NDArray[np.int64]:
        """(V,) how many characters each word has, folded."""
        return self._folded.lengths

    def some(self, rows: Rows) -> list[str]:
        """The words of n rows, folded."""
        texts = list(self._folded.texts)  # to decode all is faster than many one by one
        return [texts[row] for row in rows]

    def row(self, word: str) -> int | None:
        """The most frequent word that is the same when both are folded."""
        wanted, (texts, order) = fold(word), (self._folded.texts, self._folded.order)
        place = bisect_left(order, wanted, key=texts.__getitem__)
        if place == len(order):
            return None
        row = int(order[place])
        return row if texts[row] == wanted else None

    def beginning(self, prefix: str) -> Rows:
        """(n,) rows of the words that begin with the prefix when both are folded, in no particular order."""
        wanted, (texts, order) = fold(prefix), (self._folded.texts, self._folded.order)
        if not wanted:
            return order

        def begin(row: int) -> str:
            return texts[row][: len(wanted)]

        first = bisect_left(order, wanted, key=begin)
        return order[first : bisect_right(order, wanted, lo=first, key=begin)]
