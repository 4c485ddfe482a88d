"""The words of a sample, counted as `firth tokenize` counts them, and how long that takes."""

import time
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.plan.sample import Sample
from pipeline.settings import TokenSettings
from pipeline.text.block_tokens import tokenized
from pipeline.text.vocabulary import Counts
from pipeline.text.word_counts import WordCounts


@dataclass(frozen=True, eq=False)
class Counted:
    """The n tokens of a sample.

    Attributes:
        words: the U different ones, most frequent first.
        word_bytes: (U,) of each word and the line end behind it.
        counts: (U,) how often each stands in the sample, descending.
        ids: (n,) each token as the rank of its word.
        offsets: (S + 1,) where each sentence begins in `ids`; the last is n.
        blocks: how many it was cut into.
        clock: what it took.
    """

    words: tuple[str, ...]
    word_bytes: NDArray[np.int64]
    counts: Counts
    ids: NDArray[np.int32]
    offsets: NDArray[np.int64]
    blocks: int
    clock: "Clock"


@dataclass(frozen=True)
class Clock:
    """The seconds from the beginning to the first block, to the last one, and to the end; and the tokens so far."""

    first_block: float
    last_block: float
    end: float
    first_tokens: int
    tokens: int

    def seconds(self, tokens: int, growth: float) -> float:
        """What tokenizing `tokens` tokens takes, with `growth` times as many different words as in the sample.

        Between the first block and the last one, all processes work; before, they start; after it, words are ranked.
        """
        between, rest = self.last_block - self.first_block, self.tokens - self.first_tokens
        speed = between / rest if rest else self.last_block / max(self.tokens, 1)
        started = self.first_block - self.first_tokens * speed if rest else 0.0
        return max(started, 0.0) + tokens * speed + (self.end - self.last_block) * growth


def count(sample: Sample, settings: TokenSettings, processes: int) -> Counted:
    """Tokenize a sample as the stage does, but for writing it.

    Raises:
        InputError: text that cannot be read.
    """
    words, ids, ends, total = WordCounts(), [], [np.zeros(1, np.int64)], 0
    marks: list[tuple[float, int]] = []
    started = time.perf_counter()
    with closing(tokenized(sample.texts(), settings, processes)) as blocks:
        for number, block in enumerate(blocks):
            ids.append(words.add(block.words, block.counts)[block.ids])
            ends.append(total + block.line_ends)
            total += len(block.ids)
            sample.found(number, len(block.ids))
            marks.append((time.perf_counter() - started, total))
    vocabulary, rank = words.ranked()
    tokens = rank[np.concatenate([np.empty(0, np.int32), *ids])]  # (n,)
    ended = time.perf_counter() - started
    offsets = np.unique(np.concatenate([*ends, [total]]))  # no sentence is empty
    word_bytes = np.array([len(word.encode("utf-8", "replace")) + 1 for word in vocabulary.words], np.int64)
    (first, first_tokens), (last, _) = (marks[0], marks[-1]) if marks else ((ended, 0), (ended, 0))
    clock = Clock(first, last, ended, first_tokens, total)
    return Counted(vocabulary.words, word_bytes, vocabulary.counts, tokens, offsets, len(marks), clock)
