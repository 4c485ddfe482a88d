"""Do similar words have similar vectors? Rank correlation of cosines with people's ratings."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluation.data import RatedPair
from pipeline.evaluation.lookup import CaseBlindLookup, unit_rows
from storage.embeddings import Embeddings

Float64s = NDArray[np.float64]

_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class PairResult:
    """What a model says about the pairs whose words it both has.

    Attributes:
        ratings: (N,) people's ratings of the covered pairs.
        cosines: (N,) the model's.
        covered_at: (N,) each covered pair's place in the file.
        total: how many pairs the file has.
    """

    ratings: Float64s
    cosines: Float64s
    covered_at: NDArray[np.int64]
    total: int

    @property
    def spearman(self) -> float | None:
        """Spearman's rank correlation; None where it is not defined (fewer than two pairs, or all equal)."""
        return _number(correlations(ranks(self.ratings), ranks(self.cosines)))

    def interval(self, seed: int = 0) -> list[float] | None:
        """A 95 % interval of the correlation: percentiles over resampled pairs; None where it is not defined."""
        if self.spearman is None:
            return None
        draws = np.random.default_rng(seed).integers(len(self.ratings), size=(_RESAMPLES, len(self.ratings)))
        resampled = correlations(ranks(self.ratings[draws]), ranks(self.cosines[draws]))  # (resamples,)
        return [float(end) for end in np.nanpercentile(resampled, [2.5, 97.5])]

    def as_dict(self) -> dict[str, object]:
        """Plain JSON values."""
        return {
            "spearman": self.spearman,
            "interval": self.interval(),
            "covered": len(self.ratings),
            "total": self.total,
        }


def compare_pairs(embeddings: Embeddings, pairs: Sequence[RatedPair]) -> PairResult:
    """Cosines of a model's words for the pairs it has both words of."""
    lookup = CaseBlindLookup(embeddings.words)
    found = [lookup.find((pair.first, pair.second)) for pair in pairs]
    covered = np.array([place for place, rows in enumerate(found) if rows], dtype=np.int64)  # (N,)
    rows = np.array([rows for rows in found if rows], dtype=np.int64).reshape(-1, 2)  # (N, 2)
    first, second = (unit_rows(embeddings.matrix[rows[:, side]]) for side in (0, 1))  # (N, D)
    cosines = np.einsum("nd,nd->n", first, second, dtype=np.float64)
    ratings = np.array([pair.rating for pair in pairs])[covered]
    return PairResult(ratings, cosines, covered, len(pairs))


def ranks(values: Float64s) -> Float64s:
    """Ranks along the last axis, from 1; equal values share their mean rank."""
    from scipy import stats

    return np.asarray(stats.rankdata(values, axis=-1), dtype=np.float64)


def correlations(x: Float64s, y: Float64s) -> Float64s:
    """Pearson's correlation along the last axis; NaN where one side does not vary or nothing is there."""
    if x.shape[-1] == 0:
        return np.full(x.shape[:-1], np.nan)
    x = x - x.mean(axis=-1, keepdims=True)
    y = y - y.mean(axis=-1, keepdims=True)
    lengths = np.sqrt((x * x).sum(axis=-1) * (y * y).sum(axis=-1))
    result = np.full(lengths.shape, np.nan)
    np.divide((x * y).sum(axis=-1), lengths, out=result, where=lengths > 0)
    return result


def _number(value: Float64s) -> float | None:
    return None if np.isnan(value) else float(value)
