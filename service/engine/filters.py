"""Filters: which words a ranking may answer with, decided before anything is ranked.

Denied words are no part of it: a ranking leaves out the few rows that it is told to.
"""

from collections.abc import Sequence

import numpy as np

from service.engine.lookup import LookedUp
from service.engine.patterns import Mask, Patterns
from service.folding import FoldedWords
from service.nearest import Rows
from service.questions import Ranking
from storage.embeddings import Counts


class Filters:
    """Decides by count, rank, beginning, pattern and list which of V words may be an answer."""

    def __init__(self, counts: Counts, folded: FoldedWords) -> None:
        self._counts = counts
        self._folded = folded
        self._patterns = Patterns(folded.words)

    def mask(self, question: Ranking, words: LookedUp) -> Mask | None:
        """(V,) bool, the words that pass every filter; None where there is none.

        Raises:
            UnusableQuestion: the pattern cannot be used.
        """
        return both(
            self._by_count(question),
            self._by_rank(question),
            self._by_beginning(question),
            self._patterns.mask(question.pattern) if question.pattern else None,
            None if words.allow is None else self._only(words.allow),
        )

    def _by_count(self, question: Ranking) -> Mask | None:
        if question.min_count <= 0 and question.max_count is None:
            return None
        passed = self._counts >= question.min_count
        return passed if question.max_count is None else passed & (self._counts <= question.max_count)

    def _by_rank(self, question: Ranking) -> Mask | None:
        if question.min_rank <= 1 and question.max_rank is None:
            return None
        passed = np.zeros(len(self._counts), bool)
        passed[question.min_rank - 1 : question.max_rank] = True
        return passed

    def _by_beginning(self, question: Ranking) -> Mask | None:
        if not question.prefix:
            return None
        rows = self._folded.beginning(question.prefix) if question.case == "fold" else self._begin(question.prefix)
        return self._only(rows)

    def _begin(self, prefix: str) -> list[int]:
        """Rows of the words that begin exactly so: among those that begin so without regard to capitals."""
        plain = next((prefix[:end] for end in range(len(prefix), 0, -1) if prefix[:end].isascii()), "")
        words = self._folded.words
        return [row for row in self._folded.beginning(plain).tolist() if words[row].startswith(prefix)]

    def _only(self, rows: Sequence[int] | Rows) -> Mask:
        passed = np.zeros(len(self._counts), bool)
        passed[np.asarray(rows, np.intp)] = True
        return passed


def both(*masks: Mask | None) -> Mask | None:
    """(V,) bool, what is in each of the masks; None stands for all words."""
    given = [mask for mask in masks if mask is not None]
    return np.logical_and.reduce(given) if given else None
