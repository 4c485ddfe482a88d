"""Counting: every different word of the corpus with how often it stands there, none ever forgotten."""

from collections.abc import Sequence

import numpy as np

from pipeline.text.token_files import Ids, Int64s


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

    def ranked(self) -> tuple[list[str], Int64s, Ids]:
        """The U words by descending count, then by word; their counts; and the rank of each provisional id, (U,)."""
        words = list(self._ids)
        by_word = np.array(sorted(range(len(words)), key=words.__getitem__), np.int32)
        order = by_word[np.argsort(-self._counts[by_word], kind="stable")]  # (U,) provisional ids by rank
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order), dtype=np.int32)
        return [words[i] for i in order], self._counts[order], rank
