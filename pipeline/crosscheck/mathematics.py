"""What the cross-check puts to the test."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipeline.models import negative_sampling
from pipeline.models.negative_sampling import Float64s, Sigmoid
from pipeline.settings import TrainSettings
from pipeline.training import batches, sampling, training
from pipeline.training.batches import Stream
from pipeline.training.parameters import Parameters

Counts = NDArray[np.int64]
Gradient = Callable[[Float64s, Float64s, Float64s, Float64s, Sigmoid], tuple[Float64s, Float64s]]


@dataclass(frozen=True)
class Mathematics:
    """Firth's functions, as training uses them; a planted fault replaces one."""

    keep_probability: Callable[[Counts, float], Float64s] = sampling.keep_probability
    noise_distribution: Callable[[Counts, float], Float64s] = sampling.noise_distribution
    positives: Callable[[Stream, int], NDArray[np.bool_]] = batches.positives
    start: Callable[[int, int, int], Parameters] = Parameters.start
    gradient: Gradient = negative_sampling.gradient
    learning_rate: Callable[[TrainSettings, float], float] = training.learning_rate
