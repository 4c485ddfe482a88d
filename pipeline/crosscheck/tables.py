"""Level 1: words, counts, keep probabilities, noise distribution and Huffman tree are gensim's on the same text."""

from typing import Any

import numpy as np

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


def check_tables(
    text: TextPart, min_count: int, settings: TrainSettings, mathematics: Mathematics | None = None
) -> Level:
    """Let gensim count the same sentences and compare word by word, whichever of the tables the settings need.

    The limits of the vocabulary play no part: they only raise `min_count` or cut the same list.
    """
    firth = text.vocabulary(VocabularySettings(min_count=min_count))
    gensim = gensim_tables(text.as_words(len(text.words), JOB_WORDS), settings, min_count)
    numbers = _differences(firth, gensim, settings, mathematics or Mathematics())
    passed = (
        not numbers["words_only_in_firth"]
        and not numbers["words_only_in_gensim"]
        and numbers["largest_count_difference"] == 0
        and numbers["paths_that_differ"] == 0
        and numbers["pieces_that_differ"] == 0
        and numbers["largest_keep_difference"] <= KEEP_TOLERANCE
        and numbers["largest_noise_difference"] <= NOISE_TOLERANCE
    )
    return Level("tables", verdict(passed), RULE, {"tokens": text.tokens, **numbers})


def _differences(
    firth: Vocabulary, gensim: GensimTables, settings: TrainSettings, mathematics: Mathematics
) -> dict[str, Any]:
    keep = mathematics.keep_probability(firth.counts, settings.sample)  # (V,)
    noise = mathematics.noise_distribution(firth.counts, settings.ns_exponent)  # (V,)
    row_in_gensim = {word: row for row, word in enumerate(gensim.words)}
    common = [word for word in firth.words if word in row_in_gensim]
    here = np.array([firth.ids[word] for word in common], dtype=np.int64)
    there = np.array([row_in_gensim[word] for word in common], dtype=np.int64)
    return {
        "words": len(firth),
        "words_only_in_firth": len(firth) - len(common),
        "words_only_in_gensim": len(gensim.words) - len(common),
        "largest_count_difference": int(np.abs(firth.counts[here] - gensim.counts[there]).max(initial=0)),
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
