"""The first tokens of a corpus in memory, with their own counts: one text for Firth and for gensim."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.settings import VocabularySettings
from pipeline.text.chunk import Chunk
from pipeline.text.token_files import CHUNK, TokenCorpus
from pipeline.text.vocabulary import Counts, Vocabulary, kept_size
from pipeline.training.drawn import Ids
from storage.errors import InputError


@dataclass(frozen=True, eq=False)
class TextPart:
    """Sentences of word ids, and all words that stand in them by descending count, then by word.

    Attributes:
        words: the U words.
        counts: (U,) how often each stands in these sentences.
        sentences: the ids of each sentence.
    """

    words: tuple[str, ...]
    counts: Counts
    sentences: Sequence[Ids]

    @classmethod
    def read(cls, corpus: TokenCorpus, max_tokens: int) -> "TextPart":
        """The first `max_tokens` tokens of a corpus, or all of it."""
        everything = corpus.vocabulary(VocabularySettings(min_count=1))
        sentences = list(corpus.sentences_of_ids(len(everything), max_tokens))
        if max_tokens >= corpus.tokens:
            return cls(everything.words, everything.counts, sentences)  # the files' own counts, so they are checked
        return cls._of(everything.words, sentences)

    @classmethod
    def of_words(cls, sentences: Sequence[Sequence[str]]) -> "TextPart":
        """These sentences."""
        words = tuple(dict.fromkeys(word for sentence in sentences for word in sentence))
        ids = {word: number for number, word in enumerate(words)}
        return cls._of(words, [np.array([ids[word] for word in sentence], np.int32) for sentence in sentences])

    @classmethod
    def _of(cls, words: Sequence[str], sentences: Sequence[Ids]) -> "TextPart":
        """Count the words and number them by rank."""
        counts = np.bincount(np.concatenate(sentences), minlength=len(words))
        ranked = sorted(np.flatnonzero(counts).tolist(), key=lambda word: (-counts[word], words[word]))
        rank = np.zeros(len(words), np.int32)
        rank[ranked] = np.arange(len(ranked), dtype=np.int32)
        return cls(tuple(words[word] for word in ranked), counts[ranked], [rank[sentence] for sentence in sentences])

    @property
    def tokens(self) -> int:
        """How many there are."""
        return int(self.counts.sum())

    def vocabulary(self, settings: VocabularySettings) -> Vocabulary:
        """The words that the settings keep.

        Raises:
            InputError: they keep none, since these are the first tokens of a corpus that had enough.
        """
        if self.counts[0] < settings.min_count:
            raise InputError(
                f"no word stands {settings.min_count} times or more in the first {self.tokens:,} tokens, which are all"
                " that is compared; raise --max-tokens"
            )
        size = kept_size(self.counts, settings)
        return Vocabulary(self.words[:size], self.counts[:size])

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of the `size_v` most frequent words in pieces, as `TokenCorpus.chunks` gives them."""
        ids = np.concatenate(self.sentences)
        sentence = np.repeat(np.arange(len(self.sentences)), [len(ids) for ids in self.sentences])
        known_before = 0
        for start in range(0, len(ids), CHUNK):
            piece = ids[start : start + CHUNK]
            known = piece < size_v
            yield Chunk(piece[known], sentence[start : start + CHUNK][known], known_before)
            known_before += int(known.sum())

    def as_words(self, size_v: int, longest: int) -> list[list[str]]:
        """The sentences in words, of the `size_v` most frequent only, cut into pieces of at most `longest` words."""
        cut: list[list[str]] = []
        for sentence in self.sentences:
            known = [self.words[word] for word in sentence[sentence < size_v].tolist()]
            cut.extend(known[start : start + longest] for start in range(0, len(known), longest))
        return cut
