"""Where a training's time goes, and how far it is from what this machine could do at best.

Four phases of every step, timed on real batches after a warm-up: making batches (reading, subsampling, windows, noise,
the cut into steps), forward (rows, scores, loss), backward (gradients), and moving the rows. In the same run the rates
that bound them: a large matrix product, and copying memory. For skip-gram with negative sampling these give a floor,
the time of its multiplications and of its rows' way from and to memory, if nothing else were to be done.
"""

import time
from itertools import islice
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common import VOCABULARY, english, median, save, table
from benchmarks.train_speed import SETTINGS
from pipeline.settings import TrainSettings
from pipeline.text.token_files import TokenCorpus
from pipeline.training.batches import BatchMaker
from pipeline.training.fast.pulls import apply
from pipeline.training.fast.trainer import FastTrainer
from pipeline.training.parameters import Parameters
from pipeline.training.schedule import learning_rate
from pipeline.training.step_shape import StepShape

WORDS = 4_000_000
PARTS = 40
WARM_UP = 10
OBJECTIVES: dict[str, dict[str, Any]] = {
    "skip-gram, negative sampling": {},
    "CBOW, negative sampling": {"architecture": "cbow"},
    "skip-gram, hierarchical softmax": {"loss": "hs"},
    "CBOW, hierarchical softmax": {"architecture": "cbow", "loss": "hs"},
    "fastText, skip-gram, negative sampling": {"model": "fasttext"},
}
PHASES = ("batches", "forward", "backward", "moving rows")


def measure() -> None:
    """Time the phases of each objective, then the machine."""
    corpus = TokenCorpus.open(english(WORDS))
    with threadpool_limits(1, "blas"), np.errstate(over="ignore", invalid="ignore"):
        phases = {name: _phases(corpus, TrainSettings(**SETTINGS | change)) for name, change in OBJECTIVES.items()}
        limits = {"gflops": _gflops(), "copied_gb_per_s": _bandwidth()}
    save("profile", {"phases": phases, "limits": limits, "floor": _floor(limits)})


def _phases(corpus: TokenCorpus, settings: TrainSettings) -> dict[str, float]:
    """Microseconds of each phase for a token that is kept."""
    vocabulary = corpus.vocabulary(VOCABULARY)
    counts = vocabulary.counts
    maker, parameters = BatchMaker(counts, settings), Parameters.for_settings(vocabulary.words, settings)
    trainer, spent, centers = FastTrainer(maker.objective), dict.fromkeys(PHASES, 0.0), 0
    began = time.perf_counter()
    for number, part in enumerate(islice(maker.parts(corpus.chunks(len(counts)), 0), PARTS)):
        steps = maker.steps(part)
        if number == WARM_UP:
            spent, centers = dict.fromkeys(PHASES, 0.0), 0
        clock = [time.perf_counter()]
        spent["batches"] += clock[0] - began
        for batch in steps:
            rate = learning_rate(settings, batch.progress)
            trainer.loss(parameters, batch)
            clock.append(time.perf_counter())
            pulls = trainer.pulls(batch, rate)
            clock.append(time.perf_counter())
            for pull in pulls:
                apply(pull, parameters, rate)
            clock.append(time.perf_counter())
        for phase, name in enumerate(PHASES[1:]):
            spent[name] += float(np.diff(clock)[phase::3].sum())
        centers += len(steps) * maker.shape.step
        began = clock[-1]
    return {name: 1e6 * seconds / centers for name, seconds in spent.items()}


def _gflops(size: int = 1024, rounds: int = 15) -> float:
    """Of a large product in float32 on one core."""
    a, b = np.random.default_rng(0).random((2, size, size), dtype=np.float32)
    return 2 * size**3 / 1e9 / _fastest(lambda: a @ b, rounds)


def _bandwidth(size: int = 1 << 28, rounds: int = 7) -> float:
    """Bytes read and written a second when memory is copied."""
    source = np.ones(size, np.uint8)
    target = np.empty_like(source)
    return 2 * size / 1e9 / _fastest(lambda: np.copyto(target, source), rounds)


def _fastest(work: Any, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(sorted(times)[: rounds // 2 + 1])


def _floor(limits: dict[str, float]) -> dict[str, float]:
    """Of skip-gram with negative sampling, for a token that is kept."""
    settings = TrainSettings(**SETTINGS)
    shape = StepShape.for_settings(settings)
    met = shape.run + 2 + shape.noise  # rows that an input meets
    flop = 6 * settings.vector_size * met  # three products for each input
    rows = 2 + shape.noise / shape.group  # its own, as input and as target, and its part of the group's noise
    moved = 3 * 4 * settings.vector_size * rows  # each is read, then read and written again
    floor = {"products": flop / limits["gflops"] / 1e3, "rows": moved / limits["copied_gb_per_s"] / 1e3}
    return floor | {"flop": flop, "bytes": moved}


def report(figures: dict[str, Any]) -> str:
    """Microseconds of each phase, and its share."""
    rows = []
    for name, phases in figures["phases"].items():
        total = sum(phases.values())
        shown = (f"{phases[phase]:.2f} ({phases[phase] / total:.0%})" for phase in PHASES)
        rows.append([name, *shown, f"{total:.2f}"])
    return table(["microseconds for a kept token", *PHASES, "together"], rows)


def limits(figures: dict[str, Any]) -> str:
    """What the machine can do, and the floor that follows, beside what was measured."""
    floor, found = figures["floor"], sum(figures["phases"]["skip-gram, negative sampling"].values())
    least = floor["products"] + floor["rows"]
    rows = [
        ["large matrix product, one core", f"{figures['limits']['gflops']:.0f} GFLOP/s"],
        ["memory copied, one core", f"{figures['limits']['copied_gb_per_s']:.1f} GB/s read and written"],
        [f"{floor['flop']:,.0f} multiplications and additions", f"{floor['products']:.2f} microseconds"],
        [f"{floor['bytes']:,.0f} bytes of rows", f"{floor['rows']:.2f} microseconds"],
        ["floor", f"{least:.2f} microseconds"],
        ["measured", f"{found:.2f} microseconds, {found / least:.1f} times the floor"],
    ]
    return table(["skip-gram, negative sampling, for a kept token", ""], rows)
