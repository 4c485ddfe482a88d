"""What a stored model is called: `name@version`, and what is known of it without reading its vectors."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from storage.errors import SettingError

DTYPES = ("float32", "float16", "int8")
"""How the numbers of a model's vectors can be kept."""
_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class ModelInfo:
    """A published model, which never changes, without its vectors: `name@version`.

    Attributes:
        name: what it was published as.
        version: 1 for the first of its name.
        words: V, the number of words.
        dimensions: D, the length of each vector.
        created: when it was published, UTC, ISO 8601.
        vectors_sha256: hash of the (V, D) matrix, as it is read, in little-endian float32, row after row.
        order: larger than that of every model that was published before in the same store.
        dtype: how the numbers are kept (`storage/dtypes.py`).
    """

    name: str
    version: int
    words: int
    dimensions: int
    created: str
    vectors_sha256: str
    order: int
    dtype: str = "float32"

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain JSON values."""
        return dict(vars(self))


def check_name(name: str) -> None:
    """Refuse a name that could not stand in an address or be told from `name@version`.

    Raises:
        SettingError: names the rule.
    """
    if not _NAME.fullmatch(name):
        raise SettingError(
            f"model name {name!r} is not usable; allowed: 1 to 64 of A-Z a-z 0-9 . _ - and no dot in front"
        )


def newest_first(models: Iterable[ModelInfo]) -> list[ModelInfo]:
    """The models of one store, the one published last first."""
    return sorted(models, key=lambda info: info.order, reverse=True)
