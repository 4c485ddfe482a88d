"""`Session`: one store and the models that are asked in it, each loaded once."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from storage.errors import StoreError

if TYPE_CHECKING:
    from service.engine import Engine
    from storage.catalog import Catalog
    from storage.models import ModelInfo
    from storage.store import Store


@dataclass(frozen=True)
class Opened:
    """A model that answers."""

    info: "ModelInfo"
    engine: "Engine"


class Session:
    """What stays loaded between questions.

    Attributes:
        chosen: the model that is asked when none is named.
    """

    def __init__(self, db: Path, *, for_long: bool = False) -> None:
        """Nothing is read yet.

        Args:
            db: the store's file.
            for_long: many questions will come, so that it pays to prepare a model for them.
        """
        self._db, self._for_long = db, for_long
        self._loaded: dict[ModelInfo, Opened] = {}
        self.chosen: Opened | None = None

    def open(self, model: str | None = None) -> Opened:
        """The model called `model`; without a name the chosen one, or else the usual one.

        Raises:
            StoreError: the file cannot be read, or holds no model.
            UnknownModel: it holds no such model.
        """
        if model is None and self.chosen:
            return self.chosen
        from storage.store import Store

        with Store.open(self._db) as store:
            info = store.find(model) if model else usual(store)
        if info not in self._loaded:
            self._loaded[info] = Opened(info, self._engine(info))
        return self._loaded[info]

    def choose(self, model: str | None = None) -> Opened:
        """Ask this one from now on.

        Raises:
            StoreError: the file cannot be read, or holds no model.
            UnknownModel: it holds no such model.
        """
        self.chosen = self.open(model)
        return self.chosen

    def catalog(self) -> "Catalog":
        """All models of the file and their tags.

        Raises:
            StoreError: the file cannot be read.
        """
        from storage.store import Store

        with Store.open(self._db) as store:
            return store.catalog()

    def _engine(self, info: "ModelInfo") -> "Engine":
        from service.approximating import open_approximate
        from service.engine import Engine
        from service.loading import load_vectors, load_vectors_once

        vectors = load_vectors(self._db, info) if self._for_long else load_vectors_once(self._db, info)
        return Engine(vectors, approximate=partial(open_approximate, self._db, info, vectors))


def usual(store: "Store") -> "ModelInfo":
    """The model that is asked where none is named: what the name that was published last means.

    Raises:
        StoreError: there is none.
    """
    info = store.catalog().usual()
    if info is None:
        raise StoreError(f"{store.path} holds no model yet; `firth run` or `firth store` puts one in")
    return info
