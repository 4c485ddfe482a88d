"""Level 1: words, counts, keep probabilities, noise distribution and Huffman tree are gensim's on the same text."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.gensim_twin import JOB_WORDS, NOISE_UNITS, GensimTables, gensim_tables
from pipeline.crosscheck.levels import Level, verdict
from pipeline.crosscheck.mathematics import Mathematics
from pipeline.crosscheck.text_part import TextPart
from pipeline.models.huffman import HuffmanTree
from pipeline.settings import TrainSettings, VocabularySettings
from pipeline.text.vocabulary import Vocabulary
from pipeline.training.pieces import Pieces

KEEP_TOLERANCE = 1 / 2**32
"""gensim cuts p * (2^32 - 1) to an integer n and keeps a token for n + 1 of its 2^32 draws: one draw at most."""

NOISE_TOLERANCE = 1.01 / NOISE_UNITS
"""A probability is the difference of two rounded numbers: one unit at most, and a little for the sums' rounding."""

RULE = (
    "same words, same counts, every keep probability within 2^-32 and every noise probability within 1.01 / (2^31 - 1),"
    " which is how finely gensim keeps them; words compared one by one, since gensim orders equal counts differently;"
    " and in gensim's order the Huffman tree leads to each word by the same inner nodes and codes; with fastText each"
    " word's pieces fall into the same buckets, in the same order"
)

WORDS_RULE = "same words, same counts; words compared one by one, since gensim orders equal counts differently"


def check_words(text: TextPart, min_count: int) -> Level:
    """The same for words and counts alone: a model that uses no other table."""
    firth, gensim = _counted(text, min_count, TrainSettings())
    numbers = _differences_of_words(firth, gensim)
    return Level("tables", verdict(_same_words(numbers)), WORDS_RULE, {"tokens": text.tokens, **numbers})


def check_tables(
    text: TextPart, min_count: int, settings: TrainSettings, mathematics: Mathematics | None = None
) -> Level:
    """Let gensim count the same sentences and compare word by word, whichever of the tables the settings need.

    The limits of the vocabulary play no part: they only raise `min_count` or cut the same list.
    """
    firth, gensim = _counted(text, min_count, settings)
    numbers = _differences(firth, gensim, settings, mathematics or Mathematics())
    passed = (
        _same_words(numbers)
        and numbers["paths_that_differ"] == 0
        and numbers["pieces_that_differ"] == 0
        and numbers["largest_keep_difference"] <= KEEP_TOLERANCE
        and numbers["largest_noise_difference"] <= NOISE_TOLERANCE
    )
    return Level("tables", verdict(passed), RULE, {"tokens": text.tokens, **numbers})


def _counted(text: TextPart, min_count: int, settings: TrainSettings) -> tuple[Vocabulary, GensimTables]:
    """By Firth and by gensim."""
    there = gensim_tables(text.as_words(len(text.words), JOB_WORDS), settings, min_count)
    return text.vocabulary(VocabularySettings(min_count=min_count)), there


def _same_words(numbers: dict[str, Any]) -> bool:
    only = numbers["words_only_in_firth"] or numbers["words_only_in_gensim"]
    return not only and numbers["largest_count_difference"] == 0


def _differences_of_words(firth: Vocabulary, gensim: GensimTables) -> dict[str, Any]:
    here, there = _in_both(firth, gensim)
    return {
        "words": len(firth),
        "words_only_in_firth": len(firth) - len(here),
        "words_only_in_gensim": len(gensim.words) - len(there),
        "largest_count_difference": int(np.abs(firth.counts[here] - gensim.counts[there]).max(initial=0)),
    }


def _in_both(firth: Vocabulary, gensim: GensimTables) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of the words that both have, here and there, (n,) and (n,)."""
    row_in_gensim = {word: row for row, word in enumerate(gensim.words)}
    common = [word for word in firth.words if word in row_in_gensim]
    here = np.array([firth.ids[word] for word in common], dtype=np.int64)
    return here, np.array([row_in_gensim[word] for word in common], dtype=np.int64)


def _differences(
    firth: Vocabulary, gensim: GensimTables, settings: TrainSettings, mathematics: Mathematics
) -> dict[str, Any]:
    keep = mathematics.keep_probability(firth.counts, settings.sample)  # (V,)
    noise = mathematics.noise_distribution(firth.counts, settings.ns_exponent)  # (V,)
    here, there = _in_both(firth, gensim)
    return {
        **_differences_of_words(firth, gensim),
        "largest_keep_difference": float(np.abs(keep[here] - gensim.keep[there]).max(initial=0)),
        "keep_tolerance": KEEP_TOLERANCE,
        "largest_noise_difference": float(np.abs(noise[here] - gensim.noise[there]).max(initial=0)),
        "noise_tolerance": NOISE_TOLERANCE,
        "paths_that_differ": _paths_that_differ(gensim, mathematics.tree(gensim.counts)),
        "pieces_that_differ": _pieces_that_differ(gensim, mathematics.pieces(gensim.words, settings)),
    }


def _paths_that_differ(gensim: GensimTables, tree: HuffmanTree) -> int:
    """To how many words the two trees lead by other nodes or codes."""
    here = (tuple(part.tolist() for part in tree.path(word)) for word in range(len(gensim.words)))
    return sum(mine != theirs for mine, theirs in zip(here, gensim.paths, strict=True))


def _pieces_that_differ(gensim: GensimTables, pieces: Pieces | None) -> int:
    """How many words have other buckets."""
    if not pieces:
        return 0
    size = len(gensim.words)
    here = (pieces.buckets[pieces[word][1:] - size].tolist() for word in range(size))
    return sum(mine != theirs for mine, theirs in zip(here, gensim.buckets, strict=True))
