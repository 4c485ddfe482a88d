"""The same model in gensim: what it counts, which tables it makes, what it learns.

The only place of the cross-check that calls gensim; the rest compares arrays.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.kind import in_gensim, why_not
from pipeline.model_choice import PIECES
from pipeline.settings import TrainSettings
from pipeline.training.parameters import Floats, Parameters
from pipeline.training.pieces import Pieces
from storage.errors import SettingError

Float64s = NDArray[np.float64]
Sentences = Iterable[Sequence[str]]
Path = tuple[list[int], list[int]]

JOB_WORDS = 10_000
"""gensim trains in jobs of at most so many words, and silently drops the rest of a longer sentence."""

SAMPLE_UNITS = 2**32 - 1
"""gensim keeps a probability p as the integer part of p * SAMPLE_UNITS; 32-bit draws up to that keep a token."""

NOISE_UNITS = 2**31 - 1
"""gensim rounds the cumulative noise distribution to whole multiples of 1 / NOISE_UNITS."""

_SAME = ("vector_size", "window", "shrink_windows", "ns_exponent", "sample", "alpha", "min_alpha", "epochs", "seed")


def gensim_arguments(settings: TrainSettings) -> dict[str, Any]:
    """The settings as keyword arguments of gensim's `Word2Vec`, or with fastText of its `FastText`.

    Raises:
        SettingError: gensim has nothing of the kind.
    """
    if not in_gensim(settings):
        what = "GloVe" if settings.model == "glove" else f"training with loss {settings.loss!r}"
        raise SettingError(f"{what} is {why_not(settings)}")
    kind = {
        "sg": int(settings.architecture == "skipgram"),
        "hs": int(settings.loss == "hs"),
        "negative": settings.negative if settings.loss == "ns" else 0,
        "cbow_mean": int(settings.cbow_mean),
    }
    pieces = PIECES if settings.model == "fasttext" else ()
    return {**kind, **{name: getattr(settings, name) for name in (*_SAME, *pieces)}}


@dataclass(frozen=True, eq=False)
class GensimTables:
    """gensim's vocabulary in gensim's own order (descending count, ties in no order of ours) and its tables.

    Attributes:
        words: the V words.
        counts: (V,) how often each stands in the text.
        keep: (V,) probability that a token survives subsampling.
        noise: (V,) probability that a noise word is this one.
        paths: inner nodes and codes from the root of the Huffman tree to each word.
        buckets: those of each word's pieces; none without fastText.
    """

    words: tuple[str, ...]
    counts: NDArray[np.int64]
    keep: Float64s
    noise: Float64s
    paths: Sequence[Path]
    buckets: Sequence[list[int]]


@dataclass(frozen=True, eq=False)
class GensimModel:
    """A trained gensim model: its words and its matrices, rows in gensim's own order.

    Attributes:
        words: the V words.
        vectors: (V, D) those that gensim answers with.
        contexts: (V, D) of outputs; with hierarchical softmax of inner nodes, the root's being V - 2, and one unused.
        rows: what `vectors` are made of; with fastText of words, (V, D), and of buckets, used or not, (buckets, D).
    """

    words: tuple[str, ...]
    vectors: Floats
    contexts: Floats
    rows: Sequence[Floats]

    def parameters(self, pieces: Pieces | None = None) -> Parameters:
        """Both matrices as Firth has them; of the buckets those that some word uses."""
        used = [self.rows[1][pieces.buckets]] if pieces else []
        return Parameters(np.concatenate([self.rows[0], *used]), self.contexts, pieces)

    def rows_of(self, words: Sequence[str]) -> NDArray[np.int64]:
        """The rows of these words."""
        row_of = {word: row for row, word in enumerate(self.words)}
        return np.array([row_of[word] for word in words], dtype=np.int64)


def gensim_tables(sentences: Sentences, settings: TrainSettings, min_count: int) -> GensimTables:
    """Let gensim count the sentences and make all its tables, whichever the settings need, without training."""
    both = {**gensim_arguments(replace(settings, loss="ns", vector_size=1)), "hs": 1}
    model = _untrained(sentences, both, min_count)
    words = tuple(model.wv.index_to_key)
    of_all = {name: [model.wv.get_vecattr(w, name) for w in words] for name in ("count", "sample_int", "point", "code")}
    keep = (np.array(of_all["sample_int"]) + 1.0) / 2**32  # (V,)
    cumulative = np.concatenate([[0], model.cum_table.astype(np.int64)])  # (V + 1,)
    paths = [(list(point), list(code)) for point, code in zip(of_all["point"], of_all["code"], strict=True)]
    buckets = [each.tolist() for each in model.wv.buckets_word] if settings.model == "fasttext" else []
    noise = np.diff(cumulative) / NOISE_UNITS  # (V,)
    return GensimTables(words, np.array(of_all["count"], np.int64), keep, noise, paths, buckets)


def train_gensim(sentences: Sentences, settings: TrainSettings, min_count: int) -> GensimModel:
    """Train in gensim on one thread, the setting in which it repeats itself.

    Raises:
        SettingError: gensim has nothing of the kind.
    """
    model = _untrained(sentences, gensim_arguments(settings), min_count)
    model.train(sentences, total_examples=model.corpus_count, epochs=settings.epochs)
    found = model.wv
    own = [found.vectors_vocab, found.vectors_ngrams] if settings.model == "fasttext" else [found.vectors]
    outputs = model.syn1 if settings.loss == "hs" else model.syn1neg
    return GensimModel(tuple(found.index_to_key), found.vectors, outputs, own)


def _untrained(sentences: Sentences, arguments: dict[str, Any], min_count: int) -> Any:
    from gensim.models import FastText, Word2Vec

    kind = FastText if "bucket" in arguments else Word2Vec
    model = kind(workers=1, batch_words=JOB_WORDS, min_count=min_count, **arguments)
    model.build_vocab(sentences)
    return model
