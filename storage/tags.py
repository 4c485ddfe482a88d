"""Tags: names for versions, which can be moved."""

import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone

from storage.errors import SettingError
from storage.models import ModelInfo

LATEST = "latest"
CURRENT = "current"
RESERVED = (LATEST, CURRENT)

_TAG = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True)
class Tag:
    """One row of the table `tags`.

    Attributes:
        name: of models.
        tag: what this version is called.
        version: which of that name.
        changed: when it was set, UTC, ISO 8601.
    """

    name: str
    tag: str
    version: int
    changed: str

    def __str__(self) -> str:
        return f"{self.name}@{self.tag}"

    @property
    def model(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"


def check_tag(tag: str) -> None:
    """Refuse a tag that could be taken for a version, or that has a meaning already.

    Raises:
        SettingError: names the rule.
    """
    if tag in RESERVED:
        raise SettingError(
            f"the tag {tag!r} cannot be set: `latest` is always the version published last, and which version a bare "
            "name means is said by `firth publish` and `firth rollback`"
        )
    if not _TAG.fullmatch(tag):
        raise SettingError(f"tag {tag!r} is not usable; allowed: a letter, then up to 63 of A-Z a-z 0-9 . _ -")


def write_tag(connection: sqlite3.Connection, info: ModelInfo, tag: str) -> None:
    """Let a tag of the model's name mean this version."""
    query = "INSERT OR REPLACE INTO tags (name, tag, version, changed) VALUES (?, ?, ?, ?)"
    connection.execute(query, [info.name, tag, info.version, now()])


def let_mean(connection: sqlite3.Connection, info: ModelInfo, newest: ModelInfo) -> None:
    """Let the bare name mean this version; where it is the newest, nothing needs to be said."""
    if info == newest:
        remove_tag(connection, info.name, CURRENT)
    else:
        write_tag(connection, info, CURRENT)


def remove_tag(connection: sqlite3.Connection, name: str, tag: str) -> bool:
    """Take a tag away; whether it was there."""
    return connection.execute("DELETE FROM tags WHERE name = ? AND tag = ?", [name, tag]).rowcount > 0


def now() -> str:
    """The time of a change, UTC, ISO 8601, to the second."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
