"""From a stored model to what an engine answers from: mapped from its derived files where these are, else made.

The store is the truth; the derived files beside it are written by whoever will answer many questions, so that the
next one begins at once and all processes share one copy. Where they cannot be written, memory does.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import astuple, fields, replace
from functools import partial
from pathlib import Path

import numpy as np

from service.folding import Folded
from service.nearest import Quantized, quantized, unit_rows
from service.nearest.units import ROWS_AT_ONCE
from service.vectors import UnitVectors, lengths_of
from storage.array_folder import Array
from storage.derived import Derived, DerivedFiles, DerivedWriter
from storage.embeddings import Embeddings, Floats
from storage.errors import UnknownModel
from storage.models import ModelInfo
from storage.ngrams import Ngrams
from storage.store import Store
from storage.subwords import Subwords
from storage.texts import Texts, order_of

log = logging.getLogger(__name__)

_LAYOUT = 6  # another number whenever what `_write` makes changes, or how it is computed
_INT8 = tuple(field.name for field in fields(Quantized))


def load_vectors(db: Path, info: ModelInfo, *, patience: float | None = None) -> UnitVectors:
    """What questions to a model are answered from, ready for many questions; written beside the store if it was not.

    Args:
        db: the store's file.
        info: one of its models.
        patience: seconds to wait where another process holds the store's lock.

    Raises:
        StoreError: the store cannot be read, or is damaged.
        UnknownModel: the model is not in this store.
    """
    found = _mapped(db, info, tell=False)
    if found:
        return found
    with Store.open(db, patience=patience) as store, derived_files(db).making():
        return _mapped(db, info) or _made(store, info)  # who had to wait finds what the other has made


def load_vectors_once(db: Path, info: ModelInfo) -> UnitVectors:
    """The same for a process that answers a question and ends: what is not there is not written, nor made in int8."""
    found = _mapped(db, info)
    if found:
        return replace(found, quantized=None)
    with Store.open(db) as store:
        subwords = partial(_subwords, db, info) if store.cuts(info) else None
        return UnitVectors.of(store.load(info), partial(_contexts, db, info), subwords)


def derive(
    store: Store, info: ModelInfo, embeddings: Embeddings, contexts: Floats | None, subwords: Subwords | None = None
) -> None:
    """Write the derived files of a model that was just published, unless another process was faster."""
    with derived_files(store.path).making():
        if not _mapped(store.path, info):
            _kept(store, info, embeddings, contexts, subwords)


def derived_files(db: Path) -> DerivedFiles:
    """Where what is derived from a store's models lies."""
    return DerivedFiles(db, _LAYOUT)


def _contexts(db: Path, info: ModelInfo) -> Floats | None:
    with Store.open(db) as store:
        return store.load_contexts(info)


def _subwords(db: Path, info: ModelInfo) -> Subwords:
    with Store.open(db) as store:
        found = store.load_subwords(info)
    if found is None:
        raise UnknownModel(str(info))  # it was there a moment ago
    return found


def _made(store: Store, info: ModelInfo) -> UnitVectors:
    contexts, subwords = store.load_contexts(info), store.load_subwords(info)
    return _kept(store, info, store.load(info, verify=True), contexts, subwords)


def _mapped(db: Path, info: ModelInfo, *, tell: bool = True) -> UnitVectors | None:
    derived = derived_files(db).open(info, tell=tell)
    if derived is None:
        return None
    texts, arrays = derived.texts, derived.arrays
    return UnitVectors(
        texts["words"],
        arrays["counts"],
        arrays["unit"],
        arrays["lengths"],
        quantized=Quantized(**{name: arrays[f"int8_{name}"] for name in _INT8}),
        folded=Folded(texts["folded"], arrays["folded_order"], arrays["folded_lengths"]),
        order=arrays["order"],
        load_contexts=lambda: arrays.get("contexts"),
        load_subwords=(lambda: _subwords_in(arrays)) if "subword_rows" in arrays else None,
    )


def _subwords_in(arrays: Mapping[str, Array]) -> Subwords:
    return Subwords(Ngrams(*arrays["ngrams"].tolist()), arrays["subword_buckets"], arrays["subword_rows"])


def _arrays_of(subwords: Subwords | None) -> dict[str, Array]:
    if subwords is None:
        return {}
    ngrams = np.array(astuple(subwords.ngrams))  # (3,)
    return {"ngrams": ngrams, "subword_buckets": subwords.buckets, "subword_rows": subwords.rows}


def _kept(
    store: Store, info: ModelInfo, embeddings: Embeddings, contexts: Floats | None, subwords: Subwords | None
) -> UnitVectors:
    """The vectors, mapped from files that are written here; from memory where these cannot be written."""
    started, files = time.perf_counter(), derived_files(store.path)
    try:
        with files.writing(info) as writer:
            _write(writer, embeddings, contexts, subwords)
        files.tidy(store.models())
    except OSError as error:
        why = error.strerror or error
        log.warning("%s is answered from memory: %s cannot be written (%s)", info, files.folder, why)
    else:
        log.debug("%s is mapped from %s, written in %.1f s", info, files.of(info), time.perf_counter() - started)
    load_subwords = (lambda: subwords) if subwords else None
    return _mapped(store.path, info) or UnitVectors.of(embeddings, lambda: contexts, load_subwords, in_int8=True)


def _write(writer: DerivedWriter, embeddings: Embeddings, contexts: Floats | None, subwords: Subwords | None) -> None:
    """Make the derived files; beside the matrix itself, memory holds a quarter of it."""
    matrix, words = embeddings.matrix, embeddings.words
    blocks = (matrix[start : start + ROWS_AT_ONCE] for start in range(0, len(matrix), ROWS_AT_ONCE))
    unit = writer.add_rows("unit", matrix.shape, matrix.dtype, map(unit_rows, blocks))
    in_int8, folded = quantized(unit), Folded.of(words)
    arrays: dict[str, Array] = {
        "counts": embeddings.counts,
        "lengths": lengths_of(matrix),
        **{f"int8_{name}": getattr(in_int8, name) for name in _INT8},
        "folded_order": folded.order,
        "folded_lengths": folded.lengths,
        "order": order_of(words),
        **({} if contexts is None else {"contexts": contexts}),
        **_arrays_of(subwords),
    }
    writer.add(Derived({"words": Texts.of(words), "folded": Texts.of(folded.texts)}, arrays))
