"""Going on with a finished model and new text: old words keep their vectors, new words join the vocabulary.

The vocabulary is the model's words and those that the settings keep of the new text; the model's words stay however
seldom they stand in it. Counts are summed, so subsampling and noise follow both texts; the order is again by count,
then by word. Only the new text is trained on, with a learning rate that falls over it alone.

A word's output row goes on too, except with hierarchical softmax: the tree over the new counts is another, its inner
nodes are not those of the old one, so they start anew at zero.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.model_choice import PIECES
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.chunk import Chunk
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary, final_min_count
from pipeline.training.batch import Floats
from pipeline.training.beginning import Beginning
from pipeline.training.drawn import Ids
from pipeline.training.glove.factors import Factors, separated
from pipeline.training.parameters import Parameters
from storage.errors import InputError, SettingError

SHAPE = ("architecture", "loss", "vector_size", "model", *PIECES)
"""The settings in which a model and its continuation must agree."""


@dataclass(frozen=True, eq=False)
class Parent:
    """The model that is gone on with.

    Attributes:
        key: of its stage.
        settings: of its training.
        words: its P words, with their counts.
        vectors: (P, D) of the words; with fastText the rows that they are made of, (P + B, D).
        contexts: (P, D) of outputs.
        buckets: (B,) those of the last rows, with fastText.
        biases: (P, 2) with GloVe.
        hashes: sha256 of the files of both matrices.
        parent: what its own manifest says of its parent; None where it began from nothing.
    """

    key: str
    settings: Mapping[str, Any]
    words: Vocabulary
    vectors: Floats
    contexts: Floats
    buckets: Ids | None
    biases: Floats | None
    hashes: Mapping[str, str]
    parent: Mapping[str, Any] | None


@dataclass(frozen=True, eq=False)
class Renumbered:
    """A text whose words have other ids.

    Attributes:
        corpus: the token files.
        ids: (U,) for each of their words the id it is to have; -1 for one that is left out.
    """

    corpus: TokenCorpus
    ids: Ids

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens with ids below `size_v`, in order, chunk by chunk."""
        known = 0
        for chunk in self.corpus.chunks(len(self.ids)):
            ids = self.ids[chunk.ids]
            kept = (ids >= 0) & (ids < size_v)  # (n,)
            yield Chunk(ids[kept], chunk.sentence[kept], known)
            known += int(np.count_nonzero(kept))


def require_same_shape(parent: Mapping[str, Any], settings: TrainSettings) -> None:
    """Refuse a training whose matrices would mean something else than its parent's, with these settings.

    Raises:
        SettingError: one of SHAPE differs; an older parent without one of them has its default.
    """
    usual = TrainSettings(**{name: parent[name] for name in SHAPE if name in parent})
    for name in SHAPE:
        mine, wanted = getattr(usual, name), getattr(settings, name)
        if mine != wanted:
            option = f"--{name.replace('_', '-')} {mine}"
            raise SettingError(f"{name} is {wanted}, but the model to continue from has {mine}; give {option}")


def from_parent(
    corpus: TokenCorpus, vocabulary: VocabularySettings, settings: TrainSettings, parent: Parent
) -> Beginning:
    """The model's words and vectors, and those of the new text.

    Raises:
        InputError: the new text holds no word of either.
    """
    new = corpus.vocabulary(VocabularySettings(min_count=1))
    words = joined(parent.words, new, _kept(corpus, vocabulary))
    ids = np.array([words.ids.get(word, -1) for word in new.words], np.int32)  # (U,)
    tokens = int(new.counts[ids >= 0].sum())
    if not tokens:
        raise InputError("the text holds no word of the model, and none that stands often enough; lower --min-count")
    rows = np.array([words.ids[word] for word in parent.words.words], np.int64)  # (P,)
    start = (_factors if settings.model == "glove" else _parameters)(words, settings, parent, rows)
    report = {"min_count": final_min_count(corpus.counts, vocabulary), "parent": _about(parent, words, settings)}
    return Beginning(Renumbered(corpus, ids), words, tokens, start, report)


def _factors(words: Vocabulary, settings: TrainSettings, parent: Parent, rows: NDArray[np.int64]) -> Factors:
    """GloVe's start, with the old words, which are these rows, as they were; AdaGrad's sums begin anew."""
    start = Factors.start(len(words), settings.vector_size, settings.seed)
    start.vectors[rows], start.context_vectors[rows] = separated(
        parent.vectors, parent.contexts, parent.settings["combine"]
    )
    if parent.biases is not None:
        start.words[rows, -2], start.contexts[rows, -1] = parent.biases.T
    return start


def _parameters(words: Vocabulary, settings: TrainSettings, parent: Parent, rows: NDArray[np.int64]) -> Parameters:
    """The other models' start, with the old words, which are these rows, as they were."""
    start = Parameters.for_settings(words.words, settings)
    start.vectors[rows] = parent.vectors[: len(rows)]
    if start.pieces and parent.buckets is not None:
        start.vectors[start.pieces.rows_of(parent.buckets)] = parent.vectors[len(rows) :]  # all old words are there
    if settings.loss != "hs":
        start.contexts[rows] = parent.contexts
    return start


def joined(old: Vocabulary, new: Vocabulary, kept: int) -> Vocabulary:
    """The old words and the `kept` most frequent new ones, with the sums of their counts."""
    counts = dict(zip(old.words, old.counts.tolist(), strict=True))
    for rank, (word, count) in enumerate(zip(new.words, new.counts.tolist(), strict=True)):
        if rank < kept or word in counts:
            counts[word] = counts.get(word, 0) + count
    words = sorted(counts, key=lambda word: (-counts[word], word))
    return Vocabulary(tuple(words), np.array([counts[word] for word in words], np.int64))


def _kept(corpus: TokenCorpus, vocabulary: VocabularySettings) -> int:
    """How many words of the new text stand often enough by themselves; there may be none."""
    try:
        return len(corpus.vocabulary(vocabulary))
    except InputError:
        return 0


def _about(parent: Parent, words: Vocabulary, settings: TrainSettings) -> dict[str, Any]:
    """The parentage, for the manifest."""
    return {
        "key": parent.key,
        "settings": dict(parent.settings),
        **parent.hashes,
        "words": len(parent.words),
        "new_words": len(words) - len(parent.words),
        "inner_nodes_start_anew": settings.loss == "hs",
        "parent": parent.parent,
    }
