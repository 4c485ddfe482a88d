"""Looking words up: from words as they are asked to rows of the matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from service.folding import FoldedWords
from service.questions import Question, Ranking, Several
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

    def prepare(self) -> None:
        """Make now what otherwise the first folded or unknown word would wait for."""
        self._suggester.prepare()

    def words(self, question: Question, needed: Sequence[str] = (), *lists: Sequence[str]) -> LookedUp:
        """The rows of a question's words.

        Args:
            question: says how words are looked up, and whether those of a list may be missing.
            needed: words that it cannot do without.
            lists: words that may be missing if they are to be skipped; those of its filters are added to them.

        Raises:
            UnknownWord: names every word that is missing, unless it may be.
        """
        allow, deny = (question.allow, question.deny) if isinstance(question, Ranking) else ((), ())
        asked = [tuple(needed), *map(tuple, lists), tuple(allow), tuple(deny)]
        found = [tuple(self._row(word, question.case) for word in words) for words in asked]
        first, *some, allowed, denied = found
        missing = _missing(asked, found)
        skip = isinstance(question, Several) and question.on_missing == "skip"
        if unknown := _missing(asked[:1], found[:1]) if skip else missing:
            raise UnknownWord(self._near(unknown))
        return LookedUp(known(first), tuple(some), known(allowed) if allow else None, known(denied), missing)

    def _row(self, word: str, case: str) -> int | None:
        return self._folded.row(word) if case == "fold" else self._rows.get(word)

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
