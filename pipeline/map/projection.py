"""From many dimensions to a plane: t-SNE, which keeps each word's nearest words near it.

van der Maaten and Hinton 2008; openTSNE computes it, with exact neighbors and, for many words, with repulsion on a grid
(Linderman et al. 2019). What is far apart on the plane need not be far apart in space: only nearness is kept.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from storage.embeddings import Floats

DECIMALS = 5  # of a coordinate from -1 to 1: a tenth of a pixel where a map of 1,000 pixels is enlarged 20 times
SEED = 1  # of every draw that a map needs
_PERPLEXITY = 30.0
_EXAGGERATION = 1.5  # attraction above t-SNE's own keeps clusters apart to the eye (Böhm et al. 2022, section 3)
_EARLY, _LATE = 125, 250  # steps, with the strong early attraction and after it; twice as many change little
_FEW = 2_000  # words that repel one another faster by a tree (Barnes-Hut) than on a grid
_REPORTED = 5  # steps between two reports

Report = Callable[[float], None]
"""Gets the share of the work that is done, from 0 to 1."""


def project(unit: Floats, report: Report) -> Floats:
    """Points for words, the same for the same vectors whatever the number of threads.

    Args:
        unit: (n, D) unit vectors of at least 4 words.
        report: told how far the work is.

    Returns:
        (n, 2), from -1 to 1, rounded to `DECIMALS`.
    """
    done = 0

    def after_some_steps(_iteration: int, _error: float, _embedding: object) -> None:
        nonlocal done
        done += _REPORTED
        report(done / (_EARLY + _LATE))

    with threadpool_limits(1):  # several add in another order, and on a busy machine wait long for one another
        placed = _tsne(len(unit), after_some_steps).fit(_spread(unit))
    return _framed(np.asarray(placed, np.float64))


def perplexity_of(words: int) -> float:
    """How many words, softly, count as a word's neighbors on a map of so many."""
    return min(_PERPLEXITY, (words - 1) / 3)


def _tsne(words: int, callback: Callable[[int, float, object], None]) -> Any:
    from openTSNE import TSNE

    return TSNE(
        perplexity=perplexity_of(words),
        early_exaggeration_iter=_EARLY,
        n_iter=_LATE,
        exaggeration=_EXAGGERATION,
        initialization="pca",
        neighbors="exact",
        negative_gradient_method="bh" if words < _FEW else "fft",
        n_jobs=1,
        callbacks=callback,
        callbacks_every_iters=_REPORTED,
        random_state=SEED,
    )


def _spread(unit: Floats) -> Floats:
    """The vectors with two more dimensions of seeded dust, so that equal vectors, and lines of them, have a plane."""
    dust = np.random.default_rng(SEED).normal(scale=1e-4, size=(len(unit), 2)).astype(np.float32)  # (n, 2)
    return np.hstack([unit, dust])  # (n, D + 2)


def _framed(points: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> Floats:
    """The points moved and shrunk alike in both directions, until they just fit from -1 to 1."""
    low, high = points.min(axis=0), points.max(axis=0)
    largest = float((high - low).max())
    framed: Floats = ((points - (low + high) / 2) * (2 / largest)).round(DECIMALS).astype(np.float32)
    return framed
