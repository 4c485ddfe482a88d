"""Level 2: Firth makes gensim's own random choices, and after a whole epoch has gensim's vectors.

The choices come from `gensim_draws`. Everything that is computed from them is Firth's: the keep probabilities, the
noise distribution, which words are in a window, the start, the gradient, the schedule. gensim moves the vectors one
pair at a time: the context word's vector, against the center as its output word and `negative` noise words.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.crosscheck.gensim_draws import Generator48, Job, Rows, jobs, kept, noise_words, table_sigmoid
from pipeline.crosscheck.gensim_twin import GensimModel, train_gensim
from pipeline.models import negative_sampling
from pipeline.models.negative_sampling import Float64s
from pipeline.settings import TrainSettings
from pipeline.training import sampling
from pipeline.training.batches import Stream, positives
from pipeline.training.parameters import Parameters
