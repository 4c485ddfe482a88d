"""`Subwords`: the rows of words' pieces, from which a vector can be made for any word, known or not."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats, is_finite
from storage.errors import InputError
from storage.ngrams import Ids, Ngrams

_AT_ONCE = 1 << 22  # pieces that are looked at together, at most, but for one word alone: some dozens of megabytes


@dataclass(frozen=True, eq=False)
class Piece:
    """A piece of a word.

    Attributes:
        text: its characters, with `<` where the word begins and `>` where it ends.
        bucket: where its row is looked up.
        known: whether there is a row; where not, it counts as zeros.
    """

    text: str
    bucket: int
    known: bool


@dataclass(frozen=True, eq=False)
class Subwords:
    """B rows for pieces of words: only buckets that have a row cost anything, all others count as rows of zeros.

    Attributes:
        ngrams: how words are cut.
        buckets: (B,) int32, the buckets that have a row, ascending.
        rows: (B, D) float32, the row of each.

    Raises:
        InputError: shapes or types that do not fit, or buckets that do not ascend.
    """

    ngrams: Ngrams
    buckets: Ids
    rows: Floats

    def __post_init__(self) -> None:
        """Refuse what no vector could be made from."""
        b = len(self.buckets)
        if self.buckets.shape != (b,) or self.rows.ndim != 2 or len(self.rows) != b or self.rows.size == 0:
            raise InputError(f"subwords' buckets {self.buckets.shape} and rows {self.rows.shape} do not fit together")
        if self.buckets.dtype != np.int32 or self.rows.dtype != np.float32:
            raise InputError(f"subwords are {self.buckets.dtype} and {self.rows.dtype}, not int32 and float32")
        if (np.diff(self.buckets) <= 0).any() or self.buckets[0] < 0 or self.buckets[-1] >= self.ngrams.buckets:
            raise InputError(f"subwords' buckets do not ascend from 0 to less than {self.ngrams.buckets}")

    def check_numbers(self) -> None:
        """Refuse rows that are not finite: reads all of them, and so is not done each time a service starts.

        Raises:
            InputError: names the bucket.
        """
        if not is_finite(self.rows):
            bad = int(np.flatnonzero(~np.isfinite(self.rows).all(axis=1))[0])
            raise InputError(f"the row of bucket {self.buckets[bad]} holds a number that is not finite")

    def about(self) -> dict[str, int]:
        """How words are cut, and how many rows there are, for cards."""
        return {**vars(self.ngrams), "rows": len(self)}

    def __len__(self) -> int:
        return len(self.buckets)

    @property
    def dimensions(self) -> int:
        """D, the length of each row."""
        return int(self.rows.shape[1])

    def pieces(self, word: str) -> list[Piece]:
        """A word's pieces; none for `</s>`, and for a word shorter than every piece."""
        buckets = self.ngrams.table([word]).buckets
        texts, (_, known) = self.ngrams.pieces(word), self._find(buckets)
        return [Piece(*piece) for piece in zip(texts, buckets.tolist(), known.tolist(), strict=True)]

    def vector(self, word: str) -> Floats:
        """(D,) the vector of an unknown word: the mean of its pieces' rows, zeros where it has no piece."""
        buckets = self.ngrams.table([word]).buckets
        at, known = self._find(buckets)
        # one row after the other in float32, as fastText adds them; its mean is over all pieces
        return np.asarray(self.rows[at[known]].sum(axis=0) / np.float32(max(len(buckets), 1)), np.float32)

    def compose(self, words: Sequence[str], own: Floats) -> Floats:
        """(V, D) the vectors of known words: the mean of a word's own row and its pieces' rows.

        Args:
            words: V words.
            own: (V, D) float32, the row that each word has for itself.
        """
        vectors = np.empty_like(own, np.float32)
        for some in self._together(words):
            sums, rows_each = self._sums(words[some])
            with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused where it is kept
                vectors[some] = (own[some] + sums) / rows_each
        return vectors

    def decompose(self, words: Sequence[str], vectors: Floats) -> Floats:
        """(V, D) the rows that words have for themselves, from their vectors: what `compose` undoes, up to rounding."""
        own = np.empty_like(vectors, np.float32)
        for some in self._together(words):
            sums, rows_each = self._sums(words[some])
            own[some] = vectors[some] * rows_each - sums
        return own

    def _together(self, words: Sequence[str]) -> Iterator[slice]:
        """Words after each other that have few enough pieces."""
        lengths, begin, held = self.ngrams.max_n - self.ngrams.min_n + 1, 0, 0
        for place, word in enumerate(words):
            pieces = (len(word) + 2) * lengths
            if held and held + pieces > _AT_ONCE:
                yield slice(begin, place)
                begin, held = place, 0
            held += pieces
        if held:
            yield slice(begin, len(words))

    def _sums(self, words: Sequence[str]) -> tuple[Floats, Floats]:
        """(n, D) the sum of the rows of each word's pieces, and (n, 1) how many they are with its own."""
        from scipy import sparse

        table = self.ngrams.table(words)
        at, known = self._find(table.buckets)
        stands = sparse.csr_matrix((known.astype(np.float32), at, table.offsets), shape=(len(words), len(self)))
        return np.asarray(stands @ self.rows, np.float32), (table.counts + 1).astype(np.float32)[:, np.newaxis]

    def _find(self, buckets: Ids) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Where the row of each bucket stands, and whether there is one (where not, another's place is given)."""
        at = np.minimum(np.searchsorted(self.buckets, buckets), len(self) - 1)
        return at, self.buckets[at] == buckets
