"""Token ids on disk: written once as a stream, read back a chunk at a time, whatever the size of the corpus.

    ids.npy      (N,) int32, every token of the corpus as the rank of its word, 0 the most frequent
    offsets.npy  (S + 1,) int64, where each sentence begins in ids.npy; the last is N; no sentence is empty
    counts.npy   (U,) int64, how often each word stands in the corpus, descending
    words.txt    the U words in the same order, one a line, UTF-8

All U words of the corpus are there: `min_count` is applied when the files are read.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import VocabularySettings
from pipeline.stages import Manifest, StageFolder
from pipeline.text.chunk import Chunk
from pipeline.text.vocabulary import Vocabulary, kept_size
from storage.errors import InputError

STAGE = "tokenize"
IDS, OFFSETS, COUNTS, WORDS = "ids.npy", "offsets.npy", "counts.npy", "words.txt"
DTYPES = {IDS: "<i4", OFFSETS: "<i8", COUNTS: "<i8"}
CHUNK = 1 << 16
"""Tokens read at a time."""

Ids = NDArray[np.int32]
Int64s = NDArray[np.int64]


class Stretch(NamedTuple):
    """The tokens from `start` on, and where sentence `first` and those after it end, (M,), at least to their end."""

    start: int
    ids: Ids
    first: int
    ends: Int64s

    @property
    def stop(self) -> int:
        """Where the next stretch begins."""
        return self.start + len(self.ids)

    @property
    def ended(self) -> int:
        """How many sentences end in this stretch."""
        return int(np.searchsorted(self.ends, self.stop, side="right"))

    def sentence(self) -> Int64s:
        """Which sentence each token stands in, (n,)."""
        ends = self.ends[: self.ended + 1]
        lengths = np.diff(np.minimum(ends, self.stop), prepend=self.start)
        return np.repeat(np.arange(self.first, self.first + len(ends)), lengths)

    def parts(self) -> list[Ids]:
        """The ids cut at every end of a sentence: the last part goes on in the next stretch."""
        return np.split(self.ids, self.ends[: self.ended] - self.start)


@dataclass(frozen=True, eq=False)
class TokenCorpus:
    """The output of `firth tokenize`, opened for reading.

    Attributes:
        manifest: its settings, inputs and report.
        data: the folder with the files.
        counts: (U,) how often each word stands in the corpus, descending.
    """

    manifest: Manifest
    data: Path
    counts: Int64s

    @classmethod
    def open(cls, folder: Path) -> "TokenCorpus":
        """Open what `firth tokenize` wrote into `folder`.

        Raises:
            InputError: nothing finished is there, or a file is missing or damaged.
        """
        stage = StageFolder(folder)
        manifest = stage.manifest(STAGE)
        data = stage.data(manifest)
        try:
            _require_whole(data, manifest.report)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise _damaged(data, error) from None
        return cls(manifest, data, _part(data / COUNTS, 0, None))

    @property
    def tokens(self) -> int:
        """N, all tokens of the corpus."""
        return int(self.manifest.report["tokens"])

    @property
    def sentences(self) -> int:
        """S, the sentences, none of them empty."""
        return int(self.manifest.report["sentences"])

    def vocabulary(self, settings: VocabularySettings) -> Vocabulary:
        """The words that the settings keep; the others are not read.

        Raises:
            InputError: no word would be left (the message names the largest workable min_count), or damaged words.
        """
        size = kept_size(self.counts, settings)
        try:
            with (self.data / WORDS).open(encoding="utf-8", newline="\n") as file:
                words = tuple(line.removesuffix("\n") for line in islice(file, size))
        except (OSError, ValueError) as error:
            raise _damaged(self.data / WORDS, error) from None
        return Vocabulary(words, self.counts[:size].copy())

    def chunks(self, size_v: int, chunk: int = CHUNK) -> Iterator[Chunk]:
        """The corpus in order, `chunk` tokens at a time, without words of rank `size_v` and above.

        A chunk may hold fewer tokens than `chunk`, or none; where chunks are cut changes nothing else.
        """
        known = 0
        for stretch in stretches(self.data, len(self.counts), self.tokens, chunk):
            kept = np.flatnonzero(stretch.ids < size_v)
            yield Chunk(stretch.ids.take(kept), stretch.sentence().take(kept), known)
            known += len(kept)

    def sentences_of_ids(self, size_v: int, limit_tokens: int | None = None, chunk: int = CHUNK) -> Iterator[Ids]:
        """The ids of one sentence after another, without words of rank `size_v` and above: it may become empty.

        With `limit_tokens` only so many tokens of the corpus are read; the last sentence may end early then. `chunk`
        tokens are read at a time.
        """
        limit = self.tokens if limit_tokens is None else min(limit_tokens, self.tokens)
        begun: list[Ids] = []
        for stretch in stretches(self.data, len(self.counts), limit, chunk):
            *finished, rest = stretch.parts()
            for part in finished:
                sentence = np.concatenate([*begun, part])
                yield sentence[sentence < size_v]
                begun = []
            begun.append(rest)
        sentence = np.concatenate([*begun, np.empty(0, np.int32)])
        if len(sentence):
            yield sentence[sentence < size_v]


def stretches(data: Path, types: int, limit: int, size: int) -> Iterator[Stretch]:
    """The first `limit` tokens in `data`, of `types` words, `size` at a time.

    Raises:
        InputError: a file is missing or damaged.
    """
    first = 0
    for start in range(0, limit, size):
        ids = _part(data / IDS, start, min(start + size, limit))
        if not 0 <= int(ids.min()) <= int(ids.max()) < types:
            raise InputError(f"{data / IDS} is damaged (an id that no word has); run `firth tokenize` again")
        # no sentence is empty, so len(ids) of them reach beyond these tokens, if there are so many
        stretch = Stretch(start, ids, first, _part(data / OFFSETS, first + 1, first + 1 + len(ids)))
        yield stretch
        first += stretch.ended


def _require_whole(data: Path, report: Mapping[str, Any]) -> None:
    """Compare shapes and sums with the report and with each other; the tokens themselves are not read.

    Raises:
        ValueError: something does not fit.
        OSError: a file is missing.
        KeyError: the report is not that of `firth tokenize`.
    """
    tokens = report["tokens"]
    lengths = {IDS: tokens, OFFSETS: report["sentences"] + 1, COUNTS: report["types"]}
    for name, length in lengths.items():
        array = _mapped(data / name)
        if array.shape != (length,) or array.dtype != DTYPES[name]:
            raise ValueError(f"{name} holds {array.dtype} {array.shape}, not {DTYPES[name]} ({length},)")
    first, last = _mapped(data / OFFSETS)[[0, -1]]
    counted = _mapped(data / COUNTS).sum()
    if (first, last, counted) != (0, tokens, tokens):
        raise ValueError(f"{OFFSETS} goes from {first} to {last} and {COUNTS} sum to {counted}, for {tokens} tokens")


def _mapped(path: Path) -> NDArray[Any]:
    array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    return array


def _part(path: Path, start: int, stop: int | None) -> NDArray[Any]:
    """A part of an array, copied out of a mapping that ends here: what stays mapped would count as our memory.

    Raises:
        InputError: the file is missing or no array.
    """
    try:
        return np.array(_mapped(path)[start:stop])
    except (OSError, ValueError) as error:
        raise _damaged(path, error) from None


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is damaged ({error}); run `firth tokenize` again")
