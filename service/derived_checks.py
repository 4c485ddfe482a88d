"""What is checked beside a store: the files derived from its models are as they were written, and made of these."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from service.approximating import approximate_file
from service.loading import derived_files
from service.nearest import ApproximateIndex
from storage.checks import Check, checked
from storage.models import ModelInfo


def check_derived(db: Path, info: ModelInfo) -> Iterator[Check]:
    """What lies beside the store for a model; what is not there is made when it is needed, and not missed."""
    if not derived_files(db).of(info).is_dir():
        yield Check(str(info), "derived files", note="none; they are made when they are needed")
        return
    yield checked(str(info), "derived files", partial(_arrays, db, info))
    if (path := approximate_file(db, info)).exists():
        yield checked(str(info), "approximate index", partial(_index, path))


def _arrays(db: Path, info: ModelInfo) -> Iterator[str]:
    derived_files(db).check(info)
    yield from ()


def _index(path: Path) -> Iterator[str]:
    ApproximateIndex.check(path)
    yield from ()
