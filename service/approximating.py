"""The approximate index of a stored model: mapped from beside its derived files where it is there, else made.

It lies in the same folder, which is named by the hash of the vectors and goes when these are derived anew.
"""

import logging
import time
from pathlib import Path

import numpy as np

from service.loading import derived_files
from service.nearest import ApproximateIndex, Index
from service.vectors import UnitVectors
from storage.errors import InputError
from storage.models import ModelInfo

log = logging.getLogger(__name__)

_FILE = "approximate.ivf"


def load_approximate(db: Path, info: ModelInfo, vectors: UnitVectors, exact: Index) -> ApproximateIndex | None:
    """The approximate index of a model; made and written if it was not; None where it cannot be written.

    Args:
        db: the store's file.
        info: one of its models.
        vectors: what the model is answered from.
        exact: the exact index of the same vectors.

    Raises:
        SettingError: faiss is not installed.
    """
    files = derived_files(db)
    if found := open_approximate(db, info, vectors, exact):
        return found
    with files.making():  # who had to wait finds what the other has made
        return open_approximate(db, info, vectors, exact) or _made(files.of(info), info, vectors, exact)


def open_approximate(db: Path, info: ModelInfo, vectors: UnitVectors, exact: Index) -> ApproximateIndex | None:
    """The same where it was written already; None where it was not, or cannot be believed.

    Raises:
        SettingError: it is there, and faiss is not installed.
    """
    path = approximate_file(db, info)
    if not path.exists():
        return None
    try:
        return ApproximateIndex.open(exact, path, _zeros(vectors))
    except (InputError, OSError) as error:
        log.warning("%s is not believed: %s", path, error)
        return None


def approximate_file(db: Path, info: ModelInfo) -> Path:
    """Where a model's approximate index is, or would be."""
    return derived_files(db).of(info) / _FILE


def _made(folder: Path, info: ModelInfo, vectors: UnitVectors, exact: Index) -> ApproximateIndex | None:
    started = time.perf_counter()
    if not folder.is_dir():  # the vectors could not be written either, so each process would make its own
        log.warning("%s has no approximate index: %s cannot be written", info, folder)
        return None
    try:
        made = ApproximateIndex.build(exact, folder / _FILE, _zeros(vectors))
        opened = ApproximateIndex.open(exact, folder / _FILE, _zeros(vectors))  # mapped, so that processes share it
    except (InputError, OSError) as error:
        log.warning("%s has no approximate index: %s cannot be written (%s)", info, folder / _FILE, error)
        return None
    note, seconds = made.note, time.perf_counter() - started
    log.info("%s has an approximate index, made in %.1f s: recall@10 %.4f", info, seconds, note.recall_at_10)
    return opened


def _zeros(vectors: UnitVectors) -> int:
    return 0 if vectors.pointing is None else int(np.count_nonzero(~vectors.pointing))
