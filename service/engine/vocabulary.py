"""Questions about the vocabulary: a word's vector, words by their beginning, words at random."""

import secrets

import numpy as np

from service import answers, questions
from service.answers import Listed
from service.engine.space import Space
from service.nearest import Rows

_SEEDS = 2**32  # so many seeds are drawn from, when none is given: few enough to write down


def vector(space: Space, asked: questions.Vector) -> answers.Vector:
    """The vector of a word as it was trained, or made from its pieces, rounded to float32; as gensim's `get_vector`."""
    (row,) = rows = space.lookup.words(asked, [asked.word]).needed
    trained, known = space.trained(rows)[0].astype(np.float32), space.is_known(row)  # (D,)
    return answers.Vector(
        word=asked.word,
        count=int(space.vectors.counts[row]) if known else None,
        rank=row + 1 if known else None,
        vector=tuple(trained.tolist()),
        used=space.named(rows),
    )


def words(space: Space, asked: questions.Words) -> answers.Words:
    """The most frequent words that begin so when capitals and accents are left out."""
    if asked.prefix:
        rows = space.folded.beginning(asked.prefix)
        first = np.sort(np.partition(rows, asked.topn)[: asked.topn]) if len(rows) > asked.topn else np.sort(rows)
    else:
        first = np.arange(min(asked.topn, len(space.vectors.words)))
    return answers.Words(prefix=asked.prefix, topn=asked.topn, words=_listed(space, first))


def random_words(space: Space, asked: questions.RandomWords) -> answers.RandomWords:
    """Words of a range of ranks in a random order, the first `topn` of them."""
    seed = secrets.randbelow(_SEEDS) if asked.seed is None else asked.seed
    ranks = range(len(space.vectors.words))[asked.min_rank - 1 : asked.max_rank]
    rows = ranks.start + np.random.default_rng(seed).permutation(len(ranks))[: asked.topn]
    return answers.RandomWords(topn=asked.topn, seed=seed, words=_listed(space, rows))


def _listed(space: Space, rows: Rows) -> tuple[Listed, ...]:
    words, counts = space.vectors.words, space.vectors.counts[rows].tolist()
    return tuple(Listed(words[row], count, row + 1) for row, count in zip(rows.tolist(), counts, strict=True))
