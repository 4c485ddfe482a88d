"""`firth tag`, `untag`, `publish` and `rollback`: what a name or a tag means."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.asking.completing import complete_model
from pipeline.commands.asking import db_option, store_to_change
from pipeline.commands.base import FirthCommand, print_line

if TYPE_CHECKING:
    from storage.managing.versions import Moved

_MODEL = click.argument("model", metavar="MODEL", shell_complete=complete_model)


def command_named(name: str) -> click.Command:
    """One of the four."""
    return {"tag": _tag, "untag": _untag, "publish": _publish, "rollback": _rollback}[name]


@click.command(
    "tag",
    cls=FirthCommand,
    examples={
        "firth tag news@3 stable": "from now on news@stable is news@3",
        "firth similar war --model news@stable": "ask it, now and after the tag has been moved",
    },
)
@_MODEL
@click.argument("tag", metavar="TAG")
@db_option
def _tag(*, model: str, tag: str, db: Path) -> None:
    """Give a version a tag, or move the tag to it.

    A tag is a letter and up to 63 letters, digits, dots, underscores or hyphens. `latest` is always the version
    that was published last. A service that runs follows within a second.
    """
    from storage.managing.versions import set_tag

    with store_to_change(db) as store:
        _tell(set_tag(store, model, tag))


@click.command(
    "untag", cls=FirthCommand, examples={"firth untag news@stable": "the tag goes, the version that had it stays"}
)
@_MODEL
@db_option
def _untag(*, model: str, db: Path) -> None:
    """Take a tag away; the version that had it stays."""
    from storage.managing.versions import take_tag

    with store_to_change(db) as store:
        _tell(take_tag(store, model))


@click.command(
    "publish",
    cls=FirthCommand,
    examples={
        "firth store work/model --name news --keep-current": "store news@4, while news still means news@3",
        "firth publish news@4": "from now on news means news@4",
        "firth publish news": "news means its newest version, also after a rollback",
    },
)
@_MODEL
@db_option
def _publish(*, model: str, db: Path) -> None:
    """Let a bare name mean a version; without one, its newest.

    What `firth store` stores is published at once, unless it is told to --keep-current.
    """
    from storage.managing.versions import publish_again

    with store_to_change(db) as store:
        _tell(publish_again(store, model))


@click.command(
    "rollback",
    cls=FirthCommand,
    examples={
        "firth rollback news": "news means the version before the one that it means now",
        "firth rollback news --to 2": "news means news@2",
    },
)
@click.argument("name", metavar="NAME", shell_complete=complete_model)
@click.option("--to", metavar="VERSION", help="An earlier version, or its tag; else the one before.")
@db_option
def _rollback(*, name: str, to: str | None, db: Path) -> None:
    """Let a bare name mean an earlier version than it does.

    Nothing is deleted: `firth publish NAME` goes back to the newest, and so does storing the next version. A service
    that runs follows within a second, and no request fails meanwhile.
    """
    from storage.managing.versions import roll_back

    with store_to_change(db) as store:
        _tell(roll_back(store, name, to))


def _tell(moved: "Moved") -> None:
    if moved.now is None:
        print_line(f"{moved.asked} is gone; it was {moved.before}")
    elif moved.before == moved.now:
        print_line(f"{moved.asked} is {moved.now}, as before")
    else:
        print_line(f"{moved.asked} is {moved.now}{f', it was {moved.before}' if moved.before else ''}")
