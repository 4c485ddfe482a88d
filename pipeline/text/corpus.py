"""Where text comes from: paths to sources, and a source to blocks of text that fit in memory."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import IO

from pipeline.settings import TokenSettings
from pipeline.stages import MANIFEST
from pipeline.text.reading import pieces, tally_of
from storage.errors import InputError
from storage.packed import PACKINGS, Tally

BLOCK = 1 << 20
"""About how many bytes of text a block holds; four times as many gained no speed and took twice the memory."""

LONGEST_STRETCH = 1 << 28
"""Characters without any white space after which a file is taken for something other than text."""

SUFFIXES = (".txt", *PACKINGS)
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

    def open(self) -> AbstractContextManager[IO[bytes]]:
        """Open it for reading bytes.

        Raises:
            InputError: it cannot be opened.
        """
        if self.path is None:
            return nullcontext(_standard_input())  # not ours to close
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.name} cannot be opened: {error.strerror}") from None

    def tally(self) -> Tally:
        """What reading all of it will count and hash.

        Raises:
            InputError: it cannot be read.
        """
        with self.open() as file:
            return tally_of(file, self.name)


def find_sources(paths: Sequence[str]) -> list[Source]:
    """The sources that `paths` name, in that order.

    A folder stands for the files below it with one of SUFFIXES, in the order of their names; names that begin with
    a dot and the output of Firth's stages are left out. "-" is standard input.

    Raises:
        InputError: no paths, a missing or unreadable one, a folder without text, or "-" more than once.
    """
    if not all(paths) or not paths:
        raise InputError("no text: name files or folders, or - for standard input")
    if list(paths).count("-") > 1:
        raise InputError("standard input (-) can be read only once, but is named more often")
    return [source for path in paths for source in _sources_of(path)]


def _sources_of(path: str) -> list[Source]:
    if path == "-":
        return [Source("standard input", None)]
    try:
        if not Path(path).is_dir():
            return [_file(Path(path))]
        found = [_file(file) for file in _files_below(Path(path), ())]
    except (OSError, ValueError) as error:
        raise InputError(f"{_printable(Path(path))} cannot be read: {error}") from None
    if not found:
        raise InputError(f"no text in the folder {_printable(Path(path))}: no file ends in {', '.join(SUFFIXES)}")
    return found


def _files_below(folder: Path, above: tuple[Path, ...]) -> Iterator[Path]:
    """The files with text below `folder`, links followed, but not to a folder that we are already in."""
    real = folder.resolve()
    if real in above or _is_output(folder):
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _files_below(entry, (*above, real))
        elif entry.suffix.lower() in SUFFIXES:
            yield entry


def _is_output(folder: Path) -> bool:
    """Whether Firth wrote the folder: its words.txt is not text to learn from."""
    return (folder / MANIFEST).is_file() and any(folder.glob("data-*"))


def _file(path: Path) -> Source:
    if not path.exists():
        raise InputError(f"{_printable(path)} does not exist")
    if not os.access(path, os.R_OK):
        raise InputError(f"{_printable(path)} cannot be read: permission denied")
    return Source(_printable(path), path)


def _printable(path: Path) -> str:
    return os.fsencode(path).decode("utf-8", "backslashreplace")  # a file's name may be any bytes, a manifest may not


def blocks(source: Source, settings: TokenSettings, tally: Tally, size: int = BLOCK) -> Iterator[str]:
    r"""The text of a source in blocks of about `size` bytes, to be joined without anything between them.

    Lines end at "\n" only. A block ends at the end of a line or, within a line longer than `size`, after white space:
    a line goes on in the next block exactly if the block does not end in "\n". One "\n" is added at the end.

    Args:
        source: what to read.
        settings: `encoding` and `errors` are used.
        tally: is kept up to date with what has been read.
        size: how many bytes are decoded at a time.

    Raises:
        InputError: the source cannot be read, decompressed or decoded, or is not text.
    """
    held: list[str] = []  # text since the last cut
    length = 0
    with source.open() as file:
        for piece in chain(pieces(file, source.name, settings, tally, size), ["\n"]):
            cut = _last_cut(piece)
            if cut:
                yield "".join([*held, piece[:cut]])
                held, length = [], 0
            held.append(piece[cut:])
            length += len(piece) - cut
            if length > LONGEST_STRETCH:
                raise InputError(
                    f"{source.name}, line {tally.lines + 1}: {length} characters without white space are not text"
                )


def _last_cut(text: str) -> int:
    """Where `text` is best cut: after its last line end, else after its last white space, else 0."""
    cut = text.rfind("\n") + 1
    if cut or text[-1].isspace():
        return cut or len(text)
    last_word = text.rsplit(maxsplit=1)[-1]
    return len(text) - len(last_word)


def _standard_input() -> IO[bytes]:
    if sys.stdin is None:
        raise InputError("there is no standard input to read; name files or folders instead of -")
    return sys.stdin.buffer
