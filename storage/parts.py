"""`Parts`: all that a model consists of, as it will be kept, ready to be written in one go."""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from storage.dtypes import encoded, sha256_of_kept
from storage.embeddings import Embeddings, Floats
from storage.errors import InputError
from storage.json_text import json_text
from storage.maps import Map
from storage.models import ModelInfo
from storage.seals import PUBLISHED, seal_model
from storage.subwords import Subwords
from storage.tables import insert_model, insert_rows, next_version
from storage.tags import now


@dataclass(frozen=True, eq=False)
class Parts:
    """What is known before the file is locked; float32 that lies row after row is not copied for it.

    Attributes:
        embeddings: words and counts.
        card: each part of the card as JSON.
        vectors: (V, ...) blobs.
        contexts: (V, ...) blobs, where the model has an output matrix.
        map: where the words stand on a plane, if that was computed.
        subwords: the rows of words' pieces, where the model has such; they are kept as float32.
        dtype: how both matrices are kept.
        sha256: hash of the vectors as they will be read.
    """

    embeddings: Embeddings
    card: Mapping[str, str]
    vectors: NDArray[Any]
    contexts: NDArray[Any] | None
    map: Map | None
    subwords: Subwords | None
    dtype: str
    sha256: str

    @classmethod
    def of(
        cls,
        embeddings: Embeddings,
        card: Mapping[str, Any],
        *,
        contexts: Floats | None,
        map_: Map | None,
        subwords: Subwords | None,
        dtype: str,
    ) -> "Parts":
        """Check and encode.

        Raises:
            SettingError: there is no such dtype.
            InputError: a part of the card is not JSON, contexts, map or subwords do not fit the words, or a number is
                too large.
        """
        texts = {part: _card_text(part, value) for part, value in card.items()}
        _check_fit(embeddings, contexts, map_, subwords)
        vectors = encoded(embeddings.matrix, dtype)
        outputs = None if contexts is None else encoded(contexts, dtype)
        sha256 = sha256_of_kept(vectors, dtype, embeddings.dimensions)
        return cls(embeddings, texts, vectors, outputs, map_, subwords, dtype, sha256)

    def write(self, connection: sqlite3.Connection, name: str) -> ModelInfo:
        """Write the next version of a name, with its seals, inside the caller's transaction."""
        words, dimensions = self.embeddings.matrix.shape
        version = next_version(connection, name)
        info = insert_model(connection, ModelInfo(name, version, words, dimensions, now(), self.sha256, 0, self.dtype))
        write = partial(insert_rows, connection, info)
        write("words", range(words), self.embeddings.words, self.embeddings.counts.tolist(), self.vectors)
        write("cards", self.card.keys(), self.card.values())
        if self.contexts is not None:
            write("contexts", range(words), self.contexts)
        if self.map is not None:
            write("maps", self.map.rows.tolist(), *self.map.points.T.tolist(), self.map.clusters.tolist())
        if self.subwords is not None:
            write("ngrams", *([value] for value in self.subwords.about().values()))
            write("subwords", self.subwords.buckets.tolist(), np.ascontiguousarray(self.subwords.rows, "<f4"))
        seal_model(connection, info.order, PUBLISHED)
        return info


def _card_text(part: str, value: Any) -> str:
    """A part of a card as JSON.

    Raises:
        InputError: it is not JSON.
    """
    try:
        return json_text(value)
    except (TypeError, ValueError) as error:
        raise InputError(f"the card's {part!r} is not JSON: {error}") from error


def _check_fit(embeddings: Embeddings, contexts: Floats | None, map_: Map | None, subwords: Subwords | None) -> None:
    """Refuse parts of a model that do not fit its words.

    Raises:
        InputError: says what does not fit.
    """
    if contexts is not None:
        embeddings.check_contexts(contexts)
    if map_ is not None and map_.rows[-1] >= len(embeddings):
        raise InputError(f"the map has row {map_.rows[-1]}, but there are {len(embeddings)} words")
    if subwords is not None:
        if subwords.dimensions != embeddings.dimensions:
            raise InputError(f"subwords have {subwords.dimensions} dimensions, vectors {embeddings.dimensions}")
        subwords.check_numbers()
