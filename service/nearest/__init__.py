"""The nearest rows of a matrix of unit vectors: exactly, and fast."""

from service.nearest.approximate import ApproximateIndex, Note, need_faiss
from service.nearest.index import Index
from service.nearest.quantized import Quantized, quantized
from service.nearest.units import Doubles, Rows, unit_rows, unit_vector
from service.nearest.wanted import Found, Ranker, Wanted

__all__ = [
    "ApproximateIndex",
    "Doubles",
    "Found",
    "Index",
    "Note",
    "Quantized",
    "Ranker",
    "Rows",
    "Wanted",
    "need_faiss",
    "quantized",
    "unit_rows",
    "unit_vector",
]
