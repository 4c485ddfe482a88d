"""`Position`: how far a training is, in the numbers from which it can begin again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Position:
    """How far a training is.

    Every random draw is keyed by the seed, its purpose and its place in the text (`sampling.generator`), so the place
    is the state of all generators, and of the learning rate's schedule: there is no other.

    Attributes:
        epoch: passes that have ended.
        parts: of the next pass that are done: see `crew.Done`.
        progress: share of the whole training that is done, for reports.
        losses: for each ended pass the mean loss per pair, in nats.
        pairs: for each ended pass how many there were, each as much as it counts.
        held_out: for each ended pass the mean loss per pair of held-out text behind it; empty where none is held out.
        loss: summed over the done parts of the next pass, to the last bit.
        epoch_pairs: how many pairs that is, each as much as it counts.
        seconds: in the training loop so far.
    """

    epoch: int = 0
    parts: int = 0
    progress: float = 0.0
    losses: tuple[float, ...] = ()
    pairs: tuple[float, ...] = ()
    held_out: tuple[float, ...] = ()
    loss: float = 0.0
    epoch_pairs: float = 0
    seconds: float = 0.0
