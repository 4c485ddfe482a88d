"""gensim's steps, one by one: which words are the input, which rows of the output matrix they meet.

The random choices come from `gensim_draws`; which words are in a window, the noise distribution and the paths through
the tree are Firth's, and of which rows a word is made. In gensim's skip-gram each context word by itself predicts the
center, with FastText the center predicts it; in CBOW all do together.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from pipeline.crosscheck.gensim_draws import Generator48, Rows, kept, noise_words
from pipeline.crosscheck.mathematics import Counts, Mathematics
from pipeline.models.negative_sampling import Float64s
from pipeline.settings import TrainSettings
from pipeline.training.pieces import Pieces
from pipeline.training.stream import Stream


class Outputs(NamedTuple):
    """What a step's input is scored with.

    Attributes:
        rows: (M,) rows of the output matrix: the target, then its noise words; or the inner nodes on its path.
        labels: (M,) 1 for the target or for code 0, else 0.
        weights: (M,) 0 for a noise word that is the target itself, which gensim draws but skips; else 1.
        repeated: whether a row comes twice.
    """

    rows: Rows
    labels: Float64s
    weights: Float64s
    repeated: bool


class Step(NamedTuple):
    """One step of gensim.

    Attributes:
        inputs: (p,) the rows that make the input vector, one or more.
        outputs: what they meet.
    """

    inputs: Rows
    outputs: Outputs


class Steps:
    """The steps of gensim's workers=1.

    Args:
        counts: (V,) of the words, in gensim's order, which its draws refer to.
        settings: as given to gensim.
        mathematics: Firth's functions.
        pieces: which rows make each word, with FastText.
    """

    def __init__(
        self, counts: Counts, settings: TrainSettings, mathematics: Mathematics, pieces: Pieces | None = None
    ) -> None:
        self._settings = settings
        self._mathematics = mathematics
        self._pieces = pieces
        self._keep = mathematics.keep_probability(counts, settings.sample)
        self._noise = mathematics.noise_distribution(counts, settings.ns_exponent)
        self._paths = self._all_paths(counts) if settings.loss == "hs" else []

    def of_job(self, sentences: Sequence[Rows], random: np.random.RandomState) -> Iterator[Step]:
        """All random choices of a job, in the order in which gensim makes them, and the steps they lead to."""
        generator = self._generator(random)
        ids = np.concatenate(sentences)  # (n,)
        numbers = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        if self._settings.sample:
            chosen = kept(generator.draw(len(ids)), self._keep[ids])
            ids, numbers = ids[chosen], numbers[chosen]
        inputs, targets = self._examples(ids, *self._pairs(ids, numbers, self._windows(len(ids), random)))
        outputs = self._noisy(targets, generator) if self._settings.loss == "ns" else self._down_the_tree(targets)
        return (Step(self._rows(words), met) for words, met in zip(inputs, outputs, strict=True) if len(words))

    def _rows(self, words: Rows) -> Rows:
        """The rows of some words, one word after the other."""
        return np.concatenate([self._pieces[word] for word in words.tolist()]) if self._pieces else words

    def _generator(self, random: np.random.RandomState) -> Generator48:
        """gensim gives each job's generator a state, where it is needed at all."""
        if self._settings.loss == "hs" and not self._settings.sample:
            return Generator48(0)
        high, low = random.randint(0, 2**24), random.randint(0, 2**24)
        return Generator48(2**24 * high + low)

    def _windows(self, count: int, random: np.random.RandomState) -> Rows:
        """(n,) how far each center sees."""
        widest = self._settings.window
        reductions = random.randint(0, widest, count) if self._settings.shrink_windows else np.zeros(count, np.int64)
        return widest - reductions

    def _pairs(self, ids: Rows, sentences: Rows, windows: Rows) -> tuple[Rows, Rows]:
        """Places of center and context of each pair, centers in the order of the text, contexts from left to right."""
        margin = self._settings.window
        padding = Stream.padding(margin, 0)
        stream = padding.then(Stream(ids.astype(np.int32), sentences, windows, np.arange(len(ids)))).then(padding)
        center, offset = np.nonzero(self._mathematics.positives(stream, margin))
        return center, center + offset - margin

    def _examples(self, ids: Rows, center: Rows, context: Rows) -> tuple[Sequence[Rows], Rows]:
        """Input words and target of each example; CBOW counts a center without contexts, for which gensim draws too."""
        if self._settings.architecture == "skipgram":
            one, other = (center, context) if self._pieces else (context, center)
            return list(ids[one][:, np.newaxis]), ids[other]
        ends = np.cumsum(np.bincount(center, minlength=len(ids)))
        return np.split(ids[context], ends)[:-1], ids

    def _noisy(self, targets: Rows, generator: Generator48) -> Iterator[Outputs]:
        """Each target and its noise words."""
        negative = self._settings.negative
        noise = noise_words(generator.draw(len(targets) * negative), self._noise).reshape(-1, negative)  # (E, k)
        own = targets[:, np.newaxis]  # (E, 1)
        rows = np.hstack([own, noise])  # (E, 1 + k)
        weights = np.hstack([np.ones(own.shape), noise != own])  # (E, 1 + k)
        repeated = (np.diff(np.sort(rows, axis=1), axis=1) == 0).any(axis=1)  # (E,)
        labels = np.array([1.0, *[0.0] * negative])  # (1 + k,)
        parts = zip(rows, weights, repeated.tolist(), strict=True)
        return (Outputs(row, labels, weight, twice) for row, weight, twice in parts)

    def _down_the_tree(self, targets: Rows) -> Iterable[Outputs]:
        return map(self._paths.__getitem__, targets.tolist())

    def _all_paths(self, counts: Counts) -> list[Outputs]:
        """The nodes that lead to each word; none comes twice on a path."""
        tree = self._mathematics.tree(counts)
        paths = map(tree.path, range(len(counts)))
        labels_of = ((nodes.astype(np.int64), 1.0 - codes.astype(np.float64)) for nodes, codes in paths)
        return [Outputs(nodes, labels, np.ones(len(nodes)), False) for nodes, labels in labels_of]
