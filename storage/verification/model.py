"""What is checked of one model in a store: the seal of each of its parts, and that its rows fit together."""

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from storage.assembling import contexts_of, embeddings_of, map_of, subwords_of
from storage.connection import tables_of
from storage.embeddings import Embeddings, Floats
from storage.models import ModelInfo
from storage.seals import OCCASIONS, PARTS, Part, Seals, hashes, seals_of, sha256_of_seals, unsealed
from storage.tables import card_parts, rows_of
from storage.verification.chain import check_chain
from storage.verification.checks import Check, checked


def check_model(connection: sqlite3.Connection, info: ModelInfo) -> Iterator[Check]:
    """Everything about a model that its own rows tell."""
    model, rows = str(info), _Rows(connection, info)
    yield from _seals(connection, info)
    yield checked(model, "rows of words", rows.words)
    yield checked(model, "rows of contexts", rows.outputs)
    yield checked(model, "rows of maps", rows.map)
    yield checked(model, "rows of subwords", rows.subwords)
    yield checked(model, "JSON of the card", rows.read_card)
    if rows.embeddings:
        yield from check_chain(info, rows.card, rows.embeddings, rows.contexts)


@dataclass
class _Rows:
    """The rows of a model, read and kept, for all that is to be checked of them."""

    connection: sqlite3.Connection
    info: ModelInfo
    embeddings: Embeddings | None = None
    contexts: Floats | None = None
    card: dict[str, Any] = field(default_factory=dict)

    def words(self) -> Iterator[str]:
        """What is wrong with words, counts and vectors."""
        self.embeddings = embeddings_of(self.info, rows_of(self.connection, self.info, "words"))
        if hashlib.sha256(self.embeddings.matrix.data).hexdigest() != self.info.vectors_sha256:
            yield "the vectors are not those that were published"

    def outputs(self) -> Iterator[str]:
        """What is wrong with the vectors of contexts."""
        self.contexts = contexts_of(self.info, rows_of(self.connection, self.info, "contexts"))
        yield from ()

    def map(self) -> Iterator[str]:
        """What is wrong with the map."""
        map_of(self.info, rows_of(self.connection, self.info, "maps"))
        yield from ()

    def subwords(self) -> Iterator[str]:
        """What is wrong with the rows of words' pieces."""
        rows = partial(rows_of, self.connection, self.info)
        subwords_of(self.info, rows("ngrams"), rows("subwords"))
        yield from ()

    def read_card(self) -> Iterator[str]:
        """What is wrong with the card."""
        self.card = {part: json.loads(text) for part, text in card_parts(self.connection, self.info)}
        yield from ()


def _seals(connection: sqlite3.Connection, info: ModelInfo) -> Iterator[Check]:
    if "seals" not in tables_of(connection):
        yield Check(str(info), "seals", note="none, as in all files of an earlier schema")
        return
    kept = seals_of(connection, info.order)
    yield checked(str(info), "seals", partial(_of_all, kept))
    for part in PARTS:
        yield checked(str(info), part.name, partial(_part, connection, info, part, kept))


def _of_all(kept: Seals) -> Iterator[str]:
    """What is wrong with the seals themselves."""
    others = {name: sha256 for name, sha256 in kept.items() if name not in OCCASIONS}
    names = {part.name for part in PARTS}
    if strange := sorted(name for name in others if name.partition("/")[0] not in names):
        yield f"a seal of {', '.join(strange)}, which is no part of a model"
    occasions = {name: kept[name] for name in OCCASIONS if name in kept}
    if len(occasions) != 1:
        yield f"{len(occasions)} seals over all others where there is to be one, {' or '.join(OCCASIONS)}"
    for occasion, sha256 in occasions.items():
        if sha256 != sha256_of_seals(occasion, others):
            yield "the seals are not those that were made together"


def _part(connection: sqlite3.Connection, info: ModelInfo, part: Part, kept: Seals) -> Iterator[str]:
    its = {name: sha256 for name, sha256 in kept.items() if name.partition("/")[0] == part.name}
    yield from unsealed(its, hashes(connection, part, info.order))
