"""`Crew`: who takes the steps of a training; one process alone here, several in `team`."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from types import TracebackType
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.batch import Batch
from pipeline.training.batches import BatchMaker
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.schedule import learning_rate


class Done(NamedTuple):
    """A step that was taken, or several.

    Attributes:
        loss: summed, in nats, before it.
        pairs: of an input and a target, each as much as it counts (`Batch.pairs`).
        progress: share of the whole training that lies before it.
        rate: the learning rate.
        parts: of the epoch's text that are done with it; 0 within a part, where a training cannot be left and resumed.
    """

    loss: float
    pairs: float
    progress: float
    rate: float
    parts: int = 0


Pause = Callable[[], bool]
"""Asked between parts: whether the training is to come soon to where it can be looked at and left."""


def never() -> bool:
    """There is no hurry."""
    return False


class Trainer(Protocol):
    """What the reference and the fast trainer have in common."""

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move the parameters in place; return the batch's summed loss before the step, in nats."""

    def loss(self, parameters: Parameters, batch: Batch) -> float:
        """The batch's summed loss, in nats; moves nothing."""


class Crew(Protocol):
    """Takes all steps of a training.

    Attributes:
        maker: of the batches.
        parameters: those that move.
    """

    maker: BatchMaker
    parameters: Parameters

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:
        """Take all steps of a pass, but for the first `skip` parts of it."""

    def loss(self, batch: Batch) -> float:
        """A batch's summed loss, in nats; moves nothing."""

    def __enter__(self) -> "Crew": ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Solo:
    """A crew of one: the same arguments give the same bytes.

    Args:
        settings: of the training.
        counts: (V,) of the vocabulary's words.
        start: the parameters to start from; they are moved.
        trainer: by default the fast one.
        tokens: of a pass over the text, where that is not the sum of the counts.
    """

    def __init__(
        self,
        settings: TrainSettings,
        counts: NDArray[np.int64],
        start: Parameters,
        trainer: Trainer | None = None,
        *,
        tokens: int | None = None,
    ) -> None:
        self.maker = BatchMaker(counts, settings, tokens=tokens)
        self.parameters = start
        self._trainer = trainer or FastTrainer(self.maker.objective)

    def epoch(self, chunks: Iterable[Chunk], epoch: int, skip: int = 0, pause: Pause = never) -> Iterator[Done]:  # noqa: ARG002 - every part is an end
        """Take all steps of a pass, in the order of the text, but for the first `skip` parts of it."""
        for number, part in enumerate(islice(self.maker.parts(chunks, epoch), skip, None), start=skip + 1):
            steps = self.maker.steps(part)
            for left, batch in zip(range(len(steps) - 1, -1, -1), steps, strict=True):
                rate = learning_rate(self.maker.settings, batch.progress)
                loss = self._trainer.step(self.parameters, batch, rate)
                yield Done(loss, batch.pairs, batch.progress, rate, 0 if left else number)

    def loss(self, batch: Batch) -> float:
        """A batch's summed loss, in nats; moves nothing."""
        return self._trainer.loss(self.parameters, batch)

    def __enter__(self) -> "Solo":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was opened."""


@contextmanager
def at_work() -> Iterator[None]:
    """How a process trains: on one thread, and it is for `Bounds` to find what left the range of numbers."""
    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        yield


def expect_others(workers: int) -> None:
    """Where there are going to be several processes, say so early, so that they are ready sooner."""
    if workers > 1:
        from pipeline.training.team.processes import method

        method()


def crew_for(
    workers: int,
    deterministic: bool,
    settings: TrainSettings,
    counts: NDArray[np.int64],
    start: Parameters,
    *,
    trainer: Trainer | None = None,
    tokens: int | None = None,
) -> Crew:
    """As many processes as are asked for.

    Args:
        workers: how many.
        deterministic: train in shards, so that any number of workers gives the same bytes.
        settings: of the training.
        counts: (V,) of the vocabulary's words.
        start: the parameters to start from.
        trainer: instead of the fast one, for one worker.
        tokens: of a pass over the text, where that is not the sum of the counts.
    """
    if workers == 1 and not deterministic:
        return Solo(settings, counts, start, trainer, tokens=tokens)
    from pipeline.training.team.free import FreeForeman
    from pipeline.training.team.shards import ShardForeman

    kind = ShardForeman if deterministic else FreeForeman
    return kind(workers, settings, counts, start, tokens=tokens)
