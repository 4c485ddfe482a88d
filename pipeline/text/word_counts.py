"""Counting: every different word of the corpus with how often it stands there, none ever forgotten."""

from collections.abc import Sequence

import numpy as np

from pipeline.text.token_files import Ids, Int64s
from pipeline.text.vocabulary import Vocabulary


class WordCounts:
    """Words and their counts, growing block by block; a word's provisional id is its order of appearance."""

    def __init__(self) -> None:
        self._ids: dict[str, int] = {}
        self._counts = np.zeros(1 << 16, np.int64)

    def __len__(self) -> int:
        return len(self._ids)

    def add(self, words: Sequence[str], counts: Int64s) -> Ids:
        """Count `words`, each once there, `counts` (W,) more times; returns their provisional ids, (W,)."""
        ids = self._ids
        added = np.array([ids.setdefault(word, len(ids)) for word in words], np.int32)
        while len(ids) > len(self._counts):
            self._counts = np.concatenate([self._counts, np.zeros_like(self._counts)])
        self._counts[added] += counts
        return added

    def ranked(self) -> tuple[Vocabulary, Ids]:
        """The U words by descending count, then by word; and the rank of each provisional id, (U,)."""
        return ranked(list(self._ids), self._counts[: len(self._ids)])


def ranked(words: Sequence[str], counts: Int64s) -> tuple[Vocabulary, Ids]:
    """The words that stand somewhere, by descending count, then by word; and the rank of each word given, (W,)."""
    by_word = np.array(sorted(range(len(words)), key=words.__getitem__), np.int32)
    order = by_word[np.argsort(-counts[by_word], kind="stable")]  # (W,) by rank
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order), dtype=np.int32)
    kept = order[: np.count_nonzero(counts)]
    return Vocabulary(tuple(words[i] for i in kept.tolist()), counts[kept]), rank
