"""What is done with published models: tagged, published again, rolled back, deleted; each in one transaction."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

from storage import ledger
from storage.catalog import Catalog
from storage.errors import SettingError, UnknownModel
from storage.models import ModelInfo
from storage.store import Store
from storage.tags import CURRENT, LATEST, check_tag, let_mean, now, remove_tag, write_tag


@dataclass(frozen=True)
class Moved:
    """What a name or a tag meant, and what it means now.

    Attributes:
        asked: `name` or `name@tag`.
        before: None where it is new.
        now: None where it was taken away.
    """

    asked: str
    before: ModelInfo | None
    now: ModelInfo | None


def set_tag(store: Store, asked: str, tag: str) -> Moved:
    """Let a tag mean a model; a tag that is there is moved.

    Args:
        store: opened for writing.
        asked: the model, as `name`, `name@version` or `name@tag`.
        tag: a letter, then up to 63 letters, digits, dots, underscores or hyphens.

    Raises:
        SettingError: the tag is not usable.
        UnknownModel: there is no such model.
        StoreError: the file cannot be written; nothing has changed.
    """
    check_tag(tag)
    with store.changing() as connection:
        catalog = Catalog.read(connection)
        info = catalog.find(asked)
        name = f"{info.name}@{tag}"
        write_tag(connection, info, tag)
    return Moved(name, catalog.references.get(name), info)


def take_tag(store: Store, asked: str) -> Moved:
    """Take away the tag `name@tag`; the model stays.

    Raises:
        SettingError: it is none that was set, but a version or a name.
        UnknownModel: there is no such tag.
        StoreError: the file cannot be written; nothing has changed.
    """
    name, _, tag = asked.partition("@")
    check_tag(tag)
    with store.changing() as connection:
        catalog = Catalog.read(connection)
        catalog.find(asked)
        remove_tag(connection, name, tag)
    return Moved(asked, catalog.references.get(asked), None)


def publish_again(store: Store, asked: str) -> Moved:
    """Let a bare name mean a version: the one asked for, or of a bare name the newest.

    Raises:
        UnknownModel: there is no such model.
        StoreError: the file cannot be written; nothing has changed.
    """
    with store.changing() as connection:
        catalog = Catalog.read(connection)
        info = catalog.find(asked)
        return _move(connection, catalog, info if "@" in asked else catalog.find(f"{asked}@{LATEST}"))


def roll_back(store: Store, name: str, to: str | None = None) -> Moved:
    """Let a bare name mean an earlier version than it does.

    Args:
        store: opened for writing.
        name: of models.
        to: a version or a tag; None for the version before the one that is meant now.

    Raises:
        SettingError: there is no version before, or `to` is not one.
        UnknownModel: there is no such model.
        StoreError: the file cannot be written; nothing has changed.
    """
    with store.changing() as connection:
        catalog = Catalog.read(connection)
        meant = catalog.find(name)
        if name != meant.name:
            raise SettingError(f"{name!r} is one version; a rollback is of a name: `firth rollback {meant.name}`")
        earlier = [info for info in catalog.models if info.name == name and info.version < meant.version]
        if not earlier:
            raise SettingError(f"{meant} is the first version that there is of {name!r}; nothing is before it")
        info = catalog.find(f"{name}@{to}") if to else earlier[-1]
        if info not in earlier:
            raise SettingError(f"{info} is not before {meant}, which {name!r} means now; say `firth publish {info}`")
        return _move(connection, catalog, info)


def doomed(catalog: Catalog, asked: str, *, every: bool = False) -> list[ModelInfo]:
    """The models that are to be deleted.

    Args:
        catalog: of the store.
        asked: `name@version` or `name@tag`; a name alone where it has one version, or where `every` one is meant.
        every: all versions of a name.

    Raises:
        SettingError: a name alone has several versions; or it is a version that was rolled back to.
        UnknownModel: there is no such model.
    """
    info = catalog.find(asked)
    versions = [each for each in catalog.models if each.name == info.name]
    if every and asked != info.name:
        raise SettingError(f"{asked!r} is one version; all versions are those of a name, here of {info.name!r}")
    if asked == info.name and len(versions) > 1 and not every:
        raise SettingError(f"{asked!r} has {len(versions)} versions, {versions[0]} to {versions[-1]}; say which")
    if not every and info != versions[-1] and catalog.is_current(info):
        raise SettingError(f"{info.name!r} was rolled back to {info}; let it mean another version first")
    return versions if every else [info]


def delete(store: Store, models: Sequence[ModelInfo]) -> None:
    """Delete models with all that belongs to them; their numbers stay taken, so that `name@3` never is another model.

    Raises:
        UnknownModel: one is not there any more; then none was deleted.
        StoreError: the file cannot be written; nothing has changed.
    """
    with store.changing() as connection:
        known = Catalog.read(connection).models
        for info in models:
            if info not in known:
                raise UnknownModel(str(info))
            query = "INSERT INTO deleted (name, version, vectors_sha256, deleted) VALUES (?, ?, ?, ?)"
            connection.execute(query, [info.name, info.version, info.vectors_sha256, now()])
            connection.execute("DELETE FROM models WHERE id = ?", [info.order])


def lost(store: Store) -> list[str]:
    """`name@version` of each model that was published, and that another program has deleted."""
    with store.using() as connection:
        return ledger.lost(connection)


def write_off(store: Store, asked: str) -> None:
    """Let a lost model, `name@version`, count as deleted; one that is there stays as it is.

    Raises:
        StoreError: the file cannot be written; nothing has changed.
    """
    with store.changing() as connection:
        ledger.write_off(connection, asked)


def _move(connection: sqlite3.Connection, catalog: Catalog, info: ModelInfo) -> Moved:
    newest = catalog.find(f"{info.name}@{LATEST}")
    let_mean(connection, info, newest=newest)
    return Moved(info.name, catalog.references.get(f"{info.name}@{CURRENT}"), info)
