"""Which neighbors are one phrase: the scores of pairs of words, and the choice among pairs that overlap.

A pair a b has a count n(ab), its words n(a) and n(b). It is a phrase where its score is greater than the threshold:

    default      (n(ab) - min_count) / (n(a) n(b)) * (different words and pairs)
    word2phrase  (n(ab) - min_count) / (n(a) n(b)) * (tokens)
    npmi         ln(p(ab) / (p(a) p(b))) / -ln p(ab)     where p(x) = n(x) / tokens, and n(ab) >= min_count

The first two are equation 6 of Mikolov et al., "Distributed Representations of Words and Phrases and their
Compositionality" (2013), section 4, where min_count is called the discounting coefficient, with what makes it
independent of the size of the text: gensim's factor and that of the program word2phrase. So a threshold of 10 for one
is not 10 for the other. The third is the normalized pointwise mutual information of Bouma, "Normalized (Pointwise)
Mutual Information in Collocation Extraction" (2009), section 3: 1 where the words stand only together, 0 where they are
independent, toward -1 where they avoid each other.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pipeline.text.token_files import Int64s

Floats = NDArray[np.float64]


def scores(scoring: str, ends: tuple[Int64s, Int64s], pair: Int64s, *, entries: int, tokens: int, least: int) -> Floats:
    """The scores of P pairs, (P,), each of which stands at least `least` times in the text.

    Args:
        scoring: default, word2phrase or npmi.
        ends: n(a), (P,), and n(b), (P,).
        pair: n(ab), (P,).
        entries: different words and pairs.
        tokens: all tokens of the text.
        least: min_count.
    """
    first, second = (count.astype(np.float64) for count in ends)
    if scoring == "npmi":
        together = pair / tokens
        association = _logarithm(together / (first / tokens * (second / tokens)))
        return association / -_logarithm(together)
    return (pair - least) / (first * second) * (tokens if scoring == "word2phrase" else entries)


def joined(is_phrase: NDArray[np.bool_], first: Int64s, second: Int64s) -> NDArray[np.bool_]:
    """Which pairs become one token, from left to right: one whose first word has gone into the pair before does not.

    So of phrases in an unbroken chain the first, the third, the fifth ... are joined.

    Args:
        is_phrase: (P,) for each pair in the order of the text whether its score is high enough.
        first: (P,) where its first word stands.
        second: (P,) where its last word stands.
    """
    chained = np.zeros_like(is_phrase)
    chained[1:] = is_phrase[1:] & is_phrase[:-1] & (first[1:] == second[:-1])
    place = np.arange(len(is_phrase))
    begin = np.maximum.accumulate(np.where(chained, 0, place))  # (P,) where the chain of each pair begins
    odd: NDArray[np.bool_] = (place - begin) % 2 == 1
    return is_phrase & ~odd


def _logarithm(values: Floats) -> Floats:
    """Each value's logarithm as the system's own library has it; the last bit of NumPy's depends on the processor."""
    natural: Callable[[float], float] = math.log
    return np.fromiter(map(natural, values.tolist()), np.float64, len(values))
