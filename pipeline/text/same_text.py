"""Pairs and words that are written alike count as one: `new york` and a token `new_york`, which the text may hold.

As a phrase, `new_york city` is written like `new york_city`, and gensim counts strings: all that are written alike have
one count, the sum. Only where the delimiter stands inside a token can that happen, so only there texts are compared; a
text without such tokens parts in one way only at its delimiters.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pipeline.text.pairs import Pairs, places
from pipeline.text.token_files import Int64s
from pipeline.text.vocabulary import Vocabulary


def added_up(
    vocabulary: Vocabulary, pairs: Pairs, keys: Int64s, counts: Int64s, delimiter: str
) -> tuple[Int64s, Int64s, int]:
    """Counts by what is written.

    Args:
        vocabulary: the U words with their counts.
        pairs: where the pairs come from.
        keys: (E,) the pairs, ascending.
        counts: (E,) how often each stands in the text.
        delimiter: what joins the tokens of a pair.

    Returns:
        For each word, (U,), and for each pair, (E,), how often something written like it was counted; and how many
        different texts there are. Connector words are not counted by themselves.
    """
    different = int(np.count_nonzero(~pairs.connector)) + len(keys)
    compound = np.array([is_compound(word, delimiter) for word in vocabulary.words], np.bool_)  # (U,)
    if not compound.any():
        return vocabulary.counts, counts, different
    words = np.flatnonzero(compound & ~pairs.connector)
    alike = np.flatnonzero(pairs.holding(compound, keys))  # places in `keys`
    texts = [vocabulary.words[word] for word in words.tolist()]
    texts += written_out(vocabulary, pairs, keys[alike], delimiter)
    numbers: dict[str, int] = {}
    number = np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)  # words', then pairs'
    plain = places(keys, _plain_keys(numbers, vocabulary, pairs, compound, delimiter))
    alike = np.concatenate([alike, plain[plain >= 0]])
    number = np.concatenate([number, np.flatnonzero(plain >= 0)])
    totals = np.zeros(len(numbers), np.int64)
    np.add.at(totals, number, np.concatenate([vocabulary.counts[words], counts[alike]]))
    word_counts, pair_counts = vocabulary.counts.copy(), counts.copy()
    word_counts[words], pair_counts[alike] = np.split(totals[number], [len(words)])
    return word_counts, pair_counts, different - len(number) + len(numbers)


def is_compound(token: str, delimiter: str) -> bool:
    """Whether the token, with a delimiter on each side, holds one more."""
    return (delimiter + token + delimiter).find(delimiter, 1) < len(delimiter) + len(token)


def written_out(vocabulary: Vocabulary, pairs: Pairs, keys: Int64s, delimiter: str) -> list[str]:
    """What each pair is written as."""
    words = vocabulary.words
    return [delimiter.join([words[token] for token in tokens]) for tokens in pairs.tokens(keys)]


def _plain_keys(
    texts: Iterable[str], vocabulary: Vocabulary, pairs: Pairs, compound: NDArray[np.bool_], delimiter: str
) -> Int64s:
    """For each text the key of the pair without compound tokens that is written like it, -1 where there is none.

    The tokens of such a pair are the parts of the text between its delimiters.
    """
    ids = vocabulary.ids
    connectors = {vocabulary.words[id_] for id_ in np.flatnonzero(pairs.connector & ~compound).tolist()}
    ends = {vocabulary.words[id_] for id_ in np.flatnonzero(~pairs.connector & ~compound).tolist()}

    def key(text: str) -> int:
        first, *between, last = text.split(delimiter) if delimiter in text else ("", "")
        if first in ends and last in ends and connectors.issuperset(between):
            return pairs.key(ids[first], [ids[word] for word in between], ids[last])
        return -1

    return np.fromiter(map(key, texts), np.int64)
