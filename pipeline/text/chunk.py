"""`Chunk`: a stretch of the text as word ids, which is all that training knows of it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive tokens of the corpus without those outside the vocabulary.

    Attributes:
        ids: (n,) word ids.
        sentence: (n,) for each token, which sentence of the corpus it stands in.
        known_before: tokens of the vocabulary in the chunks before.
    """

    ids: NDArray[np.int32]
    sentence: NDArray[np.int64]
    known_before: int
