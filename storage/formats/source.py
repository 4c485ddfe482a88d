"""`Source`: a file to import, unpacked where it is packed, whose bytes are counted and hashed on their way."""

import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from storage.errors import InputError, SettingError
from storage.packed import PACKINGS, Packing, Tally, chunks, explained, unpacked
from storage.subwords import Subwords

HEAD = 1 << 20
"""Bytes from which a format is recognized."""
LONGEST_WORD = 1 << 16
"""Bytes of a word at most."""
_MOST_UNPACKED = 100  # times the bytes of the packed file; vectors as text pack to a third at best
_UNPACKED_ANYWAY = 1 << 26
_PLAIN = "0 9\t\n"


class Source:
    """A file of vectors, and those that belong to it.

    Args:
        path: of the file, packed or not, which is seen from its first bytes.
        encoding: of its words, where the format leaves that open; one in which ASCII is ASCII.
        words: the file with the words, where they are not in the file itself; by default it is looked for.

    Attributes:
        tally: what has been read so far.
        others: files that belong to it, as far as they have been opened.
        subwords: the rows of words' pieces, where a format has found such in it.

    Raises:
        InputError: there is no such file, or it cannot be read.
        SettingError: there is no such encoding, or ASCII is not ASCII in it.
    """

    def __init__(self, path: Path, *, encoding: str = "utf-8", words: Path | None = None) -> None:
        self.path, self.encoding, self.words = path, encoding, words
        self.tally = Tally()
        self.others: list[Source] = []
        self.subwords: Subwords | None = None
        _check_encoding(encoding)
        if not path.is_file():
            raise InputError(f"{self.name} is not a file" if path.exists() else f"{self.name} does not exist")
        self.packing = self._packing()

    @property
    def name(self) -> str:
        """The path, for messages."""
        return os.fsencode(self.path).decode("utf-8", "backslashreplace")

    @property
    def size(self) -> int:
        """Its bytes, as they stand on the disk."""
        return self.path.stat().st_size

    def head(self) -> bytes:
        """Its first bytes, unpacked: HEAD of them, or all there are."""
        with self._opened(Tally()) as file:
            return file.read(HEAD)

    def open(self) -> io.BufferedReader:
        """Open it to be read from its beginning to its end, unpacked.

        Reading raises an `InputError` where it is damaged, or where so much comes out of it that it must be a trap.
        """
        return self._opened(self.tally)

    def seekable(self) -> IO[bytes]:
        """Open it to be read from anywhere, unpacked: where it is packed, from a temporary file."""
        if not self.packing:
            file = _Whole(self._open().detach())
            for _ in explained(chunks(file, self.tally), self.name):
                pass
        else:
            with self.open() as packed:
                file = _Whole(self._unpacked(packed))
        file.seek(0)
        return file

    def beside(self, path: Path) -> "Source":
        """A file that belongs to this one."""
        other = Source(path, encoding=self.encoding)
        self.others.append(other)
        return other

    def decoded(self, word: bytes) -> str:
        """A word's text; bytes that are none stand as lone surrogates.

        Raises:
            InputError: where that cannot be told, in encodings of several bytes a letter.
        """
        try:
            return word.decode(self.encoding, "surrogateescape")
        except UnicodeError:
            raise self.wrong(f"the word {word[:60]!r} is not {self.encoding}") from None

    def wrong(self, what: str, *, line: int | None = None, byte: int | None = None) -> InputError:
        """The error that something is wrong with the file, at a line (from 1) or a byte (from 0) of what it holds."""
        inside = " unpacked" if self.packing else ""
        place = f", line {line}" if line is not None else f",{inside} byte {byte}" if byte is not None else ""
        return InputError(f"{self.name}{place}: {what}")

    def about(self) -> list[dict[str, Any]]:
        """Of each file that was read: its path, bytes and SHA-256.

        Raises:
            InputError: not all of it was read.
        """
        if self.tally.bytes_read != self.size:
            raise self.wrong("it changed while it was read")
        mine = {"file": self.name, "bytes": self.tally.bytes_read, "sha256": self.tally.digest.hexdigest()}
        return [mine, *(facts for other in self.others for facts in other.about())]

    def _open(self) -> io.BufferedReader:
        try:
            return self.path.open("rb")
        except OSError as error:
            raise InputError(f"{self.name} cannot be opened: {error.strerror}") from None

    def _packing(self) -> Packing | None:
        with self._open() as file:
            begin = file.read(16)
        return next((packing for packing in PACKINGS.values() if begin.startswith(packing.begins)), None)

    def _opened(self, tally: Tally) -> io.BufferedReader:
        file = self._open()
        parts = chunks(file, tally)
        if self.packing:
            parts = self._no_trap(unpacked(parts, self.packing), tally)
        return io.BufferedReader(_Stream(file, explained(parts, self.name)), HEAD)

    def _unpacked(self, packed: IO[bytes]) -> io.RawIOBase:
        """What comes out of it, in a file without a name."""
        whole = tempfile.TemporaryFile()  # noqa: SIM115 - closed by whoever gets it
        try:
            shutil.copyfileobj(packed, whole, HEAD)
            whole.flush()
        except OSError as error:
            whole.close()
            raise self.wrong(f"no room to unpack it in {tempfile.gettempdir()}: {error.strerror}") from None
        except BaseException:
            whole.close()
            raise
        return whole.detach()

    def _no_trap(self, parts: Iterator[bytes], tally: Tally) -> Iterator[bytes]:
        length = 0
        for part in parts:
            length += len(part)
            if length > _UNPACKED_ANYWAY + _MOST_UNPACKED * tally.bytes_read:
                raise InputError(
                    f"{self.name}: more than {_MOST_UNPACKED} times its bytes come out of it, which no vectors do;"
                    " unpack it yourself if you trust it"
                )
            yield part


def _check_encoding(encoding: str) -> None:
    try:
        plain = _PLAIN.encode(encoding)
    except (LookupError, UnicodeError):
        raise SettingError(f"encoding is {encoding!r}, which is not known") from None
    if plain != _PLAIN.encode():
        raise SettingError(f"encoding is {encoding!r}; allowed are those in which ASCII is written as in ASCII")


class _Whole(io.BufferedReader):
    """A file on the disk; whoever asks it for a terabyte gets what there is, without memory for more."""

    def read(self, size: int | None = -1, /) -> bytes:
        left = os.fstat(self.fileno()).st_size - self.tell()
        return super().read(left if size is None or size < 0 else max(min(size, left), 0))


class _Stream(io.RawIOBase):
    """What is made of a file, part by part, as a file."""

    def __init__(self, file: IO[bytes], parts: Iterator[bytes]) -> None:
        self._file, self._parts, self._held, self._place = file, parts, memoryview(b""), 0

    def close(self) -> None:
        self._file.close()
        super().close()

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def readinto(self, buffer: Any, /) -> int:  # Buffer, from Python 3.12 on
        while not self._held:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._held = memoryview(part)
        into = memoryview(buffer)
        length = min(len(into), len(self._held))
        into[:length] = self._held[:length]
        self._held = self._held[length:]
        self._place += length
        return length
