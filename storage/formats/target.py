"""`Target`: the files of an export, packed where their names say so, which appear whole or not at all."""

from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO

from storage.errors import InputError
from storage.files import whole_file
from storage.formats.spared import check_spared
from storage.packed import PACKINGS


class Target:
    """Where to export to; a context manager, at whose end without an error the files take their names.

    Args:
        path: of the file.
        words: of the one with the words, for formats that keep them apart; by default named after the first.
        replace: whether files may be there already.

    Attributes:
        files: what was written.
    """

    def __init__(self, path: Path, *, words: Path | None = None, replace: bool = False) -> None:
        self.path, self.words, self.replace = path, words, replace
        self.files: list[Path] = []
        self._opened = ExitStack()

    def __enter__(self) -> "Target":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._opened.__exit__(kind, error, trace)
        except OSError as failed:
            raise self.unwritable(failed.strerror or failed) from failed
        if isinstance(error, OSError):
            raise self.unwritable(error.strerror or error) from error

    def open(self, path: Path | None = None) -> IO[bytes]:
        """Open the file, or one that belongs to it, for writing.

        Raises:
            InputError: there is such a file, which may not be replaced: a store never, since its models would be lost.
        """
        path = path or self.path
        check_spared(path)
        if path.is_dir():
            raise InputError(f"{path} is a folder; name a file")
        if path.exists() and not self.replace:
            raise InputError(f"{path} is there already; --force replaces it")
        if path in self.files:
            raise InputError(f"{path} cannot be two files at once; choose another --words")
        self.files.append(path)
        file = self._opened.enter_context(whole_file(path))
        packing = PACKINGS.get(path.suffix.lower())
        return self._opened.enter_context(packing.pack(file)) if packing else file

    def unwritable(self, why: object) -> InputError:
        """The error that tells why nothing could be written."""
        return InputError(f"{self.path} cannot be written: {why}; nothing was written or replaced")


def unpacked_name(path: Path) -> Path:
    """The path without the suffix of a packed file."""
    return path.with_suffix("") if path.suffix.lower() in PACKINGS else path
