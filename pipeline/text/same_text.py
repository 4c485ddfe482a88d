"""Pairs and words that are written alike count as one: `new york` and a token `new_york`, which the text may hold.

As a phrase, `new_york city` is written like `new york_city`, and gensim counts strings: all that are written alike have
one count, the sum. Only where the delimiter stands inside a token can that happen, so only there texts are compared; a
text without such tokens parts in one way only at its delimiters.
"""

from collections.abc import Mapping

import numpy as np

from pipeline.text.pairs import Pairs
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
    places = np.flatnonzero(pairs.holding(compound, keys))
    texts: dict[str, int] = {}
    text_of_word = [texts.setdefault(vocabulary.words[word], len(texts)) for word in words]
    written = written_out(vocabulary, pairs, keys[places], delimiter)
    text_of_place = [texts.setdefault(text, len(texts)) for text in written]
    plain_words = {word: id_ for word, id_ in vocabulary.ids.items() if not compound[id_]}
    plain = _plain(texts, plain_words, pairs, keys, delimiter)
    places = np.concatenate([places, np.array([*plain], np.int64)])
    text_of_place += plain.values()
    totals = np.zeros(len(texts), np.int64)
    np.add.at(totals, text_of_word, vocabulary.counts[words])
    np.add.at(totals, text_of_place, counts[places])
    word_counts, pair_counts = vocabulary.counts.copy(), counts.copy()
    word_counts[words], pair_counts[places] = totals[text_of_word], totals[text_of_place]
    return word_counts, pair_counts, different - len(words) - len(places) + len(texts)


def is_compound(token: str, delimiter: str) -> bool:
    """Whether the token, with a delimiter on each side, holds one more."""
    return (delimiter + token + delimiter).find(delimiter, 1) < len(delimiter) + len(token)


def written_out(vocabulary: Vocabulary, pairs: Pairs, keys: Int64s, delimiter: str) -> list[str]:
    """What each pair is written as."""
    words = vocabulary.words
    return [delimiter.join(words[token] for token in tokens) for tokens in pairs.tokens(keys)]


def _plain(
    texts: Mapping[str, int], plain: Mapping[str, int], pairs: Pairs, keys: Int64s, delimiter: str
) -> dict[int, int]:
    """The places in `keys` of pairs of plain words that are written like one of the texts, each with its number.

    The words of such a pair are the parts of the text between its delimiters.
    """
    found: dict[int, int] = {}
    for text, number in texts.items():
        words = [plain.get(part, -1) for part in text.split(delimiter)]
        key = pairs.key(words) if len(words) > 1 and min(words) >= 0 else None
        place = len(keys) if key is None else int(np.searchsorted(keys, key))
        if place < len(keys) and keys[place] == key:
            found[place] = number
    return found
