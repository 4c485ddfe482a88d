"""`EngineMaker`: from a stored model to the engine that answers from it, with an approximate index for a large one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from service.approximating import load_approximate
from service.engine import Engine
from service.listing import PATIENCE
from service.loading import load_vectors
from service.nearest import Ranker
from storage.models import ModelInfo


@dataclass(frozen=True)
class EngineMaker:
    """Makes the engines of one store.

    Attributes:
        db: the store's file.
        around: makes of an engine's index what the engine asks instead, for example a `Batcher`.
        approximate_from: words times dimensions from which on a model gets an approximate index; None for never.
    """

    db: Path
    around: Callable[[Ranker], Ranker] | None = None
    approximate_from: int | None = None

    def __call__(self, info: ModelInfo) -> Engine:
        """The engine of a model, ready for many questions.

        Raises:
            StoreError: the store cannot be read, or is damaged.
            UnknownModel: the model is not in this store.
        """
        vectors = load_vectors(self.db, info, patience=PATIENCE)
        if self.approximate_from is None or vectors.unit.size < self.approximate_from:
            return Engine(vectors, self.around)
        engine = Engine(vectors, self.around, approximate=partial(load_approximate, self.db, info, vectors))
        _ = engine.approximate  # made now, not when the first question waits
        return engine
