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
from service.nearest import Quantized, quantized
from service.vectors import UnitVectors
from storage.array_folder import Array
from storage.derived import Derived, DerivedFiles
from storage.embeddings import Embeddings, Floats
from storage.models import ModelInfo
from storage.ngrams import Ngrams
from storage.store import Store
from storage.subwords import Subwords
from storage.texts import Texts, order_of

log = logging.getLogger(__name__)

_LAYOUT = 5  # another number whenever what `_derived` makes changes, or how it is computed
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
        return _mapped(db, info) or _made_and_kept(store, info)  # who had to wait finds what the other has made


def load_vectors_once(db: Path, info: ModelInfo) -> UnitVectors:
    """The same for a process that answers a question and ends: what is not there is not written, nor made in int8."""
    found = _mapped(db, info)
    if found:
        return replace(found, quantized=None)
    with Store.open(db) as store:
        return UnitVectors.of(store.load(info), partial(_contexts, db, info), partial(_subwords, db, info))


def derive(
    store: Store, info: ModelInfo, embeddings: Embeddings, contexts: Floats | None, subwords: Subwords | None = None
) -> None:
    """Write the derived files of a model that was just published, unless another process was faster."""
    with derived_files(store.path).making():
        if not _mapped(store.path, info):
            _kept(store, info, _made(embeddings, contexts, subwords))


def derived_files(db: Path) -> DerivedFiles:
    """Where what is derived from a store's models lies."""
    return DerivedFiles(db, _LAYOUT)


def _contexts(db: Path, info: ModelInfo) -> Floats | None:
    with Store.open(db) as store:
        return store.load_contexts(info)


def _subwords(db: Path, info: ModelInfo) -> Subwords | None:
    with Store.open(db) as store:
        return store.load_subwords(info)


def _made_and_kept(store: Store, info: ModelInfo) -> UnitVectors:
    made = _made(store.load(info, verify=True), store.load_contexts(info), store.load_subwords(info))
    return _kept(store, info, made)


def _made(embeddings: Embeddings, contexts: Floats | None, subwords: Subwords | None) -> UnitVectors:
    return UnitVectors.of(embeddings, lambda: contexts, lambda: subwords, in_int8=True)


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
        load_subwords=lambda: _subwords_in(arrays),
    )


def _subwords_in(arrays: Mapping[str, Array]) -> Subwords | None:
    if "subword_rows" not in arrays:
        return None
    return Subwords(Ngrams(*arrays["ngrams"].tolist()), arrays["subword_buckets"], arrays["subword_rows"])


def _arrays_of(subwords: Subwords | None) -> dict[str, Array]:
    if subwords is None:
        return {}
    ngrams = np.array(astuple(subwords.ngrams))  # (3,)
    return {"ngrams": ngrams, "subword_buckets": subwords.buckets, "subword_rows": subwords.rows}


def _kept(store: Store, info: ModelInfo, made: UnitVectors) -> UnitVectors:
    """The vectors, mapped from files that are written here; from memory where these cannot be written."""
    started, files = time.perf_counter(), derived_files(store.path)
    try:
        files.write(info, _derived(made))
        files.tidy(store.models())
    except OSError as error:
        why = error.strerror or error
        log.warning("%s is answered from memory: %s cannot be written (%s)", info, files.folder, why)
        return made
    log.debug("%s is mapped from %s, written in %.1f s", info, files.of(info), time.perf_counter() - started)
    return _mapped(store.path, info) or made


def _derived(made: UnitVectors) -> Derived:
    folded = made.folded or Folded.of(made.words)
    in_int8 = made.quantized or quantized(made.unit)
    arrays: dict[str, Array] = {
        "counts": made.counts,
        "unit": made.unit,
        "lengths": made.lengths,
        **{f"int8_{name}": getattr(in_int8, name) for name in _INT8},
        "folded_order": folded.order,
        "folded_lengths": folded.lengths,
        "order": order_of(made.words),
    }
    contexts = {} if made.contexts is None else {"contexts": made.contexts}
    arrays |= {**contexts, **_arrays_of(made.subwords)}
    return Derived({"words": Texts.of(made.words), "folded": Texts.of(folded.texts)}, arrays)
