"""Level 2: Firth makes gensim's own random choices, and after a whole epoch has gensim's vectors.

The choices come from `gensim_draws`. Everything that is computed from them is Firth's: the keep probabilities, the
noise distribution, which words are in a window, the start, the gradient, the schedule. gensim moves the vectors one
pair at a time: the context word's vector, against the center as its output word and `negative` noise words.

What difference remains comes from gensim's single precision: a score at the edge of two entries of its sigmoid table
may find the other one, .003 away, which moves a number by up to .003 * alpha * another number, about 4e-5.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pipeline.crosscheck.gensim_draws import Generator48, Rows, jobs, kept, noise_words, table_sigmoid
from pipeline.crosscheck.gensim_twin import train_gensim
from pipeline.crosscheck.levels import Level, ignore, verdict
from pipeline.crosscheck.mathematics import Mathematics
from pipeline.models.negative_sampling import Float64s
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.training.batches import Stream
from pipeline.training.parameters import Parameters

TOLERANCE = 1e-4

RULE = (
    f"after an epoch over gensim's lee_background.cor, with gensim's random draws and Firth's mathematics, no number of"
    f" either matrix differs by more than {TOLERANCE:g} from gensim's (skip-gram, negative sampling, one worker)"
)

_MIN_COUNT = VocabularySettings().min_count


def check_replay(
    settings: TrainSettings | None = None,
    mathematics: Mathematics | None = None,
    stories: int | None = None,
    report: Callable[[str], None] = ignore,
) -> Level:
    """Train gensim on the 300 stories that come with it, replay it, and compare both matrices.

    Args:
        settings: for both; by default one epoch with everything else at its default.
        mathematics: Firth's functions.
        stories: only the first so many.
        report: told what is being done.
    """
    settings = settings or TrainSettings(epochs=1)
    sentences = lee_background()[:stories]
    report(f"replay: gensim trains on {len(sentences)} stories, then Firth repeats it pair by pair")
    gensim = train_gensim(sentences, settings, _MIN_COUNT)
    started = time.perf_counter()
    replay = Replay(gensim.words, sentences, settings, mathematics or Mathematics())
    parameters = replay.run()
    report(f"replay: {replay.pairs:,} pairs in {time.perf_counter() - started:.1f} s")
    numbers = _differences(parameters, gensim.parameters)
    passed = max(numbers["largest_vector_difference"], numbers["largest_context_difference"]) <= TOLERANCE
    sizes = {"stories": len(sentences), "words": len(gensim.words), "pairs": replay.pairs}
    return Level("replay", verdict(passed), RULE, {**sizes, **numbers, "tolerance": TOLERANCE})


def lee_background() -> list[list[str]]:
    """gensim's 300 news stories, cut at white space."""
    from gensim.test.utils import datapath

    return [line.split() for line in Path(datapath("lee_background.cor")).read_text("utf-8").splitlines()]


def _differences(firth: Parameters, gensim: Parameters) -> dict[str, Any]:
    """The largest difference of a number in each matrix, beside the size of gensim's numbers."""
    return {
        "largest_vector_difference": float(np.abs(firth.vectors - gensim.vectors).max()),
        "largest_context_difference": float(np.abs(firth.contexts - gensim.contexts).max()),
        "largest_vector_number": float(np.abs(gensim.vectors).max()),
        "largest_context_number": float(np.abs(gensim.contexts).max()),
    }


class Pair(NamedTuple):
    """One step of gensim.

    Attributes:
        word: the context word, whose own vector moves.
        targets: (1 + negative,) the center, then its noise words: their output vectors move.
        weights: (1 + negative,) 0 for a noise word that is the center itself, which gensim draws but skips; else 1.
        repeated: whether a word comes twice among the targets.
    """

    word: int
    targets: Rows
    weights: Float64s
    repeated: bool


