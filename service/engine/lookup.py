"""Looking words up: from words as they are asked to rows of the matrix."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from itertools import chain

from service.engine.composing import Composing
from service.folding import FoldedWords
from service.questions import Question, Ranking
from service.suggest import Suggester
from storage.errors import UnknownWord

MOST_SUGGESTED = 5
"""For so many missing words of one question near matches are sought, each of which takes a tenth of a second."""


@dataclass(frozen=True)
class LookedUp:
    """The words of one question.

    Attributes:
        needed: rows of the words that it cannot do without.
        lists: rows of the words of each of its lists, None where a word is missing.
        allow: rows of the words among which is ranked; None for all.
        deny: rows of the words that are left out.
        missing: the words that are not known, in the order asked, each once.
    """

    needed: tuple[int, ...]
    lists: tuple[tuple[int | None, ...], ...]
    allow: tuple[int, ...] | None
    deny: tuple[int, ...]
    missing: tuple[str, ...]


class Lookup:
    """Finds the rows of words; exactly, or without regard to capitals and accents."""

    def __init__(self, rows: Mapping[str, int], folded: FoldedWords) -> None:
        self._rows = rows
        self._folded = folded
        self._suggester = Suggester(folded)
        self._composing: Composing | None = None

    def composing(self, composing: Composing) -> "Lookup":
        """The same, but words that are missing are made."""
        other = copy(self)
        other._composing = composing
        return other

    def prepare(self) -> None:
        """Make now what otherwise the first folded or unknown word would wait for."""
        self._suggester.prepare()

    def words(self, question: Question, needed: Sequence[str] = (), *lists: Sequence[str]) -> LookedUp:
        """The rows of a question's words.

        Args:
            question: says how words are looked up, and what becomes of those that are missing.
            needed: words that it cannot do without.
            lists: words that may be missing if they are to be skipped; those of its filters are added to them. Those
                of filters are never made: nothing but the vocabulary is filtered.

        Raises:
            UnknownWord: names every word that is missing, unless it may be.
            UnusableQuestion: words are to be made, and the model has nothing to make them from.
        """
        allow, deny = (question.allow, question.deny) if isinstance(question, Ranking) else ((), ())
        asked = [tuple(needed), *map(tuple, lists), tuple(allow), tuple(deny)]
        found = [tuple(self._row(word, question.case) for word in words) for words in asked]
        if self._composing:
            found[:-2] = [self._made(*pair, self._composing) for pair in zip(asked[:-2], found[:-2], strict=True)]
        first, *some, allowed, denied = found
        strict = {"error": len(asked), "skip": 1, "subword": len(asked) - 2}[question.on_missing]
        missing = _missing(asked, found)
        if unknown := _missing(asked[:strict], found[:strict]):
            raise UnknownWord(self._near(unknown), tried=self._composing is not None)
        return LookedUp(known(first), tuple(some), known(allowed) if allow else None, known(denied), missing)

    def _row(self, word: str, case: str) -> int | None:
        return self._folded.row(word) if case == "fold" else self._rows.get(word)

    @staticmethod
    def _made(words: Sequence[str], rows: Sequence[int | None], composing: Composing) -> tuple[int | None, ...]:
        pairs = zip(words, rows, strict=True)
        return tuple(composing.row(word) if row is None else row for word, row in pairs)

    def _near(self, missing: Sequence[str]) -> dict[str, list[str]]:
        return {
            word: self._suggester.near(word) if place < MOST_SUGGESTED else [] for place, word in enumerate(missing)
        }


def known(rows: Sequence[int | None]) -> tuple[int, ...]:
    """The rows of a list, without the words that are missing."""
    return tuple(row for row in rows if row is not None)


def _missing(asked: Sequence[Sequence[str]], found: Sequence[Sequence[int | None]]) -> tuple[str, ...]:
    pairs = zip(chain(*asked), chain(*found), strict=True)
    return tuple(dict.fromkeys(word for word, row in pairs if row is None))
