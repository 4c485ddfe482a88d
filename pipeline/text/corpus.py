"""Where text comes from: paths to sources, and a source to blocks of text that fit in memory."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO, ContextManager

from pipeline.settings import TokenSettings
from pipeline.text.reading import DECOMPRESSORS, Tally, pieces
from storage.errors import InputError

BLOCK = 1 << 22
"""About how many bytes of text a block holds."""

LONGEST_STRETCH = 1 << 28
"""Characters without any white space after which a file is taken for something other than text."""

SUFFIXES = (".txt", *DECOMPRESSORS)
"""Which files of a folder are taken; a file that is named itself is taken whatever its suffix."""


@dataclass(frozen=True)
class Source:
    """A file, or standard input.

    Attributes:
        name: the path as it was given; "standard input" for that.
        path: None for standard input.
    """

    name: str
    path: Path | None

    @property
    def size(self) -> int | None:
        """Its bytes; None for a stream (standard input, a pipe), which can be read only once."""
        return self.path.stat().st_size if self.path and self.path.is_file() else None

    def open(self) -> ContextManager[IO[bytes]]:
        """Open it for reading bytes.

        Raises:
            InputError: it cannot be opened.
        """
        if self.path is None:
            return nullcontext(sys.stdin.buffer)  # not ours to close
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.name} cannot be opened: {error.strerror}") from None


def find_sources(paths: Sequence[str]) -> list[Source]:
    """The sources that `paths` name, in that order.

    A folder stands for the files below it with one of SUFFIXES, in the order of their names; names that begin with
    a dot are left out. "-" is standard input.

    Raises:
        InputError: no paths, a missing or unreadable one, a folder without text, or "-" more than once.
    """
    if not paths:
        raise InputError("no text: name files or folders, or - for standard input")
    if list(paths).count("-") > 1:
        raise InputError("standard input (-) can be read only once, but is named more often")
    return [source for path in paths for source in _sources_of(path)]


def _sources_of(path: str) -> list[Source]:
    if path == "-":
        return [Source("standard input", None)]
    if not Path(path).is_dir():
        return [_file(Path(path))]
    found = [_file(file) for file in _files_below(Path(path), ())]
    if not found:
        raise InputError(f"no text in the folder {path}: no file in it ends in {', '.join(SUFFIXES)}")
    return found


def _files_below(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files with text below `folder`, links followed, but not to a folder that we are already in."""
    real = folder.resolve()
    if real in above:
        return
    try:
        entries = sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be read: {error.strerror}") from None
    for entry in entries:
        if entry.is_dir():
            yield from _files_below(entry, (*above, real))
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _file(path: Path) -> Source:
    name = os.fsencode(path).decode("utf-8", "backslashreplace")  # a file's name may be any bytes, a manifest may not
    if not path.exists():
        raise InputError(f"{name} does not exist")
    if not os.access(path, os.R_OK):
        raise InputError(f"{name} cannot be read: permission denied")
    return Source(name, path)


def blocks(source: Source, settings: TokenSettings, tally: Tally, size: int = BLOCK) -> Iterator[str]:
    r"""The text of a source in blocks of about `size` bytes, to be joined without anything between them.

    Lines end at "\n" only. A block ends at the end of a line or, within a line longer than `size`, after white space:
    a line goes on in the next block exactly if the block does not end in "\n". The last block ends in "\n".

    Args:
        source: what to read.
        settings: `encoding` and `errors` are used.
        tally: is kept up to date with what has been read.
        size: how many bytes are decoded at a time.

    Raises:
        InputError: the source cannot be read, decompressed or decoded, or is not text.
    """
    held: list[str] = []  # text since the last cut
    with source.open() as file:
        for piece in pieces(file, source.name, settings, tally, size):
            cut = _last_cut(piece)
            if cut:
                yield "".join([*held, piece[:cut]])
                held = []
            held.append(piece[cut:])
            if sum(map(len, held)) > LONGEST_STRETCH:
                raise InputError(
                    f"{source.name}, line {tally.lines + 1}: {LONGEST_STRETCH} characters without white space"
                )
    ...
