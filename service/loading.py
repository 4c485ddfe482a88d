"""From a stored model to what an engine answers from: mapped from its derived files where these are, else made.

The store is the truth; the derived files beside it are written by whoever will answer many questions, so that the
next one begins at once and all processes share one copy. Where they cannot be written, memory does.
"""

import logging
import time
from dataclasses import replace
from pathlib import Path

from service.nearest import Quantized, quantized
from service.vectors import UnitVectors
from storage.array_folder import Array
from storage.derived import Derived, DerivedFiles
from storage.embeddings import Embeddings, Floats
from storage.models import ModelInfo
from storage.store import Store

log = logging.getLogger(__name__)


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
    found = _mapped(db, info)
    if found:
        return found
    with Store.open(db, patience=patience) as store:
        made = _made(store.load(info, verify=True), store.load_contexts(info))
        models = store.models()
    return _kept(db, info, made, models)


def load_vectors_once(db: Path, info: ModelInfo) -> UnitVectors:
    """The same for a process that answers a question and ends: what is not there is not written, nor made in int8."""
    found = _mapped(db, info)
    if found:
        return replace(found, quantized=None)
    with Store.open(db) as store:
        return replace(UnitVectors.of(store.load(info)), load_contexts=lambda: _contexts(db, info))


def derive(store: Store, info: ModelInfo, embeddings: Embeddings, contexts: Floats | None) -> None:
    """Write the derived files of a model that was just published."""
    _kept(store.path, info, _made(embeddings, contexts), store.models())


def _contexts(db: Path, info: ModelInfo) -> Floats | None:
    with Store.open(db) as store:
        return store.load_contexts(info)


def _made(embeddings: Embeddings, contexts: Floats | None) -> UnitVectors:
    vectors = UnitVectors.of(embeddings)
    return replace(vectors, quantized=quantized(vectors.unit), load_contexts=lambda: contexts)


def _mapped(db: Path, info: ModelInfo) -> UnitVectors | None:
    derived = DerivedFiles(db).open(info)
    if derived is None:
        return None
    arrays = derived.arrays
    return UnitVectors(
        derived.words,
        arrays["counts"],
        arrays["unit"],
        arrays["lengths"],
        Quantized(arrays["int8"], arrays["scales"], arrays["errors"]),
        lambda: arrays.get("contexts"),
    )


def _kept(db: Path, info: ModelInfo, made: UnitVectors, models: list[ModelInfo]) -> UnitVectors:
    """The vectors, mapped from files that are written here; from memory where these cannot be written."""
    started, files = time.perf_counter(), DerivedFiles(db)
    try:
        files.write(info, _derived(made))
        files.tidy(models)
    except OSError as error:
        log.warning(
            "%s is answered from memory: %s cannot be written (%s)", info, files.folder, error.strerror or error
        )
        return made
    log.debug("%s is mapped from %s, written in %.1f s", info, files.of(info), time.perf_counter() - started)
    return _mapped(db, info) or made


def _derived(made: UnitVectors) -> Derived:
    arrays: dict[str, Array] = {"counts": made.counts, "unit": made.unit, "lengths": made.lengths}
    if made.quantized:
        arrays |= {"int8": made.quantized.q, "scales": made.quantized.scales, "errors": made.quantized.errors}
    if made.contexts is not None:
        arrays["contexts"] = made.contexts
    return Derived(made.words, arrays)
