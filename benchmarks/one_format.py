"""One reading or writing of one file of vectors, in a process of its own; prints its time and memory as JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from storage.embeddings import Embeddings
from storage.formats.intake import Intake
from storage.formats.known import named
from storage.formats.outgoing import table_of
from storage.formats.source import Source
from storage.formats.target import Target


def embeddings(words: int, dimensions: int) -> Embeddings:
    """Random vectors, of about the size of trained ones."""
    matrix = np.random.default_rng(0).standard_normal((words, dimensions), np.float32)
    matrix *= 0.1
    return Embeddings(tuple(f"word{row}" for row in range(words)), np.arange(words, 0, -1), matrix)


def firth_write(name: str, file: Path, made: Embeddings) -> None:
    """As `firth export` does."""
    with Target(file, replace=True) as target:
        table, _ = table_of(made, named(name), {}, skip=False, report=lambda _done, _total: None)
        named(name).write(table, target)


def firth_read(name: str, file: Path) -> tuple[int, ...]:
    """As `firth import` does before it publishes."""
    source = Source(file)
    with Intake(source, file.parent, skip=False) as intake:
        for block in named(name).read(source):
            intake.take(block)
        return intake.embeddings().matrix.shape


def gensim_write(name: str, file: Path, made: Embeddings) -> None:
    """As its users do."""
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(made.dimensions)
    vectors.add_vectors(list(made.words), made.matrix)
    vectors.save_word2vec_format(str(file), binary=name == "word2vec-binary")


def gensim_read(name: str, file: Path) -> tuple[int, ...]:
    """As its users do."""
    from gensim.models import KeyedVectors

    found = KeyedVectors.load_word2vec_format(str(file), binary=name == "word2vec-binary")
    return tuple(found.vectors.shape)


def main(who: str, what: str, name: str, *arguments: str) -> None:
    """Do it, and check the size of what came out."""
    file, words, dimensions = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    if what == "write":
        made = embeddings(words, dimensions)
        write = firth_write if who == "firth" else gensim_write
        figures = measured(lambda: write(name, file, made))
    else:
        read = firth_read if who == "firth" else gensim_read
        figures = measured(lambda: _check(read(name, file), (words, dimensions)))
    print(json.dumps(figures))


def measured(work: Callable[[], None]) -> dict[str, float]:
    """Seconds of the clock and of the processor, and the most memory that the process ever had."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    return {
        "wall": wall,
        "processor": processor,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def _check(found: tuple[int, ...], wanted: tuple[int, int]) -> None:
    if found != wanted:
        sys.exit(f"{found} was read, not {wanted}")


if __name__ == "__main__":
    main(*sys.argv[1:])
