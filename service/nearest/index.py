"""The one routine that ranks: which rows of a matrix of unit vectors are nearest to given vectors, exactly.

V words, D dimensions, n rows, k answers.

A scan gives rough cosines of all rows and drops those that cannot be among the k best (candidates.py). Where more than
a few rows are left, float32 parts them; where many are, that is a second look. Float64 then ranks them, each row
computed by itself, so that equal vectors score equal wherever they stand. However rows were dropped, alone or in a
batch, by int8 or by float32, the k best are left, so the answer is the same, bit for bit.
"""

from collections.abc import Sequence
from itertools import count

import numpy as np

from service.nearest.candidates import sift
from service.nearest.int8_scan import Int8Scan
from service.nearest.quantized import Quantized
from service.nearest.scan import FloatScan, Scan, float_error
from service.nearest.sieve import Sieve, usable
from service.nearest.units import ROWS_AT_ONCE, Doubles, Rows, cosines
from service.nearest.wanted import Found, Wanted
from storage.embeddings import Floats

_TOGETHER = 64  # vectors in one product
_FEW = 64  # rows that float64 ranks at once, or four for each answer if that is more; more are parted by float32
_MANY = 1024  # rows whose parting is a second look over the matrix, no more the ranking of candidates
_SPARSE = 32  # where not even every 32nd row is allowed, only those rows are read


class Index:
    """Finds the nearest rows of a (V, D) matrix of unit vectors; only ever read, so threads can share it.

    Given a quantized copy of the matrix, and NumKong to multiply it, a scan reads a quarter of the bytes; without
    either it is NumPy's float32 product. The answers are the same.

    Attributes:
        unit: (V, D) float32, rows of length 1 or 0.
        int8: whether int8 products drop rows.
        second_looks: how many questions so far had too many rows left after the scan.
    """

    def __init__(self, unit: Floats, quantized: Quantized | None = None) -> None:
        self.unit = unit
        scan = None if quantized is None else Int8Scan.of(quantized)
        self.int8 = scan is not None
        self.second_looks = 0
        self._scan: Scan = scan or FloatScan(unit)
        self._looks = count(1)  # threads that count together lose nothing

    def nearest(self, wanted: Sequence[Wanted]) -> list[Found]:
        """What each of them asks for; the answer to one does not depend on the others."""
        scanned = [place for place, each in enumerate(wanted) if not self._sparse(each)]
        found: dict[int, Found] = {}
        for start in range(0, len(scanned), _TOGETHER):
            group = scanned[start : start + _TOGETHER]
            found |= zip(group, self._scanned([wanted[place] for place in group]), strict=True)
        return [
            found[place] if place in found else self.among(self._usable(each), each)
            for place, each in enumerate(wanted)
        ]

    def cosines(self, rows: Rows, vector: Doubles) -> Doubles:
        """(n,) cosines of n rows with a (D,) unit vector; 0 for zero vectors, never outside [-1, 1]."""
        return cosines(self.unit, rows, vector)

    def _sparse(self, wanted: Wanted) -> bool:
        allowed = len(self.unit) if wanted.allowed is None else int(np.count_nonzero(wanted.allowed))
        return wanted.k < 1 or allowed <= _MANY or allowed * _SPARSE <= len(self.unit)

    def _usable(self, wanted: Wanted) -> Rows:
        return np.flatnonzero(usable(np.arange(len(self.unit)), wanted))

    def _scanned(self, group: Sequence[Wanted]) -> list[Found]:
        sieves = [Sieve(self.unit, wanted) for wanted in group]
        sift(self._scan, sieves, len(self.unit))
        return [self._sifted(sieve) for sieve in sieves]

    def _sifted(self, sieve: Sieve) -> Found:
        rows = np.arange(len(self.unit)) if sieve.rows is None else sieve.rows
        rows = rows[usable(rows, sieve.wanted)]
        if len(rows) > max(_MANY, 4 * sieve.wanted.k):
            self.second_looks = next(self._looks)
        return self.among(rows, sieve.wanted)

    def among(self, rows: Rows, wanted: Wanted) -> Found:
        """The nearest of n usable rows."""
        if len(rows) > max(_FEW, 4 * wanted.k):
            rows = self._look(rows, wanted)
        scores = self.cosines(rows, wanted.vector)
        best = np.lexsort((rows, -scores))[: wanted.k]
        best = best[scores[best] >= wanted.least]
        return Found(rows[best], scores[best])

    def _look(self, rows: Rows, wanted: Wanted) -> Rows:
        """Those of n rows that a float32 product does not exclude."""
        vector, error = wanted.vector.astype(np.float32), float_error(len(wanted.vector))
        blocks = (rows[start : start + ROWS_AT_ONCE] for start in range(0, len(rows), ROWS_AT_ONCE))
        rough = np.concatenate([self.unit[block] @ vector for block in blocks]).astype(np.float64)  # (n,)
        kth = np.partition(rough, -wanted.k)[-wanted.k]
        left: Rows = rows[rough >= max(wanted.least - error, kth - 2 * error)]
        return left
