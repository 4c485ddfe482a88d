"""`Beginning`: what a training begins with: a text, its words, and a vector for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.settings import VocabularySettings
from pipeline.text.token_files import TokenCorpus
from pipeline.text.vocabulary import Vocabulary, final_min_count
from pipeline.training.glove.factors import Factors
from pipeline.training.held_out import Text
from pipeline.training.parameters import Parameters


@dataclass(frozen=True, eq=False)
class Beginning:
    """What a training begins with.

    Attributes:
        text: whose ids are those of `words`.
        words: the vocabulary.
        tokens: of the vocabulary in a pass over the text.
        start: what is to be moved; None for what the settings' model starts from.
        report: where they come from, for the manifest; `min_count` is that of the text's own words.
    """

    text: Text
    words: Vocabulary
    tokens: int
    start: Parameters | Factors | None = None
    report: Mapping[str, Any] = field(default_factory=dict)


def from_nothing(corpus: TokenCorpus, vocabulary: VocabularySettings) -> Beginning:
    """Only the text is known.

    Raises:
        InputError: no word would be left.
    """
    words = corpus.vocabulary(vocabulary)
    report = {"min_count": final_min_count(corpus.counts, vocabulary)}
    return Beginning(corpus, words, int(words.counts.sum()), report=report)
