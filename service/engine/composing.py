"""Words of a question that the model does not have, with vectors made from their pieces.

Their rows go on where those of the vocabulary end, so that a question computes with them as with any other word; no
ranking answers with them, for it looks at the vocabulary alone.
"""

from collections.abc import Callable, Sequence

import numpy as np

from service.answers import Composed
from service.nearest import Doubles, unit_rows
from service.vectors import lengths_of
from storage.embeddings import Floats
from storage.errors import UnusableQuestion
from storage.subwords import Subwords


class Composing:
    """The words made so far for one question, whose thread alone writes to it.

    Args:
        load: gets the rows of words' pieces, or None where there are none.
        vocabulary: V, the number of the model's words.

    Attributes:
        made: what was made, in the order the words were met; the first has row V, the next V + 1, and so on.
    """

    def __init__(self, load: Callable[[], Subwords | None], vocabulary: int) -> None:
        self.made: list[Composed] = []
        self._load = load
        self._vocabulary = vocabulary
        self._rows: dict[str, int] = {}
        self._units: list[Floats] = []  # each (D,) of length 1, or zero
        self._lengths: list[float] = []

    def row(self, word: str) -> int | None:
        """The row of a word that the vocabulary does not have; None where none of its pieces has a vector.

        Raises:
            UnusableQuestion: the model has no vectors of pieces at all.
        """
        if word in self._rows:
            return self._rows[word]
        subwords = self._load()
        if subwords is None:
            raise UnusableQuestion(
                f"{word!r} is not in the vocabulary, and this model has no vectors of pieces from which to make one: "
                "only fastText's models have such; asked without that, the error says what may have been meant"
            )
        pieces = subwords.pieces(word)
        known = tuple(piece.text for piece in pieces if piece.known)
        if not known:
            return None
        self._keep(Composed(word, known, len(pieces)), subwords.vector(word))
        return self._rows[word]

    def _keep(self, made: Composed, vector: Floats) -> None:
        self._rows[made.word] = self._vocabulary + len(self.made)
        self.made.append(made)
        matrix = vector[np.newaxis]  # (1, D): the same steps as for the vocabulary, so that equal vectors score equal
        self._units.append(unit_rows(matrix)[0])
        self._lengths.append(float(lengths_of(matrix)[0]))

    def word(self, row: int) -> str:
        """The word of a row from V on."""
        return self.made[row - self._vocabulary].word

    def units(self, unit: Floats, rows: Sequence[int]) -> Floats:
        """(n, D) unit vectors of n rows, of which those below V are of the (V, D) matrix `unit`."""
        v = self._vocabulary
        found = [unit[row] if row < v else self._units[row - v] for row in rows]
        return np.array(found, np.float32).reshape(len(rows), unit.shape[1])

    def lengths(self, lengths: Doubles, rows: Sequence[int]) -> Doubles:
        """(n,) lengths of n rows, of which those below V are of the (V,) array `lengths`."""
        v = self._vocabulary
        return np.array([lengths[row] if row < v else self._lengths[row - v] for row in rows], np.float64)
