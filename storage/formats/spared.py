"""What an export never replaces, whatever is forced: stores of Firth, and databases that are in use."""

from pathlib import Path

from storage.connection import is_store
from storage.errors import InputError

_LOGS = ("-wal", "-journal")  # what SQLite still has to put into a file, and would put into any other in its place
_BESIDE = (*_LOGS, "-shm")


def check_spared(path: Path) -> None:
    """Refuse a file that must not be replaced.

    Raises:
        InputError: it is a store or lies beside one, or a database's log lies beside it; says the way out.
        OSError: it cannot be read.
    """
    beside = [path.with_name(path.name.removesuffix(ending)) for ending in _BESIDE if path.name.endswith(ending)]
    for database in (path, *beside):
        if database.is_file() and is_store(database):
            raise InputError(
                f"{database} is a store of Firth, whose models would be lost; export to another file, or, to put the "
                "model into that store, use `firth copy`"
            )
    for log in (path.with_name(f"{path.name}{ending}") for ending in _LOGS):
        if log.is_file() and log.stat().st_size:
            raise InputError(f"{path} is a database that is in use, or {log} is left of one; export to another file")
