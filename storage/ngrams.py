"""`Ngrams`: the pieces of a word and the bucket of each, as fastText has them, for a whole vocabulary at once.

Bojanowski et al. (2017), section 3.2: a word is put between `<` and `>`, its pieces are the runs of `min_n` to `max_n`
characters, and each shares a row with all pieces of the same bucket. The bucket is the 32-bit FNV-1a hash of the
piece's UTF-8 bytes, modulo the number of buckets; fastText's program takes each byte as a signed char, so a byte from
128 on flips the upper 24 bits of the hash as well. Its files hold rows by bucket, so these must agree to the bit.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.errors import SettingError

END_OF_LINE = "</s>"
"""The word that fastText puts at the end of each line; it has no pieces."""
LONGEST_PIECE = 100
"""Characters of a piece at most: a word may have as many pieces of each length as it has characters."""
MOST_BUCKETS = 2**31 - 1

_FNV_BASIS, _FNV_PRIME = np.uint32(2166136261), np.uint32(16777619)
_AT_ONCE = 1 << 15  # words cut together: some megabytes
_CONTINUES, _CONTINUES_MASK = 0x80, 0xC0  # UTF-8: a byte 10xxxxxx belongs to the character before it

Ids = NDArray[np.int32]
Places = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class NgramTable:
    """The buckets of V words' pieces, word after word.

    Attributes:
        offsets: (V + 1,) int64, where each word's pieces begin, and the end.
        buckets: (N,) int32, the bucket of each piece, by where it begins and then by its length; one that a word meets
            twice stands twice.
    """

    offsets: Places
    buckets: Ids

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, word: int) -> Ids:
        return self.buckets[self.offsets[word] : self.offsets[word + 1]]

    @property
    def counts(self) -> Places:
        """(V,) how many pieces each word has."""
        return np.diff(self.offsets)


@dataclass(frozen=True)
class Ngrams:
    """How words are cut into pieces, and into how many buckets these fall.

    Attributes:
        min_n: characters of the shortest pieces, `<` and `>` among them.
        max_n: characters of the longest.
        buckets: how many buckets there are.

    Raises:
        SettingError: a number outside its range.
    """

    min_n: int = 3
    max_n: int = 6
    buckets: int = 2_000_000

    def __post_init__(self) -> None:
        """Refuse what would give no piece, or more than a file of fastText can say."""
        if not 1 <= self.min_n <= self.max_n <= LONGEST_PIECE:
            allowed = f"1 <= min_n <= max_n <= {LONGEST_PIECE}"
            raise SettingError(f"min_n is {self.min_n} and max_n {self.max_n}; allowed: {allowed}")
        if not 1 <= self.buckets <= MOST_BUCKETS:
            raise SettingError(f"buckets is {self.buckets}; allowed: from 1 to {MOST_BUCKETS}")

    def pieces(self, word: str) -> list[str]:
        """A word's pieces, in the order of their buckets: by where they begin, then by their length."""
        if word == END_OF_LINE:
            return []
        whole = f"<{word}>"
        return [
            whole[begin : begin + n]
            for begin in range(len(whole))
            for n in range(self.min_n, min(self.max_n, len(whole) - begin) + 1)
            if n > 1 or 0 < begin < len(whole) - 1  # never `<` or `>` alone
        ]

    def table(self, words: Sequence[str]) -> NgramTable:
        """The buckets of all pieces of V words.

        Args:
            words: bytes that are not UTF-8 may stand in them as Python's `surrogateescape` has them.
        """
        offsets = np.zeros(len(words) + 1, np.int64)
        buckets = [np.empty(0, np.int32)]
        for first in range(0, len(words), _AT_ONCE):
            cut = _Cut(words[first : first + _AT_ONCE], self)
            offsets[first + 1 : first + 1 + len(cut.counts)] = cut.counts
            buckets.append(cut.buckets())
        return NgramTable(np.cumsum(offsets), np.concatenate(buckets))


class _Cut:
    """Some words as one array of bytes, and in it every place where a piece begins: each character's first byte.

    S is the number of those places.
    """

    def __init__(self, words: Sequence[str], ngrams: Ngrams) -> None:
        encoded = [_between(word) for word in words]
        self._text = np.frombuffer(b"".join(encoded), np.uint8)
        ends = np.cumsum([len(word) for word in encoded], dtype=np.int64)
        leads = np.append((self._text & _CONTINUES_MASK) != _CONTINUES, True)  # a character, or the end, begins here
        before = np.concatenate([[0], np.cumsum(leads)])  # (bytes + 2,) characters before each byte
        starts = np.flatnonzero(leads[:-1])  # (S,)
        word_of = np.searchsorted(ends, starts, side="right")  # (S,)
        begins = np.concatenate([[0], ends[:-1]]) if len(ends) else ends
        left = before[ends[word_of]] - before[starts]  # (S,) characters from here to the word's end
        alone = (starts == begins[word_of]) | (left == 1)  # `<` or `>`: never a piece by itself
        self._shortest = np.where(alone, max(ngrams.min_n, 2), ngrams.min_n)
        self._longest = np.minimum(ngrams.max_n, left)
        self._starts, self._leads, self._ngrams = starts, leads, ngrams
        self._each = np.maximum(self._longest - self._shortest + 1, 0)  # (S,) pieces that begin here
        self.counts = np.bincount(word_of, self._each, minlength=len(words)).astype(np.int64)  # (words,)

    def buckets(self) -> Ids:
        """The bucket of each piece, in order."""
        found = np.empty(int(self._each.sum()), np.int32)
        first = np.cumsum(self._each) - self._each - self._shortest  # a piece of n characters goes to first + n
        for places, n, hashes in self._hashed():
            found[first[places] + n] = hashes % np.uint32(self._ngrams.buckets)
        return found

    def _hashed(self) -> Iterator[tuple[Places, Places, NDArray[np.uint32]]]:
        """Of pieces that are complete after the same number of bytes: the place, the characters, and the hash."""
        signed = self._text.view(np.int8).astype(np.int32).view(np.uint32)
        places = np.flatnonzero(self._each)
        at, n = self._starts[places], np.zeros(len(places), np.int64)
        hashes = np.full(len(places), _FNV_BASIS)
        while len(places):
            hashes = (hashes ^ signed[at]) * _FNV_PRIME
            at += 1
            complete = self._leads[at]
            n += complete
            chosen = complete & (n >= self._shortest[places])
            yield places[chosen], n[chosen], hashes[chosen]
            more = ~(complete & (n == self._longest[places]))
            places, at, n, hashes = places[more], at[more], n[more], hashes[more]


def _between(word: str) -> bytes:
    return b"" if word == END_OF_LINE else f"<{word}>".encode("utf-8", "surrogateescape")