class Replay:
    """An epoch-by-epoch run of gensim's skip-gram with negative sampling, workers=1, with Firth's mathematics.

    Args:
        words: the vocabulary in gensim's order, which its draws refer to.
        sentences: the text, words outside the vocabulary included; none longer than a job, which gensim would cut.
        settings: as given to gensim.
        mathematics: Firth's functions.
    """

    def __init__(
        self,
        words: Sequence[str],
        sentences: Sequence[Sequence[str]],
        settings: TrainSettings,
        mathematics: Mathematics,
    ) -> None:
        ids = {word: row for row, word in enumerate(words)}
        self._sentences = [np.array([ids[w] for w in sentence if w in ids], np.int64) for sentence in sentences]
        self._raw_lengths = [len(sentence) for sentence in sentences]
        self._settings = settings
        self._mathematics = mathematics
        counts = np.bincount(np.concatenate(self._sentences), minlength=len(words))
        self._keep = mathematics.keep_probability(counts, settings.sample)
        self._noise = mathematics.noise_distribution(counts, settings.ns_exponent)
        self._labels = np.array([1.0, *[0.0] * settings.negative])  # (1 + negative,)
        self.pairs = 0

    def run(self) -> Parameters:
        """Train all epochs from the start; the result is in double precision."""
        settings = self._settings
        parameters = self._mathematics.start(len(self._keep), settings.vector_size, settings.seed).as_float64()
        random = np.random.RandomState(settings.seed)  # the generator that gensim uses
        for epoch in range(settings.epochs):
            for job in jobs(self._sentences, self._raw_lengths):
                rate = self._mathematics.learning_rate(settings, (epoch + job.progress) / settings.epochs)
                for pair in self._draw_pairs(job.sentences, random):
                    self._train(parameters, pair, rate)
        return parameters

    def _draw_pairs(self, sentences: Sequence[Rows], random: np.random.RandomState) -> Iterator[Pair]:
        """All random choices of a job, in the order in which gensim makes them."""
        negative, margin = self._settings.negative, self._settings.window
        high, low = random.randint(0, 2**24), random.randint(0, 2**24)
        generator = Generator48(2**24 * high + low)
        ids = np.concatenate(sentences)  # (n,)
        numbers = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
        if self._settings.sample:
            chosen = kept(generator.draw(len(ids)), self._keep[ids])
            ids, numbers = ids[chosen], numbers[chosen]
        windows = margin - random.randint(0, margin, len(ids))
        center, context = self._window_pairs(ids, numbers, windows)
        noise = noise_words(generator.draw(len(center) * negative), self._noise).reshape(-1, negative)  # (P, k)
        own = ids[center][:, np.newaxis]  # (P, 1)
        targets = np.hstack([own, noise])  # (P, 1 + k)
        weights = np.hstack([np.ones(own.shape), noise != own])  # (P, 1 + k)
        repeated = (np.diff(np.sort(targets, axis=1), axis=1) == 0).any(axis=1)  # (P,)
        self.pairs += len(center)
        return map(Pair, ids[context].tolist(), targets, weights, repeated.tolist())

    def _window_pairs(self, ids: Rows, sentences: Rows, windows: Rows) -> tuple[Rows, Rows]:
        """Places of center and context of each pair, centers in the order of the text, contexts from left to right."""
        margin = self._settings.window
        padding = Stream.padding(margin, 0)
        stream = padding.then(Stream(ids.astype(np.int32), sentences, windows, np.arange(len(ids)))).then(padding)
        center, offset = np.nonzero(self._mathematics.positives(stream, margin))
        return center, center + offset - margin

    def _train(self, parameters: Parameters, pair: Pair, rate: float) -> None:
        """gensim's step: each output vector moves at once, the word's own vector when all its targets are done.

        So the targets can be met together, unless one of them comes twice: then they are met one after the other.
        """
        vectors, contexts = parameters.vectors, parameters.contexts
        v: Float64s = vectors[pair.word].astype(np.float64)  # (D,), a copy
        size = len(pair.targets)
        for part in [slice(n, n + 1) for n in range(size)] if pair.repeated else [slice(size)]:
            outputs, labels = pair.targets[part], self._labels[part]
            u: Float64s = contexts.take(outputs, axis=0).astype(np.float64, copy=False)  # (M, D)
            d_v, d_u = self._mathematics.gradient(v, u, labels, pair.weights[part], table_sigmoid(labels))
            vectors[pair.word] -= rate * d_v
            contexts[outputs] = u - rate * d_u
