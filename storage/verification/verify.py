"""`verify`: everything about a store that can be recomputed from its file alone, as it is at one moment."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from storage.catalog import Catalog
from storage.connection import explained, open_for_reading
from storage.verification.checks import Check
from storage.verification.file import check_file
from storage.verification.model import check_model

_PATIENCE = 10.0  # seconds to wait for who holds the file's lock


def verify(path: Path, asked: str | None = None) -> Iterator[Check]:
    """The checks of the file and of its models, each as soon as it is done.

    Args:
        path: the store's file.
        asked: the only model, `name`, `name@version` or `name@tag`; None for all.

    Raises:
        StoreError: the file is missing, no store, or so damaged that its models cannot be listed.
        UnknownModel: there is no such model.
    """
    connection, _ = open_for_reading(path, _PATIENCE)
    with closing(connection), explained(path):
        connection.execute("BEGIN")  # what others publish meanwhile is not seen
        if asked is not None:
            Catalog.read(connection).find(asked)  # that there is none is told before anything is checked
        yield from check_file(path, connection)
        catalog = Catalog.read(connection)
        for info in catalog.models if asked is None else [catalog.find(asked)]:
            yield from check_model(connection, info)
