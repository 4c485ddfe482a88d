"""Files that gensim saved with `save`: KeyedVectors, Word2Vec, Doc2Vec's words and FastText, read without unpickling.

gensim pickles the whole object, and puts large arrays into .npy files beside it. Its attributes have changed over the
years: `syn0`, `vocab` and `index2word` became `vectors`, `key_to_index` and `index_to_key`. What they hold is read from
the opcodes as plain data (opcodes.py); nothing in the file is run, and so what was saved with classes of one's own is
read as well, as far as it has these attributes.
"""

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.embeddings import Floats
from storage.errors import InputError, SettingError
from storage.formats.format import MOST_DIMENSIONS, Block, Format, rows_at_once
from storage.formats.gensim_arrays import SavedArrays
from storage.formats.machine import Record
from storage.formats.numpy_array import as_float32
from storage.formats.opcodes import read_opcodes
from storage.formats.source import HEAD, Source
from storage.ngrams import Ngrams
from storage.subwords import Subwords

_LOG = logging.getLogger(__name__)
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in (2, 3, 4, 5))
_FAR = 4096  # bytes, within which the name of the saved class stands
_OPCODES_ANYWAY, _OPCODES_A_BYTE = (
    1_000_000,
    4,
)  # of the file, packed or not; gensim's have one for three bytes unpacked
_VECTORS = ("vectors", "syn0")
_WORDS = ("index_to_key", "index2word", "index2entity")
_OWN = ("vectors_vocab", "syn0_vocab")


class GensimSaved(Format):
    """What gensim's `save` wrote."""

    name = "gensim"
    title = "KeyedVectors or model that gensim saved"
    suffixes = (".kv", ".model")
    counts = True
    written = False
    subwords = True

    def recognizes(self, head: bytes) -> bool:
        """A pickle that names a class of gensim."""
        return head.startswith(_PICKLES) and b"gensim." in head[:_FAR]

    def read(self, source: Source) -> Iterator[Block]:
        """Its words and vectors; `source.subwords` has the rows of pieces from the first block on."""
        saved, within = _vectors_of(source, _saved(source))
        words, arrays = _words(source, saved), SavedArrays(source, saved, within)
        counts = _counts(source, saved, words)
        source.subwords = _subwords(source, saved, arrays)
        name = next((name for name in (*_VECTORS, *_OWN) if arrays.has(name)), "vectors")
        vectors = arrays.matrix(name)
        rows, dimensions = vectors.shape
        if rows != len(words) or not 1 <= dimensions <= MOST_DIMENSIONS:
            raise source.wrong(f"{len(words):,} words, and vectors of the shape {vectors.shape}")
        if source.subwords and source.subwords.dimensions != dimensions:
            raise source.wrong(f"vectors of {dimensions} numbers, and rows of pieces of {source.subwords.dimensions}")
        if name in _OWN and source.subwords is None and saved.state.get("bucket"):
            raise source.wrong("its words' vectors are to be made from pieces, whose rows cannot be read")
        at_once = rows_at_once(dimensions)
        for first in range(0, rows, at_once):
            some = words[first : first + at_once]
            block = np.ascontiguousarray(as_float32(vectors[first : first + at_once]))
            found = source.subwords.compose(some, block) if name in _OWN and source.subwords else block
            yield Block(some, found, None if counts is None else counts[first : first + at_once])


def _saved(source: Source) -> Record:
    with source.open() as file:
        try:
            found = read_opcodes(file, _OPCODES_ANYWAY + _OPCODES_A_BYTE * source.size)
        except InputError as error:
            raise source.wrong(f"this pickle cannot be read without running it: {error}", byte=file.tell()) from None
        while file.read(HEAD):  # what comes after the pickle is hashed too
            pass
    if not isinstance(found, Record):
        raise source.wrong(f"it holds a {type(found).__name__}, not an object of gensim")
    return found


def _vectors_of(source: Source, saved: Record) -> tuple[Record, str]:
    """The object with the words' vectors, and how it is reached from the saved one."""
    for record, within in ((saved, ""), (saved.state.get("wv"), ".wv")):
        if isinstance(record, Record) and any(name in record.state for name in _WORDS):
            return record, within
    has = ", ".join(sorted(str(name) for name in saved.state)[:12]) or "none"
    raise source.wrong(f"a {saved.of} holds no vectors of words that are known here; its attributes are {has}")


