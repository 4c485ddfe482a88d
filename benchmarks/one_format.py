"""One reading or writing of one file of vectors, in a process of its own; prints its time and memory as JSON."""

import json
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from storage.embeddings import Embeddings, Floats
from storage.formats.intake import Intake
from storage.formats.known import named
from storage.formats.outgoing import table_of
from storage.formats.source import Source
from storage.formats.target import Target
from storage.ngrams import Ngrams
from storage.subwords import Subwords

SHORTEST, LONGEST = 3, 6  # pieces of words, as fastText's program has them
Model = tuple[Embeddings, Subwords | None]


def model(name: str, words: int, dimensions: int) -> Model:
    """Random vectors, of about the size of trained ones; for fastText's model with the rows of words' pieces."""
    generator = np.random.default_rng(0)
    matrix = _random(generator, words, dimensions)
    made = Embeddings(tuple(f"word{row}" for row in range(words)), np.arange(words, 0, -1), matrix)
    if name != "fasttext-bin":
        return made, None
    buckets = words // 2
    rows = _random(generator, buckets, dimensions)
    return made, Subwords(Ngrams(SHORTEST, LONGEST, buckets), np.arange(buckets, dtype=np.int32), rows)


def _random(generator: np.random.Generator, rows: int, dimensions: int) -> Floats:
    return np.asarray(0.1 * generator.standard_normal((rows, dimensions), np.float32), np.float32)


def firth_writing(name: str, file: Path, made: Model) -> Callable[[], None]:
    """As `firth export` does when it has read the model."""

    def write() -> None:
        embeddings, subwords = made
        with Target(file, replace=True) as target:
            table, _ = table_of(embeddings, named(name), {}, skip=False, report=_untold, subwords=subwords)
            named(name).write(table, target)

    return write


def _untold(_done: int, _total: int) -> None:
    """Progress that nobody watches."""


def firth_read(name: str, file: Path) -> tuple[int, ...]:
    """As `firth import` does before it publishes."""
    source = Source(file)
    with Intake(source, file.parent, skip=False) as intake:
        for block in named(name).read(source):
            intake.take(block)
        return intake.embeddings().matrix.shape


def gensim_writing(name: str, file: Path, made: Model) -> Callable[[], None]:
    """As its users do when they have the model in memory."""
    from gensim.models import FastText, KeyedVectors
    from gensim.models.fasttext import save_facebook_model

    embeddings, subwords = made
    if subwords is None:
        vectors = KeyedVectors(embeddings.dimensions)
        vectors.add_vectors(list(embeddings.words), embeddings.matrix)
        return partial(vectors.save_word2vec_format, str(file), binary=name == "word2vec-binary")
    cut = {"min_n": SHORTEST, "max_n": LONGEST, "bucket": subwords.ngrams.buckets}
    trained = FastText(vector_size=embeddings.dimensions, min_count=1, **cut)
    trained.build_vocab_from_freq(dict(zip(embeddings.words, embeddings.counts.tolist(), strict=True)))
    trained.wv.vectors_vocab[:] = embeddings.matrix
    trained.wv.vectors_ngrams[:] = subwords.rows
    return partial(save_facebook_model, trained, str(file))


def gensim_read(name: str, file: Path) -> tuple[int, ...]:
    """As its users do."""
    from gensim.models import KeyedVectors
    from gensim.models.fasttext import load_facebook_vectors

    if name == "fasttext-bin":
        return tuple(load_facebook_vectors(str(file)).vectors.shape)
    found = KeyedVectors.load_word2vec_format(str(file), binary=name == "word2vec-binary")
    return tuple(found.vectors.shape)


def main(who: str, what: str, name: str, *arguments: str) -> None:
    """Do it, and check the size of what came out."""
    file, words, dimensions = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    if what == "write":
        writing = firth_writing if who == "firth" else gensim_writing
        figures = measured(writing(name, file, model(name, words, dimensions)))
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
