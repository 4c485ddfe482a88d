"""The phrases of one pass: which pairs are joined, with the facts that decided it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.settings import PhraseSettings
from pipeline.text.pairs import PairCounts, Pairs
from pipeline.text.phrases import Floats, scores
from pipeline.text.same_text import added_up, written_out
from pipeline.text.token_files import Int64s
from pipeline.text.vocabulary import Vocabulary
from storage.files import whole_file

PHRASES = "phrases.tsv"
COLUMNS = ("pass", "phrase", "tokens", "score", "count", "joined")
TOP = 20


@dataclass(frozen=True, eq=False)
class PhraseTable:
    """K pairs whose score is greater than the threshold, by key.

    Attributes:
        keys: (K,) ascending.
        texts: the K phrases as they are written.
        tokens: their tokens, separated by blanks.
        scores: (K,).
        counts: (K,) how often each pair, and all that is written like it, stood in the text.
        joined: (K,) how often it became one token; the text is read for that, so these counts grow.
    """

    keys: Int64s
    texts: Sequence[str]
    tokens: Sequence[str]
    scores: Floats
    counts: Int64s
    joined: Int64s

    @classmethod
    def of(cls, vocabulary: Vocabulary, pairs: Pairs, counted: PairCounts, settings: PhraseSettings) -> "PhraseTable":
        """The phrases among the pairs that were counted in a text with this vocabulary."""
        keys, counts = counted.total()  # (E,)
        delimiter = settings.phrase_delimiter
        word_counts, counts, entries = added_up(vocabulary, pairs, keys, counts, delimiter)
        often = counts >= settings.phrase_min_count
        keys, counts = keys[often], counts[often]
        first, last = pairs.outer_words(keys)
        found = scores(
            settings.phrase_scoring,
            (word_counts[first], word_counts[last]),
            counts,
            entries=entries,
            tokens=int(vocabulary.counts.sum()),
            least=settings.phrase_min_count,
        )
        high = found > settings.threshold
        keys = keys[high]  # (K,)
        texts, tokens = (written_out(vocabulary, pairs, keys, between) for between in (delimiter, " "))
        return cls(keys, texts, tokens, found[high], counts[high], np.zeros(len(keys), np.int64))

    def rows(self) -> list[tuple[Any, ...]]:
        """Phrase, tokens, score, count and joined of each phrase, by descending score, then by the words."""
        columns = (self.scores.tolist(), self.counts.tolist(), self.joined.tolist())
        rows = zip(self.texts, self.tokens, *columns, strict=True)
        return sorted(rows, key=lambda row: (-row[2], row[0], row[1]))

    def report(self) -> dict[str, Any]:
        """How many phrases there are, how often one was joined, and those of the best scores."""
        top = [dict(zip(COLUMNS[1:], row, strict=True)) for row in self.rows()[:TOP]]
        return {"phrases": len(self.texts), "joined": int(self.joined.sum()), "top": top}


def write_phrases(folder: Path, tables: Iterable[PhraseTable]) -> None:
    """Write the phrases of each pass, tab-separated, below a line that names the columns."""
    with whole_file(folder / PHRASES) as file:
        file.write("\t".join(COLUMNS).encode() + b"\n")
        for number, table in enumerate(tables, 1):
            file.writelines("\t".join(map(str, (number, *row))).encode() + b"\n" for row in table.rows())
