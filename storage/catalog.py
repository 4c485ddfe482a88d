"""`Catalog`: the models of a store and their tags, and which one `news`, `news@3`, `news@latest`, `news@stable` mean.

A version never changes; what a name or a tag means does. `name@latest` is always the version published last. A bare
`name`, which can also be written `name@current`, is the same, unless the store says otherwise: after a rollback.
"""

import difflib
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from storage.connection import tables_of
from storage.errors import UnknownModel
from storage.models import ModelInfo, newest_first
from storage.tags import CURRENT, RESERVED, Tag

_MODELS = (
    "SELECT name, version, words, dimensions, created, vectors_sha256, id, dtype FROM models ORDER BY name, version"
)
_MODELS_BEFORE_DTYPES = _MODELS.replace("dtype", "'float32'")
_TAGS = "SELECT name, tag, version, changed FROM tags ORDER BY name, tag"


@dataclass(frozen=True, eq=False)
class Catalog:
    """What a store holds at one moment.

    Attributes:
        models: all published models, by name and version.
        tags: all tags, by name and tag; what a bare name means after a rollback is the tag `current`.
    """

    models: tuple[ModelInfo, ...]
    tags: tuple[Tag, ...] = ()

    @classmethod
    def read(cls, connection: sqlite3.Connection) -> "Catalog":
        """The catalog of an open file; in one of an earlier schema there are no tags, and all vectors are float32."""
        with _one_moment(connection):
            tables = tables_of(connection)
            models = connection.execute(_MODELS if "seals" in tables else _MODELS_BEFORE_DTYPES).fetchall()
            tags = connection.execute(_TAGS).fetchall() if "tags" in tables else []
        return cls(tuple(ModelInfo(*row) for row in models), tuple(Tag(*row) for row in tags))

    def find(self, asked: str) -> ModelInfo:
        """The model that is meant by `name`, `name@version` or `name@tag`.

        Raises:
            UnknownModel: there is none; it carries at most five that may have been meant.
        """
        if found := self.references.get(asked):
            return found
        raise UnknownModel(asked, self._near(asked))

    @cached_property
    def references(self) -> Mapping[str, ModelInfo]:
        """Everything that can be asked for, and what it means now."""
        versions = {str(info): info for info in self.models}
        last = {info.name: info for info in self.models}  # of each name the last, since they are in order
        newest = {f"{name}@{tag}": info for name, info in last.items() for tag in RESERVED}
        tagged = {str(tag): versions[tag.model] for tag in self.tags if tag.model in versions}
        found = {**newest, **tagged, **versions}
        return {**found, **{name: found[f"{name}@{CURRENT}"] for name in last}}

    @property
    def current(self) -> list[ModelInfo]:
        """What each bare name means, the one published last first."""
        return newest_first(info for asked, info in self.references.items() if asked == info.name)

    def usual(self) -> ModelInfo | None:
        """The model that is asked where none is named: what the name that was published last means; None if empty."""
        last = newest_first(self.models)[:1]
        return self.find(last[0].name) if last else None

    def tags_of(self, info: ModelInfo) -> tuple[str, ...]:
        """The tags of a model, `latest` among them where it is that."""
        named = {asked.partition("@")[2] for asked, found in self.references.items() if found == info}
        return tuple(sorted(named - {"", CURRENT, str(info.version)}))

    def is_current(self, info: ModelInfo) -> bool:
        """Whether the bare name means this version."""
        return self.references.get(info.name) == info

    def described(self, info: ModelInfo) -> dict[str, Any]:
        """A model as JSON values, with its tags, and whether its bare name means it."""
        return {**info.as_dict(), "tags": list(self.tags_of(info)), "current": self.is_current(info)}

    def _near(self, asked: str) -> list[str]:
        """Tags that look alike and the latest versions, of a name that is known; else names that look alike."""
        name, _, rest = asked.partition("@")
        versions = [str(info) for info in reversed(self.models) if info.name == name]
        tags = [each for each in self.references if each.startswith(f"{name}@") and each not in versions]
        alike = difflib.get_close_matches(asked, tags, n=2) if rest[:1].isalpha() else []
        names = {info.name.casefold(): info.name for info in self.models}
        close = difflib.get_close_matches(name.casefold(), names, n=5)
        return [*alike, *versions][:5] or [names[folded] for folded in close]


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    """Let several statements see the same state of the file."""
    if connection.in_transaction:
        yield
        return
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")  # nothing was written
