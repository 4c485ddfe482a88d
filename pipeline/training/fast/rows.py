"""From words to the rows of `vectors` that they are made of, and back: one row for a word, or with fastText many."""

from typing import Protocol

import numpy as np

from pipeline.training.batch import SHARING
from pipeline.training.drawn import Ids
from pipeline.training.fast.blocks import Float32s, floats
from pipeline.training.fast.pulls import Pull
from pipeline.training.fast.scatter import add_rows
from pipeline.training.fast.sums import Ones, sum_rows
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces


class Rows(Protocol):
    """The rows of the words of some places of a step, P of them in all."""

    def sums(self, parameters: Parameters, words: Ids, out: Float32s) -> None:
        """Write the sum of the rows of each place's word, (..., D), from its words, (...)."""

    def sizes(self) -> Float32s | float:
        """How many rows each place's word has, (...), or 1."""

    def pull(self, words: Ids, occurrences: Ids, pulls: Float32s) -> Pull:
        """What pulls the rows, from what pulls each place's word, (..., D), for which `sums` was called.

        Args:
            words: (...) as given to `sums`.
            occurrences: (...) how often each stands in the step.
            pulls: (..., D) negative gradients.
        """


class OwnRows:
    """A word has its own row, and each place where it stands pulls it."""

    def sums(self, parameters: Parameters, words: Ids, out: Float32s) -> None:
        """Copies."""
        parameters.vectors.take(words, axis=0, out=out, mode="clip")

    def sizes(self) -> float:
        """One."""
        return 1.0

    def pull(self, words: Ids, occurrences: Ids, pulls: Float32s) -> Pull:
        """As they are."""
        return Pull("vectors", words, occurrences, pulls)


class PieceRows:
    """A word has its own row and those of its pieces (`models.fasttext`); each word of the step is made once.

    Let Q (U x rows) count how often each of the step's U different words has each row. Sums are Q vectors. What pulls a
    word's places is summed, and that is what pulls each of its rows: the step is vectors += Q.T pulls, where each entry
    of Q moves at its own rate (`Pull`), lowered by how many entries the row has in the step.

    Where rows are summed up and not averaged, a word moves by as much as all its rows together, so each entry counts as
    many times as the word has rows.

    Args:
        pieces: the rows of each word.
        dimensions: D.
        mean: whether the rows' mean predicts, or their sum.
    """

    def __init__(self, pieces: Pieces, dimensions: int, mean: bool) -> None:
        self._pieces, self._dimensions, self._mean = pieces, dimensions, mean
        self._last = np.zeros(len(pieces.starts) - 1, np.int32)  # (V,) scratch
        self._met = np.zeros(pieces.total, np.int32)  # (V + B,) scratch: zero between calls
        self._sums_UD = self._pulls_UD = floats(0, dimensions)

    def sums(self, parameters: Parameters, words: Ids, out: Float32s) -> None:
        """A word's rows are added up once, however often it stands in the step."""
        different = self._number(words)
        self._starts, self._rows = self._pieces.of_words(different)
        sums = self._sums_UD[: len(different)]
        sum_rows(Ones(self._starts, self._rows), parameters.vectors, sums)
        sums.take(self._places, axis=0, out=out, mode="clip")

    def _number(self, words: Ids) -> Ids:
        """(U,) the different words; keeps which of them stands at each place."""
        flat = words.ravel()
        if len(flat) > len(self._sums_UD):
            self._sums_UD, self._pulls_UD = (floats(len(flat), self._dimensions) for _ in range(2))
        order = np.arange(len(flat), dtype=np.int32)
        self._last[flat] = order
        different: Ids = flat[self._last.take(flat) == order]
        self._last[different] = order[: len(different)]
        self._places = self._last.take(words)
        return different

    def sizes(self) -> Float32s:
        """As many as the word has pieces, and one."""
        sizes: Float32s = np.diff(self._starts).astype(np.float32).take(self._places)
        return sizes

    def pull(self, words: Ids, occurrences: Ids, pulls: Float32s) -> Pull:  # noqa: ARG002 - a word is pulled once
        """Sum up what pulls each word."""
        sums = self._pulls_UD[: len(self._starts) - 1]
        sums.fill(0.0)
        add_rows(sums, self._places, np.ones(words.size, np.float32), pulls)
        return Pull("vectors", self._rows, self._occurrences(), sums, starts=self._starts)

    def _occurrences(self) -> Ids:
        """(E,) as how often each entry's row is met: by how many entries, SHARING of which count as one.

        Where rows are summed up and not averaged, it is all of them, times the word's rows.
        """
        rows = self._rows.astype(np.intp)
        np.add.at(self._met, rows, np.int32(1))  # of its own type: else it is ten times slower
        found: Ids = self._met.take(rows)
        self._met[rows] = 0
        if self._mean:
            found += SHARING - 1
            found //= SHARING
        else:
            sizes = np.diff(self._starts)
            found *= np.repeat(sizes, sizes)
        return found