def _words(source: Source, saved: Record) -> Sequence[str]:
    words = next(saved.state[name] for name in _WORDS if name in saved.state)
    if not isinstance(words, list):
        raise source.wrong(f"its words are a {type(words).__name__}, not a list")
    texts = [source.decoded(word) if isinstance(word, bytes) else word for word in words]
    other = next((word for word in texts if not isinstance(word, str)), None)
    if other is not None:
        raise source.wrong(f"its words are not all texts: {str(other)[:40]!r} is none")
    return texts


def _counts(source: Source, saved: Record, words: Sequence[str]) -> list[int] | None:
    """How often the words stood in the corpus; None where that was not kept."""
    expandos, vocabulary = saved.state.get("expandos"), saved.state.get("vocab")
    if isinstance(expandos, dict) and "count" in expandos:
        counts = SavedArrays(source, Record(saved.of, state=expandos)).array("count")
        if counts.shape != (len(words),) or counts.dtype.kind not in "iu":
            raise source.wrong(f"{len(words):,} words, and counts of the shape {counts.shape}")
        return [int(count) for count in counts.tolist()]
    if isinstance(vocabulary, dict):
        entries = [vocabulary.get(word) for word in words]
        found = [entry.state.get("count") for entry in entries if isinstance(entry, Record)]
        if len(found) == len(words) and all(isinstance(count, int) for count in found):
            return [int(count) for count in found if isinstance(count, int)]
    return None


def _subwords(source: Source, saved: Record, arrays: SavedArrays) -> Subwords | None:
    """The rows of words' pieces, of models of FastText that hash pieces as the original does."""
    if not arrays.has("vectors_ngrams"):
        if any(name in saved.state for name in _OWN):
            _LOG.warning("%s: its pieces are kept in a way of long ago; unknown words cannot be made", source.name)
        return None
    if saved.state.get("compatible_hash") is not True:
        _LOG.warning("%s: before 3.8 gensim hashed pieces in another way; unknown words cannot be made", source.name)
        return None
    ngrams = _ngrams(source, saved)
    rows = as_float32(arrays.matrix("vectors_ngrams"))
    return None if ngrams is None else _held(source, ngrams, rows, saved.state.get("hash2index"))


def _ngrams(source: Source, saved: Record) -> Ngrams | None:
    min_n, max_n, buckets = (saved.state.get(name) for name in ("min_n", "max_n", "bucket"))
    if not (isinstance(min_n, int) and isinstance(max_n, int) and isinstance(buckets, int)):
        raise source.wrong("it does not say how it cuts words into pieces")
    if buckets == 0 or max_n < min_n:
        return None
    try:
        return Ngrams(max(min_n, 1), max_n, buckets)
    except SettingError as error:
        raise source.wrong(str(error)) from None


def _held(source: Source, ngrams: Ngrams, rows: Floats, places: Any) -> Subwords | None:
    """The rows that are there: all, or those of which a dictionary says where they are."""
    buckets = _buckets(source, ngrams, rows, places)
    held = np.flatnonzero(rows.any(axis=1)) if places is None else np.argsort(buckets, kind="stable")
    if len(held) == 0:
        return None
    try:
        found = Subwords(ngrams, buckets[held].astype(np.int32), np.ascontiguousarray(rows[held]))
        found.check_numbers()
    except InputError as error:
        raise source.wrong(str(error)) from None
    return found


def _buckets(source: Source, ngrams: Ngrams, rows: Floats, places: Any) -> NDArray[np.int64]:
    """The bucket of each row."""
    listed = list(range(len(rows))) if places is None else []
    if isinstance(places, dict):
        pairs = [(place, bucket) for bucket, place in places.items() if isinstance(bucket, int)]
        ordered = sorted(pairs) if all(isinstance(place, int) for place, _ in pairs) else []
        listed = [bucket for _, bucket in ordered] if [place for place, _ in ordered] == list(range(len(rows))) else []
    fits = len(listed) == len(rows) and all(0 <= bucket < ngrams.buckets for bucket in listed)
    if not fits or (places is None and len(rows) != ngrams.buckets):
        raise source.wrong(f"{len(rows):,} rows of pieces do not fit {ngrams.buckets:,} buckets")
    return np.array(listed, np.int64)
