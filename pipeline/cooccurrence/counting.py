"""Counting a text by several processes in bounded memory: to the same bytes, whatever their number and the memory.

Every process passes over the whole text, which is quick, and counts every n-th chunk of it. What does not fit into its
part of the memory it writes as sorted runs, and the runs of all are merged. All sums are of whole numbers (`units`).
"""

import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Protocol

import numpy as np

from pipeline.cooccurrence.cells import KEYS, UNITS, Cells
from pipeline.cooccurrence.runs import Run, merged
from pipeline.cooccurrence.tally import Tally
from pipeline.text.block_tokens import prepare_worker
from pipeline.text.chunk import Chunk
from pipeline.training.interrupt import held_back
from storage.errors import FirthError
from storage.files import whole_file

MERGE_BYTES = 96
"""Of each cell that is merged."""
Report = Callable[[int], None]
"""Told how many tokens have been passed over."""


class Text(Protocol):
    """What is counted."""

    def chunks(self, size_v: int) -> Iterator[Chunk]:
        """The tokens of the `size_v` most frequent words, in order, chunk by chunk."""


@dataclass(frozen=True)
class Counting:
    """How it is counted.

    Attributes:
        size_v: V.
        window: the largest distance.
        symmetric: to both sides, or only to the left.
        memory: bytes that all processes together may use for it.
        processes: how many.
    """

    size_v: int
    window: int
    symmetric: bool
    memory: int
    processes: int = 1


def ignore(_: int) -> None:
    """Report to nobody."""


def count(text: Text, how: Counting, folder: Path, report: Report = ignore) -> Cells:
    """Count a text into files in `folder`, which must be there.

    Raises:
        FirthError: a process ended early.
        SettingError: too many words for the window.
    """
    scratch = folder / "runs"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        _count_in_processes(text, how, scratch, report)
        _merge([Run.open(path) for path in sorted(scratch.glob("*/run-*"))], how, folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return Cells(folder, how.size_v, how.symmetric)


def _count_in_processes(text: Text, how: Counting, scratch: Path, report: Report) -> None:
    """This process and the others, each into a folder of its own."""
    others = [_start(text, how, number, scratch / str(number)) for number in range(1, how.processes)]
    try:
        count_share(text, how, 0, scratch / "0", report)
        for process in others:
            process.join()
            if process.exitcode:
                raise FirthError(
                    "a counting process ended early: memory ran out, it was killed, or the program that calls Firth"
                    ' lacks `if __name__ == "__main__":`'
                )
    finally:
        for process in others:
            process.kill()


def _start(text: Text, how: Counting, number: int, folder: Path) -> SpawnProcess:
    process = multiprocessing.get_context("spawn").Process(target=_work, args=(text, how, number, folder), daemon=True)
    with held_back():
        process.start()
    return process


def _work(text: Text, how: Counting, number: int, folder: Path) -> None:
    prepare_worker()
    count_share(text, how, number, folder)


def count_share(text: Text, how: Counting, number: int, folder: Path, report: Report = ignore) -> list[Path]:
    """Count the chunks that are one process's; returns the files of its runs."""
    folder.mkdir(parents=True)
    memory = how.memory // how.processes
    tally = Tally(how.size_v, how.window, symmetric=how.symmetric, memory=memory, folder=folder)
    for place, chunk in enumerate(text.chunks(how.size_v)):
        mine = place % how.processes == number
        (tally.add if mine else tally.pass_over)(chunk.ids, chunk.sentence)
        report(chunk.known_before + len(chunk.ids))
    return tally.finish()


def _merge(runs: Sequence[Run], how: Counting, folder: Path) -> None:
    """All runs into one."""
    with whole_file(folder / KEYS) as keys, whole_file(folder / UNITS) as units:
        for piece in merged(runs, max(1, how.memory // MERGE_BYTES)):
            same = piece.keys // how.size_v == piece.keys % how.size_v
            twice = piece.units << (same & how.symmetric)  # a word near itself is met from both sides
            keys.write(piece.keys.astype("<i8", copy=False).data)
            units.write(np.asarray(twice, "<i8").data)
