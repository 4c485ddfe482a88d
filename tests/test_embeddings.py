"""Embeddings are words, counts and vectors that fit together, or they are not made."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.embeddings import Embeddings
from storage.errors import InputError


def embeddings(words=("the", "of"), counts=(3, 1), matrix=((1.0, 0.0, 2.0), (0.0, 1.0, 1.0))):
    return Embeddings(tuple(words), np.array(counts, np.int64), np.array(matrix, np.float32))


def test_rows_and_sizes():
    """A word's row is its place among the words; length and dimensions are those of the matrix."""
    made = embeddings()
    assert made.rows == {"the": 0, "of": 1}
    assert (len(made), made.dimensions) == (2, 3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": ("the",)}, "do not fit"),
        ({"counts": (3, 1, 1)}, "do not fit"),
        ({"matrix": (1.0, 2.0)}, "do not fit"),
        ({"words": (), "counts": (), "matrix": np.zeros((0, 3))}, "no number"),
        ({"matrix": np.zeros((2, 0))}, "no number"),
        ({"words": ("the", "the")}, "'the' stands 2 times"),
        ({"words": ("the", "")}, "row 1 is empty"),
        ({"words": ("the", "caf\udce9")}, r"'caf\\udce9' of row 1"),
    ],
)
def test_what_does_not_fit_is_refused(changed, said):
    """Shapes that differ, no words, a repeated, empty or unwritable word: each is an error that names it."""
    with pytest.raises(InputError, match=said):
        embeddings(**changed)


def test_other_number_types_are_refused():
    """Vectors are float32 and counts int64; anything else is refused, not converted unseen."""
    with pytest.raises(InputError, match="float64"):
        Embeddings(("the",), np.ones(1, np.int64), np.ones((1, 2)))
    with pytest.raises(InputError, match="int32"):
        Embeddings(("the",), np.ones(1, np.int32), np.ones((1, 2), np.float32))


@given(st.integers(0, 19), st.integers(0, 6), st.sampled_from([np.nan, np.inf, -np.inf]))
@settings(deadline=None)
def test_a_number_that_is_not_finite_is_found_wherever_it_stands(row, column, bad):
    """NaN or infinity anywhere in the matrix is refused with the word that has it."""
    matrix = np.ones((20, 7), np.float32)
    matrix[row, column] = bad
    with pytest.raises(InputError, match=f"'w{row}'"):
        Embeddings(tuple(f"w{i}" for i in range(20)), np.ones(20, np.int64), matrix)
