"""The unit matrix in int8, a quarter of its bytes, with how far each row is off.

V words, D dimensions, n rows.

Notation: û is a row of the unit matrix divided by its exact length, v a unit vector. û is stored as s·a and v as t·b,
with whole numbers a and b of at most 127 in size and the steps s and t. Then

    û·v - s·t·(a·b)  =  û·(v - t·b) + (û - s·a)·(t·b)

and by Cauchy-Schwarz, as |û| <= 1,

    |cos - s·t·(a·b)|  <=  |v - t·b| + |û - s·a|·|t·b|.

All three lengths are measured, not estimated: |û - s·a| is kept for each row, the two of v are computed when it comes.
The product a·b itself is exact: D products of at most 127² fit int32 up to D = 133,144.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.nearest.units import ROWS_AT_ONCE, Doubles, exact_rows
from storage.embeddings import Floats

Bytes = NDArray[np.int8]

LARGEST = 127
LARGEST_DIMENSIONS = (2**31 - 1) // LARGEST**2


@dataclass(frozen=True, eq=False)
class Quantized:
    """A unit matrix in int8; three arrays that can be stored and memory-mapped.

    Attributes:
        q: (V, D) int8, the whole numbers a.
        scales: (V,) float32, the steps s.
        errors: (V,) float32, |û - s·a|, rounded up.
    """

    q: Bytes
    scales: Floats
    errors: Floats


@dataclass(frozen=True, eq=False)
class QuantizedVector:
    """One unit vector in int8.

    Attributes:
        q: (D,) int8, the whole numbers b.
        scale: the step t.
        error: |v - t·b|.
        length: |t·b|.
    """

    q: Bytes
    scale: float
    error: float
    length: float

    def bounds(self, errors: Floats) -> Doubles:
        """How far s·t·(a·b) can be from the cosine, for rows with these errors |û - s·a|; same shape as `errors`."""
        return self.error + self.length * errors.astype(np.float64)


def quantized(unit: Floats) -> Quantized:
    """The (V, D) unit matrix in int8; each row's step is its largest number / 127."""
    parts = list(_quantized_blocks(unit))
    q, scales, errors = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    return Quantized(q, scales, errors)


def quantized_vector(vector: Doubles) -> QuantizedVector:
    """The (D,) float64 unit vector in int8."""
    scale = float(np.abs(vector).max()) / LARGEST or 1.0
    q = np.rint(vector / scale).astype(np.int8)
    near = q * scale
    return QuantizedVector(q, scale, float(np.linalg.norm(vector - near)), float(np.linalg.norm(near)))


def _quantized_blocks(unit: Floats) -> Iterator[tuple[Bytes, Floats, Floats]]:
    for start in range(0, len(unit), ROWS_AT_ONCE):
        exact = exact_rows(unit[start : start + ROWS_AT_ONCE])  # (n, D)
        largest = np.abs(exact).max(axis=1)  # (n,)
        scales = (np.where(largest == 0, 1.0, largest) / LARGEST).astype(np.float32)
        steps = scales.astype(np.float64)[:, np.newaxis]
        q = np.rint(exact / steps).astype(np.int8)  # at most 127: a rounded step is off by far less than half of one
        errors = np.linalg.norm(exact - q * steps, axis=1)
        yield q, scales, np.nextafter(errors.astype(np.float32), np.float32(np.inf))
