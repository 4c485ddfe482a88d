"""The scan in int8, with the products of NumKong: a quarter of the bytes to read.

V words, D dimensions, n vectors, R rows of a block, m rows of the sample.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from service.nearest.quantized import LARGEST_DIMENSIONS, Bytes, Quantized, QuantizedVector, quantized_vector
from service.nearest.scan import SAMPLED, Asked
from service.nearest.units import Doubles, Rows
from storage.embeddings import Floats

_ROWS_OF_A_BLOCK = 16384  # the scores of 64 vectors with them stay in the processor's cache
_ROWS_TOGETHER, _DIMENSIONS_TOGETHER = 8, 16  # NumKong's products are three times slower at other sizes
_ROUNDING = 2e-6  # float32 holds the products, the steps and the thresholds: a few parts in 2**24 of at most 5


def int8_products() -> bool:
    """Whether NumKong is installed and knows how to use this processor."""
    try:
        import numkong
    except ImportError:
        return False
    return any(usable for name, usable in numkong.get_capabilities().items() if name != "serial")


class Int8Scan:
    """The scan in int8; holds a packed copy of the whole numbers, (V, D) bytes."""

    def __init__(self, quantized: Quantized) -> None:
        self.scales, self.errors = quantized.scales, quantized.errors
        self.widest = float(quantized.errors.max())
        self.sampled = _Packed(quantized.q[::SAMPLED], quantized.scales[::SAMPLED])
        starts = range(0, len(quantized.q), _ROWS_OF_A_BLOCK)
        blocks = (slice(start, start + _ROWS_OF_A_BLOCK) for start in starts)
        self.blocks = [(block.start, _Packed(quantized.q[block], quantized.scales[block])) for block in blocks]

    @staticmethod
    def of(quantized: Quantized) -> "Int8Scan | None":
        """The scan, or None where NumKong cannot be used, or a product of so many dimensions would not fit int32."""
        fits = quantized.q.shape[1] <= LARGEST_DIMENSIONS
        return Int8Scan(quantized) if fits and int8_products() else None

    def ask(self, vectors: Doubles) -> Asked:
        """Take (n, D) unit vectors."""
        return _Int8Asked(self, [quantized_vector(vector) for vector in vectors])


class _Packed:
    """R rows in the layout that NumKong multiplies fastest."""

    def __init__(self, q: Bytes, scales: Floats) -> None:
        import numkong

        self._numkong: Any = numkong
        self._rows = len(q)
        self._packed = numkong.dots_pack(_padded(q, _ROWS_TOGETHER), dtype="int8")
        self._scales = np.ascontiguousarray(scales)

    def scores(self, vectors: Bytes) -> Floats:
        """(n, R): the whole products of n padded vectors with each row, times the row's step."""
        products = np.asarray(self._numkong.dots_packed(vectors, self._packed))  # (n, R and padding) int32
        scores = products[:, : self._rows].astype(np.float32)
        scores *= self._scales
        return scores


class _Int8Asked(Asked):
    coarse = True

    def __init__(self, scan: Int8Scan, vectors: list[QuantizedVector]) -> None:
        self._scan = scan
        self._vectors = vectors
        self._q = _padded(np.stack([vector.q for vector in vectors]), 1)
        self.steps = np.array([vector.scale for vector in vectors])
        self.widest = np.array([vector.error + vector.length * scan.widest for vector in vectors]) + _ROUNDING

    def sample(self) -> Floats:
        return self._scan.sampled.scores(self._q)

    def blocks(self) -> Iterator[tuple[int, Floats]]:
        return ((start, packed.scores(self._q)) for start, packed in self._scan.blocks)

    def bounds(self, which: int, rows: Rows) -> Doubles:
        return self._vectors[which].bounds(self._scan.errors[rows]) + _ROUNDING


def _padded(q: Bytes, rows_together: int) -> Bytes:
    """The rows with zeros behind and below, up to the sizes that are fast; zeros add nothing to a product."""
    rows, dimensions = (
        -(-size // together) * together
        for size, together in zip(q.shape, (rows_together, _DIMENSIONS_TOGETHER), strict=True)
    )
    padded = np.zeros((rows, dimensions), np.int8)
    padded[: q.shape[0], : q.shape[1]] = q
    return padded
