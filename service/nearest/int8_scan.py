"""The scan in int8, with the products of NumKong: an eighth of the bytes to read for heads, a quarter for whole rows.

V words, D dimensions, n vectors, R rows of a block, m rows of the sample. The bounds are derived in quantized.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.nearest.quantized import (
    LARGEST_WIDTH,
    Bytes,
    Columns,
    Quantized,
    QuantizedVectors,
    quantized_heads,
    quantized_vectors,
)
from service.nearest.scan import BLOCK, SAMPLED, Look, Scan, Scores
from service.nearest.units import Doubles, Rows
from storage.embeddings import Floats

_ROWS_TOGETHER = 8  # NumKong's products are three times slower at other heights
_ROUNDING = 1e-9  # of float64, in the rotation and in the bounds


def int8_products() -> bool:
    """Whether NumKong is installed and knows how to use this processor."""
    try:
        import numkong
    except ImportError:
        return False
    return any(usable for name, usable in numkong.get_capabilities().items() if name != "serial")


class Int8Scan(Scan):
    """The scan in int8; holds packed copies of the rows and of their heads, about 1.5 x V x W bytes."""

    def __init__(self, quantized: Quantized) -> None:
        self._rotation = quantized.rotation
        self._rows = _Rows(float(quantized.scale[0]), quantized.errors, float(quantized.errors.max()))
        columns = Columns(len(quantized.rotation))
        self._whole = _Packed(quantized.q)
        self._heads = _Packed(quantized.q[:, : columns.split]) if columns.split < columns.width else None

    @staticmethod
    def of(quantized: Quantized) -> "Int8Scan | None":
        """The scan, or None where NumKong cannot be used, or the product of so many columns would not fit int32."""
        return Int8Scan(quantized) if quantized.q.shape[1] <= LARGEST_WIDTH and int8_products() else None

    def looks(self, vectors: Doubles) -> Iterator[Look]:
        """At the heads, unless they are all there is, and at whole rows."""
        rotated = vectors @ self._rotation  # (n, D)
        if self._heads is not None:
            yield _Int8Look(self._rows, self._heads, quantized_heads(rotated), last=False)
        yield _Int8Look(self._rows, self._whole, quantized_vectors(rotated), last=True)


@dataclass(frozen=True, eq=False)
class _Rows:
    """What is known of the V rows beside their whole numbers: the step, what each is off, and the most that one is."""

    scale: float
    errors: Floats
    widest: float


class _Packed:
    """Columns of all rows in blocks, and of the sample's rows once more, in the layout NumKong multiplies fastest."""

    def __init__(self, q: Bytes) -> None:
        import numkong

        self._numkong: Any = numkong
        self.sample = self._pack(q[::SAMPLED])
        self.blocks = [self._pack(q[start : start + BLOCK]) for start in range(0, len(q), BLOCK)]

    def products(self, vectors: Bytes, block: tuple[int, Any]) -> Scores:
        """(n, R) int32: the products of n vectors with each row of a block."""
        rows, packed = block
        return np.asarray(self._numkong.dots_packed(vectors, packed))[:, :rows]

    def _pack(self, q: Bytes) -> tuple[int, Any]:
        padded = np.zeros((-(-len(q) // _ROWS_TOGETHER) * _ROWS_TOGETHER, q.shape[1]), np.int8)
        padded[: len(q)] = q
        return len(q), self._numkong.dots_pack(padded, dtype="int8")


class _Int8Look(Look):
    """The products of n vectors with whole rows, or with heads."""

    def __init__(self, rows: _Rows, packed: _Packed, vectors: QuantizedVectors, *, last: bool) -> None:
        self.last = last
        self._packed = packed
        self._errors = rows.errors
        self._q = vectors.q
        self._error = vectors.errors + _ROUNDING  # (n,)
        self._length = vectors.lengths
        self.steps = vectors.scales * rows.scale
        self.widest = self._error + self._length * rows.widest

    def sample(self, which: Rows) -> Scores:
        return self._packed.products(self._q[which], self._packed.sample)

    def block(self, number: int, which: Rows) -> Scores:
        return self._packed.products(self._q[which], self._packed.blocks[number])

    def bounds(self, which: int, rows: Rows) -> Doubles:
        bounds: Doubles = self._error[which] + self._length[which] * self._errors[rows]
        return bounds

    def thresholds(self, which: Rows, cosines: Doubles) -> Scores:
        floors = np.floor((cosines - self.widest[which]) / self.steps[which])
        return floors.clip(-(2.0**31), 2.0**31 - 1).astype(np.int32)
