"""Files that are made beside their place, under a name of their own; what a kill has left of them goes with the next.

Whoever makes one holds its lock, which ends with the process, however that ends: one without a lock is nobody's.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment] # the name stands for "cannot lock here", where nothing is taken away

_NAME = re.compile(r"\.firth-[0-9a-f]{12}")


@contextmanager
def made_beside(path: Path) -> Iterator[tuple[Path, IO[bytes]]]:
    """A new file in the folder of `path`, which is made when missing, and the same opened for writing.

    Unless it has been renamed meanwhile, it is gone at the end.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    clear(path.parent)
    beside, file = _locked(path.parent)
    try:
        with file:
            yield beside, file
    finally:
        beside.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Take away what processes that were killed have left in a folder, as far as that can be done."""
    with suppress(OSError):
        for left in folder.iterdir():
            if _NAME.fullmatch(left.name) and left.is_file():
                _clear(left)


def _clear(left: Path) -> None:
    with suppress(OSError), left.open("rb") as file:  # it may have gone, or not be ours to take away
        if _lock(file, wait=False):
            left.unlink(missing_ok=True)


def _locked(folder: Path) -> tuple[Path, IO[bytes]]:
    """A new file, locked; another process may have taken it for nobody's before it was, and then there is one more."""
    while True:
        beside = folder / f".firth-{secrets.token_hex(6)}"
        file = beside.open("xb")
        _lock(file, wait=True)
        if beside.exists():
            return beside, file
        file.close()


def _lock(file: IO[bytes], *, wait: bool) -> bool:
    """Whether the lock was taken, which is let go of when the file is closed; not where the file system has none."""
    with suppress(OSError):  # another has it
        if fcntl:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False
