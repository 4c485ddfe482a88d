"""The same model in gensim: what it counts, which tables it makes, what it learns.

The only place of the cross-check that calls gensim; the rest compares arrays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.training.parameters import Parameters

Float64s = NDArray[np.float64]
Sentences = Iterable[Sequence[str]]

JOB_WORDS = 10_000
"""gensim trains in jobs of at most so many words, and silently drops the rest of a longer sentence."""

SAMPLE_UNITS = 2**32 - 1
"""gensim keeps a probability p as the integer part of p * SAMPLE_UNITS; 32-bit draws up to that keep a token."""

NOISE_UNITS = 2**31 - 1
"""gensim rounds the cumulative noise distribution to whole multiples of 1 / NOISE_UNITS."""


@dataclass(frozen=True, eq=False)
class GensimTables:
    """gensim's vocabulary in gensim's own order (descending count, ties in no order of ours) and its tables.

    Attributes:
        words: the V words.
        counts: (V,) how often each stands in the text.
        keep: (V,) probability that a token survives subsampling.
        noise: (V,) probability that a noise word is this one.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    keep: Float64s
    noise: Float64s


@dataclass(frozen=True, eq=False)
class GensimModel:
    """A trained gensim model: its words and its two matrices, rows in gensim's own order."""

    words: tuple[str, ...]
    parameters: Parameters

    def rows(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The rows of these words."""
        row_of = {word: row for row, word in enumerate(self.words)}
        return np.array([row_of[word] for word in words], dtype=np.int64)


def gensim_tables(sentences: Sentences, settings: TrainSettings, min_count: int) -> GensimTables:
    """Let gensim count the sentences and make its tables, without training."""
    model = _untrained(sentences, settings, min_count)
    words = tuple(model.wv.index_to_key)
    counts, keep = (np.array([model.wv.get_vecattr(word, name) for word in words]) for name in ("count", "sample_int"))
    cumulative = np.concatenate([[0], model.cum_table.astype(np.int64)])  # (V + 1,)
    return GensimTables(words, counts.astype(np.int64), (keep + 1.0) / 2**32, np.diff(cumulative) / NOISE_UNITS)


def train_gensim(sentences: Sentences, settings: TrainSettings, min_count: int) -> GensimModel:
    """Train skip-gram with negative sampling in gensim on one thread, the setting in which it repeats itself."""
    model = _untrained(sentences, settings, min_count)
    model.train(sentences, total_examples=model.corpus_count, epochs=settings.epochs)
    return GensimModel(tuple(model.wv.index_to_key), Parameters(model.wv.vectors, model.syn1neg))


def _untrained(sentences: Sentences, settings: TrainSettings, min_count: int) -> Any:
    from gensim.models import Word2Vec

    model = Word2Vec(sg=1, workers=1, batch_words=JOB_WORDS, min_count=min_count, **settings.as_dict())
    model.build_vocab(sentences)
    return model
