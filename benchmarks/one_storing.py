"""One step of keeping and opening a model, alone in a process; prints its seconds and its memory.

`python -m benchmarks.one_storing STEP FOLDER`, where FOLDER has what `prepare` wrote. Memory is the largest that the
process had of its own, and the largest resident set, which counts pages of mapped files too.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import numpy as np

from pipeline.plan.memory import peak_bytes
from service.engine import Engine
from service.loading import derive, derived_files, load_vectors
from service.questions import Neighbors
from storage.embeddings import Embeddings
from storage.store import Store

Timed = Callable[[], object]
"""What is timed, when everything is imported and what it begins from is there."""

_ROWS_AT_ONCE = 65536
_LOOK_EVERY = 0.02  # seconds between two looks at the memory


def prepare(folder: Path, words: int, dimensions: int) -> None:
    """Write words and vectors, as unequally used as in trained ones, from which both programs begin."""
    generator = np.random.default_rng(1)
    spread = np.arange(1, dimensions + 1, dtype=np.float32) ** -0.5  # (D,)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.dtype("<f4"), (words, dimensions))
    for start in range(0, words, _ROWS_AT_ONCE):
        block = vectors[start : start + _ROWS_AT_ONCE]
        block[:] = generator.standard_normal(block.shape, np.float32) * spread
    vectors.flush()
    names = generator.permutation(words)  # so that they are not sorted
    (folder / "words.txt").write_text("".join(f"word{name}\n" for name in names), "utf-8")


def _words(folder: Path) -> list[str]:
    return (folder / "words.txt").read_text("utf-8").split("\n")[:-1]


def _vectors(folder: Path) -> Any:
    return np.load(folder / "vectors.npy", mmap_mode="r")


def _embeddings(folder: Path) -> Embeddings:
    words, vectors = _words(folder), np.asarray(_vectors(folder))
    return Embeddings(tuple(words), np.arange(len(words), 0, -1), vectors)


def firth_store(folder: Path) -> Timed:
    """Publish in SQLite, hashed and sealed, in one transaction."""
    embeddings = _embeddings(folder)

    def publish() -> None:
        with Store.open(folder / "firth.db", create=True) as store:
            store.publish("made", embeddings, {})

    return publish


def firth_derive(folder: Path) -> Timed:
    """Write the files from which questions are answered, as `firth store` does behind that."""
    embeddings, store = _embeddings(folder), Store.open(folder / "firth.db")
    return lambda: derive(store, store.find("made"), embeddings, None)


def firth_open(folder: Path) -> Timed:
    """Answer a first question."""

    def ask() -> None:
        with Store.open(folder / "firth.db") as store:
            info = store.find("made")
        Engine(load_vectors(folder / "firth.db", info)).answer(Neighbors(word="word7"))

    return ask


def firth_open_first(folder: Path) -> Timed:
    """The same where the derived files are missing: they are made."""
    shutil.rmtree(derived_files(folder / "firth.db").folder)
    return firth_open(folder)


def firth_load(folder: Path) -> Timed:
    """Read everything into memory and compare the hash."""
    store = Store.open(folder / "firth.db")
    return lambda: store.load(store.find("made"), verify=True)


def _keyed_vectors(folder: Path) -> Any:
    from gensim.models import KeyedVectors

    words, vectors = _words(folder), _vectors(folder)
    made = KeyedVectors(vectors.shape[1], len(words), dtype=np.float32)
    for word, vector in zip(words, vectors, strict=True):
        made.add_vector(word, vector)
    return made


def gensim_save(folder: Path) -> Timed:
    """Write gensim's own format."""
    made = _keyed_vectors(folder)
    return lambda: made.save(str(folder / "gensim.kv"))


def gensim_save_word2vec(folder: Path) -> Timed:
    """Write the word2vec program's binary format."""
    made = _keyed_vectors(folder)
    return lambda: made.save_word2vec_format(str(folder / "gensim.bin"), binary=True)


def gensim_load(folder: Path) -> Timed:
    """Read everything into memory."""
    from gensim.models import KeyedVectors

    return lambda: KeyedVectors.load(str(folder / "gensim.kv"))


def gensim_load_word2vec(folder: Path) -> Timed:
    """Read everything into memory."""
    from gensim.models import KeyedVectors

    return lambda: KeyedVectors.load_word2vec_format(str(folder / "gensim.bin"), binary=True)


def gensim_open(folder: Path) -> Timed:
    """Answer a first question, memory-mapped."""
    from gensim.models import KeyedVectors

    return lambda: KeyedVectors.load(str(folder / "gensim.kv"), mmap="r").most_similar("word7")


STEPS: dict[str, Callable[[Path], Timed]] = {
    step.__name__: step
    for step in (
        firth_store,
        firth_derive,
        firth_open,
        firth_open_first,
        firth_load,
        gensim_save,
        gensim_save_word2vec,
        gensim_load,
        gensim_load_word2vec,
        gensim_open,
    )
}
"""In an order in which each finds what it needs; each prepares and returns what is to be timed."""


@contextmanager
def _own_memory() -> Iterator[list[int]]:
    """Looks at the process's own memory again and again; the largest, in bytes, is in the list."""
    largest, stop = [0], Event()

    def look() -> None:
        while not stop.wait(_LOOK_EVERY):
            lines = Path("/proc/self/status").read_text("ascii").splitlines()
            now = sum(1024 * int(line.split()[1]) for line in lines if line.startswith(("RssAnon:", "RssShmem:")))
            largest[0] = max(largest[0], now)

    watching = Thread(target=look, daemon=True)
    watching.start()
    try:
        yield largest
    finally:
        stop.set()
        watching.join()


def main(step: str, folder: str) -> None:
    """Run one step; print one line of JSON."""
    with _own_memory() as largest:
        timed = STEPS[step](Path(folder))
        wall, processor = time.perf_counter(), time.process_time()
        timed()
    seconds = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
    print(json.dumps({**seconds, "own_bytes": largest[0], "resident_bytes": peak_bytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
