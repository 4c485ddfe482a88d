"""The query engine: every question's mathematics, in NumPy alone.

    V words, D dimensions, n candidates, k answers.

All rankings by a cosine go through one routine, `nearest` of an index; those by anything else through `scores.best`.
"""

from service.engine.engine import Engine

__all__ = ["Engine"]
