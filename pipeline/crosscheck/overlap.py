"""Do models have the same nearest neighbors? Firth's with gensim's, beside gensim's under different seeds."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.levels import UNDECIDED, verdict
from pipeline.evaluation.lookup import unit_rows
from pipeline.training.parameters import Parameters
from storage.embeddings import Floats

CANDIDATES = 1000
"""Neighbors are sought of and among so many of the most frequent words; rare words wander with every seed."""

NEIGHBORS = 10

SHARE_NEEDED = 0.5
"""What clean runs reach, on texts of 30,000 to 1,000,000 tokens: .69 to .93 with the defaults, more the longer the
text; .83 with window=10, .92 with negative=20, but .57 to .70 with sample=0, where large steps and shared noise tell
most; the scores are not the worse for it. The share therefore finds coarse faults only. On the first 200,000 tokens
of the demo corpus: one epoch instead of five .04, window 1 .20, the learning rate four times too high .33, halved
.34, one noise word instead of five .43; but the learning rate doubled .51 and subsampling off .53 pass. Subsampling,
a window off by one and a wrong noise exponent are left to tables and replay, which find them exactly.

That is skip-gram with negative sampling. Clean runs of the other kinds, two seeds each, the stories with 50 dimensions:

                            300 stories   200,000 tokens   all 526,103 tokens of the demo corpus
    CBOW, negative sampling        1.60              .61              .83
    skip-gram, hierarchical         .60              .72              .83
    CBOW, hierarchical              .71              .62              .77

On the 200,000 tokens one epoch instead of five gives .06 to .09, window 1 .17 to .35, the learning rate four times too
high .27 to .47, halved .22 to .35, one noise word .15, skip-gram for CBOW or the other way around .20 to .34, and the
other loss .13 to .42."""

CROSSED_ALLOWED = 1.1
"""So many times the matched overlap may the crossed one be. Clean runs reach .05 to .98, CBOW less than skip-gram, and
the same models with their matrices swapped the inverse: 1.19 on 200,000 tokens of the demo corpus and 1.13 on 300 news
stories with the defaults, which is found; 1.02 to 1.05 where a higher learning rate or more epochs over few stories
make both matrices alike, which is not. The replay always finds a swap."""

CANDIDATES_NEEDED = 100
"""Among fewer words ten neighbors are shared by chance too often."""

CHANCES_NEEDED = 3.0
"""Where gensim does not agree with itself on so many times the neighbors that chance would give, it has learned too
little for Firth to be compared with: 60 news stories with the defaults reach 1.3 times, 150 stories 4.3 times."""

Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Neighborhood:
    """The nearest neighbors of a model's most frequent words, in no order.

    Attributes:
        vectors: (words, neighbors) by the word vectors.
        contexts: (words, neighbors) by the context vectors, which training leaves beside them; None with hierarchical
            softmax, whose second matrix holds the inner nodes of a tree.
    """

    vectors: Rows
    contexts: Rows | None

    @classmethod
    def of(cls, parameters: Parameters, loss: str = "ns") -> "Neighborhood":
        """Those of the CANDIDATES most frequent words, NEIGHBORS each; in a small model all others."""
        contexts = None if loss == "hs" else _neighbors(parameters.contexts)
        return cls(_neighbors(parameters.vectors), contexts)


@dataclass(frozen=True)
class SharedNeighbors:
    """Mean overlaps of neighbors between models, from 0 to 1.

    Attributes:
        candidates: how many words there were to choose neighbors of and among.
        firth_with_gensim: by word vectors, for equal seeds.
        gensim_with_itself: by word vectors, for every two seeds.
        matched: word vectors with word vectors and contexts with contexts, Firth with gensim for equal seeds; None
            where there are no contexts.
        crossed: word vectors with contexts and contexts with word vectors, likewise.
    """

    candidates: int
    firth_with_gensim: float
    gensim_with_itself: float
    matched: float | None
    crossed: float | None

    @property
    def share(self) -> float:
        """How near Firth comes to what gensim shares with itself."""
        return self.firth_with_gensim / max(self.gensim_with_itself, 1e-9)

    @property
    def chance(self) -> float:
        """The overlap of models that have nothing in common."""
        return min(NEIGHBORS / max(self.candidates - 1, 1), 1.0)

    @property
    def overlap_needed(self) -> float:
        """How much gensim must share with itself for the text to tell anything."""
        return min(CHANCES_NEEDED * self.chance, 1.0)

    @property
    def judged(self) -> bool:
        """Whether there is text enough to tell."""
        return self.candidates >= CANDIDATES_NEEDED and self.gensim_with_itself >= self.overlap_needed

    @property
    def crossed_allowed(self) -> float | None:
        """How large the crossed overlap may be."""
        return None if self.matched is None else CROSSED_ALLOWED * self.matched

    @property
    def verdict(self) -> str:
        """Whether the share is large enough and neither matrix stands in the other's place, where that can be told."""
        swapped = self.crossed is not None and self.crossed_allowed is not None and self.crossed > self.crossed_allowed
        return verdict(self.share >= SHARE_NEEDED and not swapped) if self.judged else UNDECIDED

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        derived = {"share": self.share, "chance": self.chance, "verdict": self.verdict}
        needed = {"share_needed": SHARE_NEEDED, "crossed_allowed": self.crossed_allowed}
        to_be_judged = {"candidates_needed": CANDIDATES_NEEDED, "overlap_needed": self.overlap_needed}
        return {**vars(self), **derived, **needed, **to_be_judged}


def compare_neighbors(firth: Sequence[Neighborhood], gensim: Sequence[Neighborhood]) -> SharedNeighbors:
    """Overlaps of two trainers over the same seeds, in the same order."""
    vectors, other_vectors = [one.vectors for one in firth], [one.vectors for one in gensim]
    contexts = [one.contexts for one in firth if one.contexts is not None]
    other_contexts = [one.contexts for one in gensim if one.contexts is not None]
    with_gensim = _mean_overlap(zip(vectors, other_vectors, strict=True))
    with_itself = _mean_overlap(combinations(other_vectors, 2))
    if not contexts:
        return SharedNeighbors(len(other_vectors[0]), with_gensim, with_itself, None, None)
    matched = _mean_overlap(zip(vectors + contexts, other_vectors + other_contexts, strict=True))
    crossed = _mean_overlap(zip(vectors + contexts, other_contexts + other_vectors, strict=True))
    return SharedNeighbors(len(other_vectors[0]), with_gensim, with_itself, matched, crossed)


def _mean_overlap(pairs: Iterable[tuple[Rows, Rows]]) -> float:
    return float(np.mean([overlap(one, other) for one, other in pairs]))


def overlap(one: Rows, other: Rows) -> float:
    """Mean share of a word's neighbors that both models name, from 0 to 1; 1 where there are none."""
    shared = (one[:, :, np.newaxis] == other[:, np.newaxis, :]).sum()  # a neighbor stands once in a row
    return float(shared / one.size) if one.size else 1.0


def _neighbors(matrix: Floats) -> Rows:
    unit = unit_rows(matrix[:CANDIDATES])
    cosines = unit @ unit.T
    np.fill_diagonal(cosines, -np.inf)
    count = min(NEIGHBORS, len(unit) - 1)
    rows: Rows = np.argpartition(-cosines, count - 1, axis=1)[:, :count]
    return rows
