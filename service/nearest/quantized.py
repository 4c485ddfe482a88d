"""The unit matrix in int8, a quarter of its bytes, with how far each row is off.

V words, D dimensions, h dimensions of the head, W columns, n rows.

The matrix is rotated first, which changes no product: so that the first h dimensions, the head, hold as much of the
rows' length as they can (principal axes), and so that the numbers within the head, and within the tail, are of one
size (a random rotation of each). What is left of a row behind the head is its tail.

Notation: û is a rotated row divided by its exact length, v a rotated unit vector, û = (p, r) and v = (x, y) their heads
and tails. Rows are stored as whole numbers a of at most 127 in size, times one step s for all of them; v as b times a
step t. Then

    û·v - s·t·(a·b)  =  û·(v - t·b) + (û - s·a)·(t·b)

and by Cauchy-Schwarz, as |û| <= 1,

    |cos - s·t·(a·b)|  <=  |v - t·b| + |û - s·a|·|t·b|.                                               (whole rows)

The lengths are measured, not estimated: |û - s·a| is kept for each row, the others are computed when v comes. From the
head alone, with a and b the numbers of the heads and v = (x, y) with another step t, the same steps and r·y <= |r|·|y|
give

    cos  <=  s·t·(a·b) + |r|·|y| + |x - t·b| + |p - s·a|·|t·b|.                                       (heads)

|r|·|y| differs from row to row, and is made part of the product: four more columns hold c >= |r|/(2s) in each row and
d >= |y|/(2t) in the vector, so that s·t·4·c·d >= |r|·|y|. The products are exact: W products of at most 127² fit int32
up to W = 133,144.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.nearest.units import ROWS_AT_ONCE, Doubles, exact_rows
from storage.embeddings import Floats

Bytes = NDArray[np.int8]

LARGEST = 127
LARGEST_WIDTH = (2**31 - 1) // LARGEST**2
COLUMNS_TOGETHER = 16  # products are three times faster at multiples of it
_LENGTH_COLUMNS = 4
_ROWS_FOR_AXES = 65536
_ROUNDED = 1.001  # the largest numbers are found in float32; steps are larger by this, so that none exceeds 127


@dataclass(frozen=True, eq=False)
class Quantized:
    """A unit matrix in int8; four arrays that can be stored and memory-mapped.

    Attributes:
        rotation: (D, D) float64, orthogonal; what a vector is multiplied with from the right.
        q: (V, W) int8: the head of each row, four times the length of its tail, its tail, with zeros between.
        scale: (1,) float64, the step s.
        errors: (V,) float32, |û - s·a|, rounded up.
    """

    rotation: Doubles
    q: Bytes
    scale: Doubles
    errors: Floats


@dataclass(frozen=True)
class Columns:
    """Which of the W columns hold what, for D dimensions.

    Attributes:
        head: dimensions of the head.
        split: columns of the head, the length of the tail among them; the tail begins here.
        width: W.
    """

    dimensions: int

    @property
    def split(self) -> int:
        """Half of the dimensions, or a little more."""
        return -(-self.dimensions // (2 * COLUMNS_TOGETHER)) * COLUMNS_TOGETHER

    @property
    def head(self) -> int:
        """What the length of the tail leaves."""
        return min(self.dimensions, self.split - _LENGTH_COLUMNS)

    @property
    def width(self) -> int:
        """W: head, length, tail, each filled up."""
        return self.split - (self.head - self.dimensions) // COLUMNS_TOGETHER * COLUMNS_TOGETHER

    def filled(self, heads: Bytes, lengths: Bytes | int, tails: Bytes) -> Bytes:
        """(n, W) from (n, h) heads, (n, 1) lengths and (n, D - h) tails."""
        q = np.zeros((len(heads), self.width), np.int8)
        q[:, : self.head] = heads
        q[:, self.split - _LENGTH_COLUMNS : self.split] = lengths
        q[:, self.split : self.split + tails.shape[1]] = tails
        return q


@dataclass(frozen=True, eq=False)
class QuantizedVectors:
    """n unit vectors in int8, to be multiplied with whole rows or with heads.

    Attributes:
        q: (n, W), or (n, columns of the head), their whole numbers b in the columns of the rows.
        scales: (n,) the steps t.
        errors: (n,) |v - t·b|.
        lengths: (n,) |t·b|.
    """

    q: Bytes
    scales: Doubles
    errors: Doubles
    lengths: Doubles


def quantized(unit: Floats) -> Quantized:
    """The (V, D) unit matrix in int8."""
    columns = Columns(unit.shape[1])
    rotation = _rotation(unit, columns.head)
    scale = _ROUNDED * _largest(unit, rotation.astype(np.float32), columns.head) / LARGEST
    q = np.empty((len(unit), columns.width), np.int8)
    errors = np.empty(len(unit), np.float32)
    for start in range(0, len(unit), ROWS_AT_ONCE):
        block = slice(start, start + ROWS_AT_ONCE)
        rows = exact_rows(unit[block]) @ rotation  # (n, D)
        whole = np.rint(rows / scale).astype(np.int8)  # (n, D)
        heads, tails = np.hsplit(whole, [columns.head])
        lengths = np.linalg.norm(rows[:, columns.head :], axis=1, keepdims=True)  # (n, 1)
        q[block] = columns.filled(heads, np.ceil(lengths / (2 * scale)).astype(np.int8), tails)
        errors[block] = np.nextafter(np.linalg.norm(rows - whole * scale, axis=1), np.inf, dtype=np.float32)
    return Quantized(rotation, q, np.array([scale]), errors)


def quantized_vectors(rotated: Doubles) -> QuantizedVectors:
    """(n, D) rotated unit vectors in int8, for the product with whole rows."""
    columns = Columns(rotated.shape[1])
    b, scales, errors, lengths = _rounded(rotated, np.zeros(len(rotated)))
    heads, tails = np.hsplit(b, [columns.head])
    return QuantizedVectors(columns.filled(heads, 0, tails), scales, errors, lengths)


def quantized_heads(rotated: Doubles) -> QuantizedVectors:
    """The heads of (n, D) rotated unit vectors in int8, with the lengths of their tails, for the product with heads."""
    columns = Columns(rotated.shape[1])
    tails = np.linalg.norm(rotated[:, columns.head :], axis=1)  # (n,)
    b, scales, errors, lengths = _rounded(rotated[:, : columns.head], tails / 2)
    q = np.zeros((len(b), columns.split), np.int8)
    q[:, : columns.head] = b
    q[:, -_LENGTH_COLUMNS:] = np.ceil(tails / (2 * scales))[:, np.newaxis]
    return QuantizedVectors(q, scales, errors, lengths)


def _rounded(vectors: Doubles, least: Doubles) -> tuple[Bytes, Doubles, Doubles, Doubles]:
    """Whole numbers b, steps t, |v - t·b| and |t·b| of n vectors; 127 steps are at least their largest number."""
    scales = _ROUNDED * np.maximum(np.abs(vectors).max(axis=1), least) / LARGEST  # (n,)
    scales[scales == 0] = 1.0
    b = np.rint(vectors / scales[:, np.newaxis])
    near = b * scales[:, np.newaxis]
    return b.astype(np.int8), scales, np.linalg.norm(vectors - near, axis=1), np.linalg.norm(near, axis=1)


def _rotation(unit: Floats, head: int) -> Doubles:
    """(D, D): principal axes of the rows (not centered: cosines are not either), then both parts mixed at random."""
    some = exact_rows(unit[:: max(1, len(unit) // _ROWS_FOR_AXES)])
    axes = np.linalg.eigh(some.T @ some)[1][:, ::-1]  # (D, D), the longest first
    generator = np.random.default_rng(0)
    mixed = [part @ _random_rotation(part.shape[1], generator) for part in np.hsplit(axes, [head])]
    return np.ascontiguousarray(np.hstack(mixed))


def _random_rotation(size: int, generator: np.random.Generator) -> Doubles:
    return np.linalg.qr(generator.standard_normal((size, size)))[0]


def _largest(unit: Floats, rotation: Floats, head: int) -> float:
    """The largest number of the rotated rows, or half the longest tail if that is more."""
    largest = np.finfo(np.float32).tiny
    for start in range(0, len(unit), ROWS_AT_ONCE):
        rows = unit[start : start + ROWS_AT_ONCE] @ rotation  # (n, D)
        lengths = np.sqrt(np.square(rows[:, head:]).sum(axis=1))  # (n,)
        largest = max(largest, rows.max(), -rows.min(), lengths.max() / 2)
    return float(largest)
