"""Tags: names for versions, which can be moved; each row carries its own hash, so that a damaged one is found."""

import hashlib
import re
import sqlite3
from dataclasses import dataclass
from datetime import datetime, timezone

from storage.errors import SettingError
from storage.json_text import json_text
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
        sha256: hash of the four others, as they were written.
    """

    name: str
    tag: str
    version: int
    changed: str
    sha256: str

    def __str__(self) -> str:
        return f"{self.name}@{self.tag}"

    @property
    def model(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def is_sound(self) -> bool:
        """Whether the row is as it was written."""
        return self.sha256 == row_sha256(self.name, self.tag, self.version, self.changed)


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
    row = (info.name, tag, info.version, now())
    query = "INSERT OR REPLACE INTO tags (name, tag, version, changed, sha256) VALUES (?, ?, ?, ?, ?)"
    connection.execute(query, (*row, row_sha256(*row)))


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


def row_sha256(*values: str | int) -> str:
    """Hex digest of a row's other values, as canonical JSON."""
    return hashlib.sha256(json_text(values, separators=(",", ":")).encode()).hexdigest()
