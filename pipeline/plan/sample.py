"""Which part of a corpus a plan reads: a small corpus whole, of a large one blocks at even distances.

A compressed file cannot be read from its middle on. Of such a file the beginning is read, and how far that reaches
into its compressed bytes says how much there is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, groupby
from pathlib import PurePath

from pipeline.settings import TokenSettings
from pipeline.text.corpus import BLOCK, Source, blocks
from pipeline.text.reading import gathered
from storage.errors import InputError
from storage.packed import PACKINGS, Tally

SAMPLE = 32 << 20
"""About how many bytes of text are read at most."""
USUAL, MOST = 128, 1 << 12
"""Into how many blocks it is divided, and at most where files are smaller than a block: opening one takes time too."""
SHORTEST = 1 << 12
"""Bytes of a block at least, so that there are whole lines in it."""


@dataclass
class Kind:
    """The sources that are compressed alike: every byte on the disk is expected to hold as many tokens.

    Attributes:
        size: bytes on the disk of all of them.
        read: how many of these have been read.
        tokens: what was found there.
    """

    size: int = 0
    read: int = 0
    tokens: int = 0


@dataclass(frozen=True)
class Portion:
    """A source, its bytes on the disk, and how many blocks of it are read."""

    source: Source
    size: int
    hits: int

    @property
    def suffix(self) -> str:
        """How it is compressed, empty if not."""
        suffix = PurePath(self.source.name).suffix.lower()
        return suffix if suffix in PACKINGS else ""


class Sample:
    """The text of a sample, and how much of the corpus it is.

    Args:
        sources: of the corpus.
        settings: `encoding` and `errors` are used.
        budget: about how many bytes of text are read at most.

    Attributes:
        whole: whether all of the corpus is read, as far as `texts` has gone.

    Raises:
        InputError: a source that can be read only once.
    """

    def __init__(self, sources: Sequence[Source], settings: TokenSettings, budget: int = SAMPLE) -> None:
        self.whole = True
        self._settings, self._stretch = settings, max(SHORTEST, budget // USUAL)
        sizes = [_size(source) for source in sources]
        self._small = sum(sizes) <= budget
        hits = _hits(sizes, budget, self._stretch)
        portions = [Portion(*each) for each in zip(sources, sizes, hits, strict=True)]
        self._portions = sorted(portions, key=lambda portion: portion.suffix)  # stable: those of a kind stay in order
        self._kinds = {each.suffix: Kind() for each in portions}
        for each in portions:
            self._kinds[each.suffix].size += each.size
        self._owners: list[Kind] = []

    @property
    def files(self) -> int:
        """How many the corpus has."""
        return len(self._portions)

    @property
    def size(self) -> int:
        """Bytes on the disk of the whole corpus."""
        return sum(kind.size for kind in self._kinds.values())

    @property
    def read(self) -> int:
        """How many of these have been read."""
        return sum(kind.read for kind in self._kinds.values())

    def texts(self) -> Iterator[str]:
        """The text in blocks, as `firth tokenize` would hand them to its processes.

        Raises:
            InputError: a source that cannot be read, decompressed or decoded, or is not text.
        """
        for suffix, portions in groupby(self._portions, key=lambda portion: portion.suffix):
            kind = self._kinds[suffix]
            for text in gathered(chain.from_iterable(self._read(each, kind) for each in portions), BLOCK // 2):
                self._owners.append(kind)
                yield text

    def found(self, number: int, tokens: int) -> None:
        """Note how many tokens the text of this number, from 0, has held."""
        self._owners[number].tokens += tokens

    def expected_tokens(self) -> int:
        """N, the tokens of the whole corpus: what was found, each kind enlarged by its bytes that were not read."""
        kinds = [kind for kind in self._kinds.values() if kind.read]
        if self.whole or not kinds:
            return sum(kind.tokens for kind in kinds)
        expected = sum(kind.tokens * kind.size / kind.read for kind in kinds)
        return round(expected * self.size / sum(kind.size for kind in kinds))

    def _read(self, portion: Portion, kind: Kind) -> Iterator[str]:
        limit = portion.hits * self._stretch
        if not portion.suffix and (self._small or limit >= portion.size):
            yield from self._from_start(portion, kind, None)
        elif not portion.suffix and "\n".encode(self._settings.encoding) == b"\n":  # never a part of a character then
            yield from self._from_everywhere(portion, kind)
        else:
            yield from self._from_start(portion, kind, limit)

    def _from_start(self, portion: Portion, kind: Kind, limit: int | None) -> Iterator[str]:
        """About `limit` bytes from the start, or all there are."""
        tally, length = Tally(), 0
        size = BLOCK if limit is None else min(limit, BLOCK)
        for text in blocks(portion.source, self._settings, tally, size) if size else ():
            yield text
            length += len(text)
            if limit is not None and length >= limit:
                self.whole = False
                break
        self.whole &= tally.bytes_read == portion.size
        kind.read += tally.bytes_read

    def _from_everywhere(self, portion: Portion, kind: Kind) -> Iterator[str]:
        """Blocks at even distances, each from the start of a line to the end of one."""
        self.whole = False
        if not portion.hits:
            return
        with portion.source.open() as file:
            for hit in range(portion.hits):
                place = int((hit + 0.5) * portion.size / portion.hits - self._stretch / 2)
                file.seek(place)
                start, data = _whole_lines(file.read(self._stretch))
                kind.read += len(data)
                yield self._decoded(portion.source.name, place + start, data) + "\n"

    def _decoded(self, name: str, place: int, data: bytes) -> str:
        try:
            return data.decode(self._settings.encoding, self._settings.errors)
        except UnicodeDecodeError as error:
            bad = error.object[error.start : error.end].hex()
            raise InputError(
                f"{name}, byte {place + error.start} (the first is 0): 0x{bad} is not {self._settings.encoding}"
                f" ({error.reason}); name its encoding with --encoding, or go on with --errors replace"
            ) from None


def _size(source: Source) -> int:
    if source.size is None:
        raise InputError(
            f"{source.name} can be read only once, so there is no planning it: a plan is followed by the real reading;"
            " save the text to a file"
        )
    return source.size


def _hits(sizes: Sequence[int], budget: int, stretch: int) -> list[int]:
    """How many of the blocks, at even distances in all files laid end to end, begin in each file."""
    total = sum(sizes)
    usual = min(stretch, max(1, total // len(sizes)))
    count = min(MOST, max(1, budget // usual))
    ends = [end * count // max(total, 1) for end in accumulate(sizes)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def _whole_lines(data: bytes) -> tuple[int, bytes]:
    """Where the first line begins in `data`, and the lines that are whole; in an endless line, the whole words."""
    for mark in (b"\n", b" "):
        start, end = data.find(mark) + 1, data.rfind(mark)
        if start <= end:
            return start, data[start:end]
    return len(data), b""
