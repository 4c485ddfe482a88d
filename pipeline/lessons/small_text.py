"""A small text for the lessons on words: sentences of three patterns, so that everyone can see who is like whom.

    the {king|queen|prince} {rules|leads} the {old|rich} {country|city}
    the {dog|cat|horse} {sleeps|rests} near the {warm|quiet} {house|barn}
    {anna|peter|maria} {drinks|pours} a glass of {cold|fresh} {water|milk|juice}

Words in the same braces keep the same company, but for what chance does to the sentences that are drawn. A model that
knows a word by its company has to put them side by side, and is told nothing of the braces.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.lessons.layers import Floats, Ids

PATTERNS = (
    "the {king|queen|prince} {rules|leads} the {old|rich} {country|city}",
    "the {dog|cat|horse} {sleeps|rests} near the {warm|quiet} {house|barn}",
    "{anna|peter|maria} {drinks|pours} a glass of {cold|fresh} {water|milk|juice}",
)
SENTENCES = 180
REACH = 2

BRACES = tuple(
    tuple(place.strip("{}").split("|")) for pattern in PATTERNS for place in pattern.split() if place.startswith("{")
)
"""The words that can take each other's place."""


@dataclass(frozen=True, eq=False)
class SmallText:
    """Sentences as numbers of words.

    Attributes:
        words: (V,) the most frequent first.
        counts: (V,) how often each stands in the text.
        sentences: each (n,).
    """

    words: tuple[str, ...]
    counts: Ids
    sentences: tuple[Ids, ...]

    @classmethod
    def drawn(cls, generator: np.random.Generator) -> "SmallText":
        """Sentences of each pattern in turn, each place filled by chance."""
        text = [_sentence(PATTERNS[n % len(PATTERNS)], generator) for n in range(SENTENCES)]
        counted = Counter(word for sentence in text for word in sentence).most_common()
        number = {word: at for at, (word, _) in enumerate(counted)}
        sentences = tuple(np.array([number[word] for word in sentence]) for sentence in text)
        return cls(tuple(number), np.array([count for _, count in counted]), sentences)

    def shown(self, sentence: Ids) -> str:
        """A sentence in words."""
        return " ".join(self.words[word] for word in sentence)

    def centers(self) -> Iterator[tuple[int, Ids]]:
        """Each word of the text with the words within reach of it."""
        for sentence in self.sentences:
            for at, word in enumerate(sentence):
                yield int(word), np.concatenate([sentence[max(at - REACH, 0) : at], sentence[at + 1 : at + 1 + REACH]])


def mates(word: str) -> set[str]:
    """The words that can take the place of a word."""
    return {other for brace in BRACES if word in brace for other in brace if other != word}


def nearest(text: SmallText, vectors: Floats, word: str, n: int) -> list[tuple[str, float]]:
    """The n words with the largest cosine to a word, by the rows of `vectors`, (V, D)."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    at = text.words.index(word)
    cosines = unit @ unit[at]
    order = [int(row) for row in np.argsort(-cosines, kind="stable") if row != at]
    return [(text.words[row], float(cosines[row])) for row in order[:n]]


def _sentence(pattern: str, generator: np.random.Generator) -> list[str]:
    places = [place.strip("{}").split("|") for place in pattern.split()]
    return [words[int(generator.integers(len(words)))] for words in places]
