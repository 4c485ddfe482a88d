"""`Format`: what a file format can carry, how its files are recognized, read and written; `Block` is what moves."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from storage.embeddings import Floats
from storage.errors import SettingError
from storage.formats.source import Source
from storage.formats.target import Target
from storage.subwords import Subwords

MOST_DIMENSIONS = 1 << 16
"""Numbers of a vector at most, so that a wrong header asks for no memory."""
_NUMBERS_AT_ONCE = 1 << 18  # a megabyte of vectors, which fits a processor's cache

_WORDS_AT_ONCE = 1 << 10  # even if all of them were as long as words may be


@dataclass(frozen=True, eq=False)
class Block:
    """Some consecutive words with their vectors.

    Attributes:
        words: n words, as the file has them: bytes that are no text stand as lone surrogates (PEP 383).
        rows: (n, D) float32, row i is the vector of words[i].
        counts: how often each stood in the corpus; None where the file does not say.
        line: of a text file, the line of the first word, from 1.
    """

    words: Sequence[str]
    rows: Floats
    counts: Sequence[int] | None = None
    line: int | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """Words and vectors to be written.

    Attributes:
        words: V, how many words there are.
        dimensions: D, the length of each vector.
        blocks: all of them from the beginning, in order, with counts if these are known; may be called again.
        counted: whether they are.
        about: what a file that has room for it says of them: the name and hash of the model.
        subwords: the rows of words' pieces, where the model has such and the format carries them.
    """

    words: int
    dimensions: int
    blocks: Callable[[], Iterator[Block]]
    counted: bool = False
    about: Mapping[str, Any] = field(default_factory=dict)
    subwords: Subwords | None = None


class Format(ABC):
    """A file format.

    Attributes:
        name: what --format calls it.
        title: what it is, in a few words.
        suffixes: how its files' names end; the first format that has a suffix is the one it stands for.
        counts: whether its files say how often each word stood in the corpus.
        written: whether it is written too; every vector comes back to the last bit.
        subwords: whether its files have the rows of words' pieces; where these are written, a vector is made from them.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]
    counts: ClassVar[bool] = False
    written: ClassVar[bool] = True
    subwords: ClassVar[bool] = False

    @abstractmethod
    def recognizes(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes (all of it, or the first HEAD) is of this format."""

    @abstractmethod
    def read(self, source: Source) -> Iterator[Block]:
        """The words and vectors of a file, from its first to its last, in blocks that are small in memory.

        Nothing is believed that a header promises: memory is taken for what was read.

        Raises:
            InputError: the file is damaged or cut off; names the file and the line or byte.
        """

    def misfit(self, word: str) -> str:  # noqa: ARG002 - most formats carry every word
        """Why this format cannot carry a word; empty if it can."""
        return ""

    def write(self, table: Table, target: Target) -> None:  # noqa: ARG002 - those that are written need them
        """Write all words and vectors; none of the words is a misfit.

        Raises:
            SettingError: this format is only read.
        """
        raise SettingError(f"{self.name} is only read; choose another --format")


def rows_at_once(dimensions: int) -> int:
    """How many vectors make a block."""
    return min(max(_NUMBERS_AT_ONCE // dimensions, 1), _WORDS_AT_ONCE)
