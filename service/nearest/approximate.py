"""The approximate index: an inverted file by faiss, for matrices so large that reading all rows takes too long.

V words, D dimensions, k answers. It is chosen, never taken by itself; its recall is measured when it is made, stored
with it, and told with each answer. Candidates are ranked exactly: scores are right, only rows can be missing.

IVF: Jegou, Douze, Schmid 2011, "Product Quantization for Nearest Neighbor Search", section IV; here with whole rows in
the lists (IVF-Flat).
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from service.nearest.index import Index
from service.nearest.sieve import usable
from service.nearest.units import Doubles, Rows, unit_vector
from service.nearest.wanted import Found, Wanted
from storage.embeddings import Floats
from storage.errors import InputError, SettingError
from storage.files import sha256_of_file, sha256_of_json, whole_file, write_json

ENOUGH = 0.99  # recall at which no more lists are probed
_ASKED, _TOPN = 200, 10
_ROWS_OF_A_LIST_TO_TRAIN = 64
_MORE, _AT_LEAST = 4, 64  # candidates for each answer, and at all


@dataclass(frozen=True)
class Note:
    """What answers say of the index they came from.

    Attributes:
        lists: how many lists the rows are in.
        probes: how many of them are read for a question.
        recall_at_10: which share of the 10 nearest rows is found, on average, for the vectors of single words.
        recall_at_10_of_sums: the same for vectors b - a + c of words, which lie farther from all rows.
    """

    lists: int
    probes: int
    recall_at_10: float
    recall_at_10_of_sums: float


class ApproximateIndex:
    """Finds most of the nearest rows; answers exactly where rows are filtered, and where it finds too few.

    Attributes:
        unit: (V, D) float32, rows of length 1 or 0.
        exact: the exact index of the same rows.
        note: for the metadata of answers.
    """

    def __init__(self, exact: Index, lists: Any, note: Note, zeros: int = 0) -> None:
        """An index from faiss's lists.

        Args:
            exact: the exact index of the same rows.
            lists: faiss's inverted file of them.
            note: what is known of it.
            zeros: how many rows are zero; questions that allow all others are not filtered.
        """
        self.unit = exact.unit
        self.exact = exact
        self.note = note
        self._lists = lists
        self._pointing = len(exact.unit) - zeros
        lists.nprobe = note.probes

    @staticmethod
    def build(exact: Index, path: Path, zeros: int = 0) -> "ApproximateIndex":
        """Make the lists, measure their recall and write both, `path` and `path`.json, each whole or not at all.

        Raises:
            SettingError: faiss is not installed.
            OSError: there is no room, or no permission.
        """
        faiss = need_faiss()
        lists = _built(faiss, exact.unit)
        note = _measured(exact, lists)
        with whole_file(path) as file:
            faiss.write_index(lists, faiss.PyCallbackIOWriter(file.write))
        about = {"file": _signs(path), "file_sha256": sha256_of_file(path), "note": asdict(note)}
        write_json(_beside(path), {**about, "sha256": sha256_of_json(about)})
        return ApproximateIndex(exact, lists, note, zeros)

    @staticmethod
    def open(exact: Index, path: Path, zeros: int = 0) -> "ApproximateIndex":
        """Memory-map what `build` has written for the same rows.

        Raises:
            SettingError: faiss is not installed.
            FileNotFoundError: nothing was written there.
            InputError: it is damaged, was changed since it was written, or is of other rows.
        """
        faiss = need_faiss()
        about = _about(path)
        note, signs = Note(**about["note"]), about["file"]
        if signs != _signs(path):
            raise InputError(f"{path.name} is not as it was written")
        try:
            lists = faiss.read_index(str(path), faiss.IO_FLAG_MMAP | faiss.IO_FLAG_READ_ONLY)
        except RuntimeError as error:  # written by a faiss that this one does not understand
            raise InputError(f"{path.name} cannot be read: {error}") from error
        if (lists.ntotal, lists.d) != exact.unit.shape:
            raise InputError(f"{path.name} is of other vectors")
        return ApproximateIndex(exact, lists, note, zeros)

    @staticmethod
    def check(path: Path) -> None:
        """Read everything that `build` has written.

        Raises:
            FileNotFoundError: nothing was written there.
            InputError: something is not as it was written.
        """
        if _about(path)["file_sha256"] != sha256_of_file(path):
            raise InputError(f"{path.name} is not as it was written")

    @property
    def second_looks(self) -> int:
        """How many questions that the exact index answered had too many rows left after the scan."""
        return self.exact.second_looks

    def nearest(self, wanted: Sequence[Wanted]) -> list[Found]:
        """What each of them asks for; the answer to one does not depend on the others."""
        return [self._nearest(each) for each in wanted]

    def cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines, exactly."""
        return self.exact.cosines(rows, vector)

    def _nearest(self, wanted: Wanted) -> Found:
        if wanted.allowed is not None and np.count_nonzero(wanted.allowed) < self._pointing:
            return self.exact.nearest([wanted])[0]
        rows = _probed(self._lists, wanted)
        if len(rows) < wanted.k:
            return self.exact.nearest([wanted])[0]
        return self.exact.among(rows, wanted)


