"""Near matches for a word that the vocabulary does not have.

Vectorized over the vocabulary: a word that 400,000 others are compared with takes about a tenth of a second, when they
have been folded (`prepare`), which takes half of that once.
"""

from collections.abc import Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from service.folding import FoldedWords, fold

MOST_MATCHES = 5
_LONGEST = 64  # characters; a longer word is compared by case and beginning only
_SHORT = 4  # words up to this length may differ by one edit, longer ones by two

Distances = NDArray[np.uint8]


class Suggester:
    """Finds words that look like a missing one."""

    def __init__(self, vocabulary: FoldedWords) -> None:
        self._vocabulary = vocabulary

    def prepare(self) -> None:
        """Fold the vocabulary now, which otherwise happens at the first miss; processes forked later share it."""
        self._vocabulary.prepare()

    def near(self, word: str) -> list[str]:
        """At most five words, best first, and the more frequent first among equals.

        In this order: the same but for capitals and accents; one edit away; words that begin with it; two edits away.
        """
        asked = fold(word)
        distances = self._distances(asked)  # (V,)
        begins = np.sort(self._vocabulary.beginning(asked)) if asked else ()
        groups = (
            np.flatnonzero(distances == 0),
            np.flatnonzero(distances == 1),
            begins,
            np.flatnonzero(distances == 2),
        )
        rows = dict.fromkeys(int(row) for group in groups for row in group)
        return [self._vocabulary.words[row] for row in islice(rows, MOST_MATCHES)]

    def _distances(self, asked: str) -> Distances:
        """(V,) edit distances from `asked`; 255 for words that are further away than it is worth to know."""
        allowed = _allowed_edits(asked)
        lengths = self._vocabulary.lengths
        distances: Distances = np.full(len(lengths), 255, np.uint8)
        rows = np.flatnonzero(abs(lengths - len(asked)) <= allowed)  # (n,)
        found = edit_distances(asked, self._vocabulary.some(rows), allowed)
        distances[rows] = np.where(found <= allowed, found, 255)
        return distances


def _allowed_edits(asked: str) -> int:
    if len(asked) > _LONGEST:
        return 0
    return 1 if len(asked) <= _SHORT else 2


def edit_distances(asked: str, words: Sequence[str], allowed: int) -> Distances:
    """(n,) edit distances from `asked` to n words: letters put in, left out, replaced, or swapped with the next.

    The table of Wagner and Fischer 1974 with swaps (optimal string alignment), filled in for all words at once and
    only within `allowed` of its diagonal, where every path of at most `allowed` edits runs.

    Args:
        asked: the word to compare with.
        words: n words whose lengths differ from that of `asked` by at most `allowed`.
        allowed: distances above it come out as `allowed + 1`.
    """
    letters = _letters(words, len(asked) + allowed)  # (L, n)
    row = np.full((len(letters) + 1, len(words)), allowed + 1, np.uint8)  # row[j]: from i letters of asked to j
    row[: allowed + 1] = np.arange(allowed + 1)[:, np.newaxis]  # here i = 0
    above = row
    for i in range(1, len(asked) + 1):
        above, row = row, _next_row(asked, i, row, above, letters=letters, allowed=allowed)
    lengths = np.fromiter(map(len, words), np.intp, len(words))  # (n,)
    distances: Distances = row[lengths, np.arange(len(words))]
    return distances


def _next_row(
    asked: str, i: int, above: Distances, above_that: Distances, *, letters: NDArray[np.uint32], allowed: int
) -> Distances:
    """Row i of the table, from the two rows above it; each has a line for every j and a column for every word."""
    far, one = np.uint8(allowed + 1), np.uint8(1)
    row = np.full_like(above, far)
    if i <= allowed:
        row[0] = i
    for j in range(max(1, i - allowed), min(len(letters), i + allowed) + 1):
        same = letters[j - 1] == ord(asked[i - 1])
        best = np.minimum(above[j - 1] + ~same, np.minimum(above[j], row[j - 1]) + one)
        if i > 1 and j > 1:
            swapped = (letters[j - 2] == ord(asked[i - 1])) & (letters[j - 1] == ord(asked[i - 2]))
            best = np.minimum(best, np.where(swapped, above_that[j - 2] + one, far))
        row[j] = np.minimum(best, far)
    return row


def _letters(words: Sequence[str], columns: int) -> NDArray[np.uint32]:
    """(columns, n) code points, one column a word, so that the same letter of all words lies together."""
    if not words or not columns:
        return np.zeros((columns, len(words)), np.uint32)
    codes = np.array(words, dtype=f"U{columns}").view(np.uint32).reshape(len(words), columns)
    return np.ascontiguousarray(codes.T)
