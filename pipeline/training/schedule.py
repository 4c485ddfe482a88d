"""The learning rate's schedule."""

from pipeline.settings import TrainSettings


def learning_rate(settings: TrainSettings, progress: float) -> float:
    """From alpha down to min_alpha, linearly in the share of tokens passed."""
    return settings.alpha - (settings.alpha - settings.min_alpha) * progress
