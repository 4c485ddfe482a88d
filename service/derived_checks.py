"""What is checked beside a store: the files derived from its models are as they were written, and made of these."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from service.approximating import approximate_file
from service.loading import derived_files, load_vectors_once
from service.nearest import ApproximateIndex
from storage.checks import Check, checked
from storage.models import ModelInfo
from storage.store import Store

_OFF = 1e-5  # of a vector's length: what a division and a product in float32 may lose of a number
_ROWS_AT_ONCE = 8192


def check_derived(store: Store, info: ModelInfo) -> Iterator[Check]:
    """What lies beside the store for a model; what is not there is made when it is needed, and not missed."""
    if not derived_files(store.path).of(info).is_dir():
        yield Check(str(info), "derived files", note="none; they are made when they are needed")
        return
    yield checked(str(info), "derived files", partial(_files, store, info))
    if (path := approximate_file(store.path, info)).exists():
        yield checked(str(info), "approximate index", partial(_index, path))


def _files(store: Store, info: ModelInfo) -> Iterator[str]:
    derived_files(store.path).check(info)
    vectors, embeddings = load_vectors_once(store.path, info), store.load(info)
    if list(vectors.words) != list(embeddings.words) or not np.array_equal(vectors.counts, embeddings.counts):
        yield "they are of other words"
        return
    for start in range(0, len(embeddings), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        lengths = vectors.lengths[rows, np.newaxis]
        if (np.abs(vectors.unit[rows] * lengths - embeddings.matrix[rows]) > _OFF * lengths).any():
            yield f"they are of other vectors, from row {start} on or soon after it"
            return


def _index(path: Path) -> Iterator[str]:
    ApproximateIndex.check(path)
    yield from ()