def need_faiss() -> Any:
    """The library that the approximate index is made with.

    Raises:
        SettingError: it is not installed.
    """
    try:
        import faiss
    except ImportError:
        raise SettingError("the approximate index needs faiss: pip install 'firth[approximate]'") from None
    return faiss


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _about(path: Path) -> dict[str, Any]:
    """What is known of a file, from beside it."""
    try:
        about: dict[str, Any] = json.loads(_beside(path).read_text("utf-8"))
        whole = about.pop("sha256") == sha256_of_json(about)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{_beside(path).name} is damaged") from error
    if not whole:
        raise InputError(f"{_beside(path).name} is damaged")
    return about


def _signs(path: Path) -> dict[str, int]:
    """By which a file is known again without reading it."""
    found = path.stat()
    return {"bytes": found.st_size, "modified_ns": found.st_mtime_ns}


def _built(faiss: Any, unit: Floats) -> Any:
    """About as many lists as rows in each; trained on some of the rows, from a fixed seed (faiss's own)."""
    rows, dimensions = unit.shape
    count = max(1, 2 ** round(np.log2(rows) / 2))
    lists = faiss.IndexIVFFlat(faiss.IndexFlatIP(dimensions), dimensions, count, faiss.METRIC_INNER_PRODUCT)
    lists.cp.spherical = True
    lists.cp.min_points_per_centroid = 1
    lists.train(np.ascontiguousarray(unit[:: max(1, rows // (_ROWS_OF_A_LIST_TO_TRAIN * count))]))
    lists.add(np.ascontiguousarray(unit))
    return lists


def _probed(lists: Any, wanted: Wanted) -> Rows:
    """The rows of the best candidates in the probed lists, in order."""
    candidates = max(_AT_LEAST, _MORE * wanted.k) + len(wanted.banned)
    found = lists.search(wanted.vector.astype(np.float32)[np.newaxis], min(candidates, lists.ntotal))[1][0]
    rows: Rows = np.sort(found[found >= 0]).astype(np.intp)
    return rows[usable(rows, wanted)]


def _measured(exact: Index, lists: Any) -> Note:
    """Probe more lists until both recalls are enough."""
    asked = _asked(exact.unit)
    right = [{*found.rows.tolist()} for found in exact.nearest(asked)]
    probes = min(8, lists.nlist)
    while True:
        index = ApproximateIndex(exact, lists, Note(lists.nlist, probes, 0.0, 0.0))
        shares = np.array(
            [
                len(its & {*found.rows.tolist()}) / max(1, len(its))
                for its, found in zip(right, index.nearest(asked), strict=True)
            ]
        )
        words, sums = float(shares[::2].mean()), float(shares[1::2].mean())
        if min(words, sums) >= ENOUGH or probes == lists.nlist:
            return Note(lists.nlist, probes, round(words, 4), round(sums, 4))
        probes = min(2 * probes, lists.nlist)


def _asked(unit: Floats) -> list[Wanted]:
    """Questions about single words and about sums of three, in turn."""
    generator = np.random.default_rng(0)
    asked = []
    for a, b, c in generator.integers(0, len(unit), (_ASKED, 3)).tolist():
        rows = unit[[a, b, c]].astype(np.float64)
        asked += [
            Wanted(unit_vector(rows[0]), _TOPN, (a,)),
            Wanted(unit_vector(rows[1] - rows[0] + rows[2]), _TOPN, (a, b, c)),
        ]
    return asked
