"""Packed files: gzip, bzip2, xz and Zstandard as streams, never more than a piece of them unpacked at a time."""

import bz2
import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import zstandard

from storage.errors import InputError

CHUNK = 1 << 16
"""Bytes read at a time."""
_PIECE = 1 << 22  # bytes unpacked at a time: a kilobyte of bzip2 can stand for a gigabyte
_ZSTANDARD_CHUNK = 1 << 10  # its bytes given at a time, since its library takes no limit: 128 KB come of four at most
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zstandard.ZstdError)


@dataclass(frozen=True)
class Packing:
    """One way to pack a file.

    Attributes:
        begins: the first bytes of every file that is packed so.
        start: makes what unpacks one member of a gzip file, stream of a bzip2 or xz file, frame of a Zstandard file.
        feed: gives that some bytes; yields what they stand for, in pieces.
        pack: opens a stream that packs what is written to it into a file, which stays open when the stream is closed.
    """

    begins: bytes
    start: Callable[[], Any]
    feed: Callable[[Any, bytes], Iterator[bytes]]
    pack: Callable[[IO[bytes]], IO[bytes]]


def _feed_zlib(member: Any, data: bytes) -> Iterator[bytes]:
    while data and not member.eof:
        yield member.decompress(data, _PIECE)
        data = member.unconsumed_tail


def _feed(stream: Any, data: bytes) -> Iterator[bytes]:
    yield stream.decompress(data, _PIECE)
    while not (stream.needs_input or stream.eof):
        yield stream.decompress(b"", _PIECE)


class _ZstandardFrame:
    """A frame that is given a little at a time and keeps what lies beyond its end."""

    def __init__(self) -> None:
        # `zstd --long=31` writes such windows
        self._frame = zstandard.ZstdDecompressor(max_window_size=1 << 31).decompressobj()
        self.unused_data = b""

    @property
    def eof(self) -> bool:
        return self._frame.eof

    def feed(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), _ZSTANDARD_CHUNK):
            yield self._frame.decompress(data[at : at + _ZSTANDARD_CHUNK])
            if self.eof:
                self.unused_data = self._frame.unused_data + data[at + _ZSTANDARD_CHUNK :]
                return


def _pack_gzip(file: IO[bytes]) -> IO[bytes]:
    return gzip.GzipFile("", "wb", 6, file, mtime=0)  # type: ignore[return-value] # no time, no name: same bytes again


def _pack_bzip2(file: IO[bytes]) -> IO[bytes]:
    return bz2.BZ2File(file, "wb")


def _pack_xz(file: IO[bytes]) -> IO[bytes]:
    return lzma.LZMAFile(file, "wb", preset=1)  # higher ones take many times as long and gain nothing on numbers


PACKINGS = {
    # 16: the format of gzip, with its checksum
    ".gz": Packing(b"\x1f\x8b", lambda: zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), _feed_zlib, _pack_gzip),
    ".bz2": Packing(b"BZh", bz2.BZ2Decompressor, _feed, _pack_bzip2),
    ".xz": Packing(b"\xfd7zXZ\0", lzma.LZMADecompressor, _feed, _pack_xz),
    ".zst": Packing(
        b"\x28\xb5\x2f\xfd",
        _ZstandardFrame,
        _ZstandardFrame.feed,
        lambda file: zstandard.ZstdCompressor().stream_writer(file, closefd=False),
    ),
}
"""By the suffix of such files."""


@dataclass
class Tally:
    """What has been read of a file so far.

    Attributes:
        bytes_read: how many bytes, as they stand on the disk.
        lines: lines of the text that have ended.
        digest: SHA-256 of those bytes.
    """

    bytes_read: int = 0
    lines: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes) -> None:
        """Count and hash what was read."""
        self.bytes_read += len(chunk)
        self.digest.update(chunk)


def chunks(file: IO[bytes], tally: Tally, size: int = CHUNK) -> Iterator[bytes]:
    """The bytes of `file`, `size` at a time, each counted and hashed."""
    while chunk := file.read(size):
        tally.add(chunk)
        yield chunk


def unpacked(parts: Iterable[bytes], packing: Packing) -> Iterator[bytes]:
    """What was packed, of any number of members, streams or frames one after another."""
    member = packing.start()
    for part in parts:
        rest = _without_padding(part) if member.eof else part
        while rest:
            if member.eof:
                member = packing.start()
            yield from packing.feed(member, rest)
            rest = _without_padding(member.unused_data)
    if not member.eof:
        raise EOFError("it ends too early")


def _without_padding(data: bytes) -> bytes:
    return data.lstrip(b"\0")  # gzip and xz allow zeros between and after; nothing compressed begins with one


def explained(parts: Iterable[bytes], name: str) -> Iterator[bytes]:
    """The same bytes; whatever keeps them from being read is an `InputError` that names the file."""
    try:
        yield from parts
    except _DAMAGE as error:
        raise InputError(f"{name} is damaged or cannot be read: {error}") from None
