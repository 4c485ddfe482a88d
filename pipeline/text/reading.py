"""The text of one file: its bytes are read once and on their way counted, hashed, decompressed and decoded."""

import codecs
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import PurePath
from typing import IO, AnyStr

from pipeline.settings import TokenSettings
from storage.errors import InputError
from storage.packed import CHUNK, PACKINGS, Tally, chunks, explained, unpacked


def pieces(file: IO[bytes], name: str, settings: TokenSettings, tally: Tally, size: int) -> Iterator[str]:
    """The text of `file` in pieces of about `size` bytes, without a byte order mark at the start.

    Args:
        file: open for reading bytes.
        name: for messages; its suffix says how the file is compressed.
        settings: `encoding` and `errors` are used.
        tally: is kept up to date.
        size: how many decompressed bytes are decoded at a time.

    Raises:
        InputError: bytes that cannot be read, decompressed or decoded.
    """
    parts = chunks(file, tally, min(size, CHUNK))
    if packing := PACKINGS.get(PurePath(name).suffix.lower()):
        parts = unpacked(parts, packing)
    decoder = _Decoder(name, settings, tally)
    for part in chain(gathered(explained(parts, name), size), [b""]):  # the empty part is the end
        if text := decoder.text(part):
            yield text


def tally_of(file: IO[bytes], name: str) -> Tally:
    """Bytes and digest of the whole of `file`; its lines are not counted.

    Raises:
        InputError: it cannot be read.
    """
    tally = Tally()
    for _ in explained(chunks(file, tally), name):
        pass
    return tally


def gathered(parts: Iterable[AnyStr], size: int) -> Iterator[AnyStr]:
    """The same bytes or text, consecutive parts joined until they are at least `size` long."""
    held: list[AnyStr] = []
    length = 0
    for part in parts:
        held.append(part)
        length += len(part)
        if length >= size:
            yield part[:0].join(held)
            held, length = [], 0
    if length:
        yield held[0][:0].join(held)


class _Decoder:
    """Bytes to text in consecutive parts, with the place of the first byte that is not text."""

    def __init__(self, name: str, settings: TokenSettings, tally: Tally) -> None:
        encoding = codecs.lookup(settings.encoding).name
        # the byte order mark is left out below, so that places in a file that has one are right
        self._encoding = "utf-8" if encoding == "utf-8-sig" else encoding
        self._decoder = codecs.getincrementaldecoder(self._encoding)(settings.errors)
        self._name = name
        self._tally = tally
        self._position = 0  # bytes given to the decoder
        self._at_start = True
        self._in_line = False

    def text(self, part: bytes) -> str:
        """The text that `part` completes; an empty part says that the file has ended."""
        state = self._decoder.getstate()
        try:
            text = self._decoder.decode(part, final=not part)
        except UnicodeDecodeError as error:
            raise self._not_text(error, part, state) from None
        except UnicodeError as error:  # UTF-16 without a byte order mark
            raise InputError(f"{self._name}: {error}; --encoding says which encoding it is") from None
        self._position += len(part)
        self._tally.lines += text.count("\n")
        if text:
            text = text.removeprefix("\ufeff") if self._at_start else text
            self._at_start = False
            self._in_line = not text.endswith("\n")
        elif not part:
            self._tally.lines += self._in_line
        return text

    def _not_text(self, error: UnicodeDecodeError, part: bytes, state: tuple[bytes, int]) -> InputError:
        """Say where: `error.start` counts from the bytes that the decoder still held of the parts before."""
        start = error.start - len(state[0])
        self._decoder.setstate(state)
        before = self._decoder.decode(part[: max(start, 0)])
        line = self._tally.lines + before.count("\n") + 1
        byte = self._position + start
        bad = error.object[error.start : error.end].hex()
        return InputError(
            f"{self._name}, line {line}, byte {byte} (the first is 0): 0x{bad} is not {self._encoding}"
            f" ({error.reason}); name its encoding with --encoding, or go on with --errors replace"
        )
