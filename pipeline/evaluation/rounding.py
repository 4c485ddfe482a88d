"""What a model loses when its vectors are kept in fewer bits: measured, not promised."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.overlap import overlap
from pipeline.evaluation import data
from pipeline.evaluation.word_pairs import compare_pairs, correlations, ranks
from service.nearest import Index, Rows, Wanted, unit_rows
from storage.embeddings import Embeddings, Floats

TOPN, ASKED = 10, 200
"""Neighbors that are compared, of so many words, evenly spread over the ranks."""
PAIRS = 100_000
"""Pairs of words whose cosines are compared, or as many as there are words if that is more: each word is in two."""

Float64s = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rounding:
    """How a model answers before and after its numbers were rounded.

    Attributes:
        cosines: (2, P) of pairs of its words: as it was, as it is kept.
        neighbors: share of the nearest words that both name.
        asked: of how many words.
        people: benchmark -> Spearman's correlation with people's ratings, as it was and as it is kept.
    """

    cosines: Float64s
    neighbors: float
    asked: int
    people: dict[str, tuple[float | None, float | None]]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        errors = np.abs(self.cosines[1] - self.cosines[0])  # (P,)
        same_order = correlations(ranks(self.cosines[0]), ranks(self.cosines[1]))
        return {
            "cosine_error": {"mean": float(errors.mean()), "max": float(errors.max()), "pairs": len(errors)},
            "cosine_spearman": None if np.isnan(same_order) else float(same_order),
            "neighbors": {"overlap": self.neighbors, "topn": TOPN, "asked": self.asked},
            **{name: {"spearman_before": before, "spearman": kept} for name, (before, kept) in self.people.items()},
        }


def measure_rounding(before: Embeddings, kept: Embeddings) -> Rounding:
    """Put the same questions to a model as it was and as it is kept; both have the same words."""
    asked = np.unique(np.linspace(0, len(before) - 1, min(ASKED, len(before))).astype(np.intp))
    units = [unit_rows(each.matrix) for each in (before, kept)]
    first, second = _pairs(len(before))
    cosines = np.array([_cosines(unit, first, second) for unit in units])
    neighbors = overlap(*(_neighbors(unit, asked) for unit in units))
    return Rounding(cosines, neighbors, len(asked), _people(before, kept))


def _pairs(words: int) -> tuple[Rows, Rows]:
    """(P,) and (P,) rows: every word with another chance word, again and again until there are enough pairs."""
    generator = np.random.default_rng(0)
    times = -(-PAIRS // words)
    shuffled = np.concatenate([generator.permutation(words) for _ in range(times)])
    return np.tile(np.arange(words), times), shuffled


def _cosines(unit: Floats, first: Rows, second: Rows) -> Float64s:
    at_once = max(1, (1 << 22) // unit.shape[1])  # 32 MB of float64
    parts = [slice(at, at + at_once) for at in range(0, len(first), at_once)]
    return np.concatenate(
        [np.einsum("pd,pd->p", unit[first[part]], unit[second[part]], dtype=np.float64) for part in parts]
    )


def _neighbors(unit: Floats, asked: Rows) -> Rows:
    wanted = [Wanted(unit[row].astype(np.float64), TOPN, banned=(int(row),)) for row in asked]
    return np.array([found.rows for found in Index(unit).nearest(wanted)])


def _people(before: Embeddings, kept: Embeddings) -> dict[str, tuple[float | None, float | None]]:
    files = {"wordsim353": data.WORDSIM, "simlex999": data.SIMLEX}
    pairs = {name: data.read_pairs(data.bundled(file)) for name, file in files.items()}
    return {
        name: (compare_pairs(before, each).spearman, compare_pairs(kept, each).spearman) for name, each in pairs.items()
    }
