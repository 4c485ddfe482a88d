"""`Steady`: an open file that is read as it was at one moment, even where it can be read only without locks."""

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from storage.connection import Stamp, explained, open_for_reading, stamp_of
from storage.errors import StoreError, UnknownModel

_TRIES = 3  # to read without locks what others may be writing

Found = TypeVar("Found")


class Steady:
    """A connection that is opened anew where others write to a file that we may not lock.

    Args:
        path: the SQLite file.
        connection: to it.
        stamp: of the file before it was opened, where it is read without locks; else None.
        patience: seconds to wait where another process holds the lock.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection, stamp: Stamp | None, patience: float) -> None:
        self.path = path
        self.connection = connection
        self._stamp = stamp
        self._patience = patience

    @classmethod
    def open(cls, path: Path, patience: float) -> "Steady":
        """Open an existing store for reading; raises as `open_for_reading` does."""
        return cls(path, *open_for_reading(path, patience), patience)

    @property
    def has_locks(self) -> bool:
        """Whether SQLite sees to it that nobody writes in the midst of what is read."""
        return self._stamp is None

    def read(self, read: Callable[[sqlite3.Connection], Found], tries: int = _TRIES) -> Found:
        """What `read` finds when nobody writes in its midst.

        SQLite sees to that, except where we may not write beside the file and so have no locks: there the store is
        opened and read once more when its stamp has changed, or when what was read does not fit together.

        Raises:
            StoreError: the file cannot be read, or others write to it all the time while we may not lock it.
        """
        try:
            with explained(self.path):
                found = read(self.connection)
            self._check_stamp()
        except (StoreError, UnknownModel):
            if self.has_locks or tries == 1:
                raise
        else:
            return found
        self._reopen()
        return self.read(read, tries - 1)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    def _check_stamp(self) -> None:
        if self._stamp not in (None, stamp_of(self.path)):
            raise StoreError(f"{self.path} was written to again and again while it was read; try once more later")

    def _reopen(self) -> None:
        self.close()
        self.connection, self._stamp = open_for_reading(self.path, self._patience)
