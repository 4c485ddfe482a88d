"""Probes: a few words whose nearest neighbors are looked at while the vectors are trained."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.text.vocabulary import Vocabulary
from pipeline.training.batch import Floats
from service.folding import FoldedWords
from service.suggest import Suggester
from storage.errors import UnknownWord

NEAREST = 5
TIMES = 10
"""How often in a training they are looked at."""


@dataclass(frozen=True)
class Probed:
    """A word's neighbors at a moment of the training.

    Attributes:
        word: the probe.
        neighbors: the nearest other words, each with its cosine, nearest first.
        epoch: the current one, from 1.
        tokens: raw tokens of the vocabulary passed so far, all epochs.
    """

    word: str
    neighbors: tuple[tuple[str, float], ...]
    epoch: int
    tokens: int


def unseen(_: Probed) -> None:
    """Tell nobody."""


class Probes:
    """Looks at the words about every tenth of a training.

    Args:
        words: the probes.
        vocabulary: in which they are.
        tell: is told what was seen.

    Raises:
        UnknownWord: the vocabulary lacks some of them.
    """

    def __init__(self, words: Sequence[str], vocabulary: Vocabulary, tell: Callable[[Probed], None]) -> None:
        missing = [word for word in words if word not in vocabulary.ids]
        if missing:
            suggester = Suggester(FoldedWords(vocabulary.words))
            raise UnknownWord({word: suggester.near(word) for word in missing})
        self._words, self._vocabulary, self._tell = tuple(dict.fromkeys(words)), vocabulary, tell
        self._looked = 0.0

    def pass_over(self, progress: float) -> None:
        """What lies before this share of the training has been looked at."""
        self._looked = progress

    def look(self, made: Callable[[], Floats], progress: float, epoch: int, tokens: int, *, last: bool = False) -> None:
        """Tell each probe's neighbors if another tenth of the training is done, or less at its end.

        Args:
            made: gives the words' vectors, (V, D).
            progress: share of the training that is done.
            epoch: the current one, from 1.
            tokens: raw tokens of the vocabulary passed so far, all epochs.
            last: whether this is the end.
        """
        passed = progress - self._looked
        if passed < 1 / TIMES and not (last and passed > 0):
            return
        self.pass_over(progress)
        if not self._words:
            return
        vectors = made()
        lengths = np.sqrt(np.einsum("vd,vd->v", vectors, vectors))  # (V,)
        lengths[lengths == 0] = np.inf  # a vector of zeros is near to nothing
        for word in self._words:
            self._tell(Probed(word, self._nearest(word, vectors, lengths), epoch, tokens))

    def _nearest(self, word: str, vectors: Floats, lengths: Floats) -> tuple[tuple[str, float], ...]:
        row = self._vocabulary.ids[word]
        cosines = vectors @ (vectors[row] / lengths[row]) / lengths  # (V,)
        cosines[row] = -np.inf
        count = min(NEAREST, len(cosines) - 1)
        best = np.argsort(-cosines, kind="stable")[:count]
        return tuple((self._vocabulary.words[found], float(cosines[found])) for found in best)
