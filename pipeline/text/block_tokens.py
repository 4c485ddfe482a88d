"""Blocks of text to blocks of tokens, in this process or in several: the only part of the work that is spread.

A worker process imports this module and what it needs, so nothing heavy is imported here.
"""

import multiprocessing
import os
import signal
import threading
from collections import defaultdict, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import cache
from itertools import chain, compress, count, islice

import numpy as np
from numpy.typing import NDArray

from pipeline.settings import TokenSettings
from pipeline.text.tokens import Tokenizer
from storage.errors import FirthError

SMALL = 4
"""So many blocks are done in this process: starting others would take longer."""


@dataclass(frozen=True, eq=False)
class BlockTokens:
    """The n tokens of a block of text with L line ends.

    Attributes:
        words: the W different words, in the order of their first token.
        counts: (W,) how often each stands in the block.
        ids: (n,) for each token its place in `words`.
        line_ends: (L,) how many of the tokens stand before each line end.
    """

    words: list[str]
    counts: NDArray[np.int64]
    ids: NDArray[np.int32]
    line_ends: NDArray[np.int64]


def block_tokens(tokenizer: Tokenizer, text: str) -> BlockTokens:
    """The tokens of a block of text."""
    places: defaultdict[str, int] = defaultdict(count().__next__)  # each different match's order of appearance
    matches_of_line: list[int] = []

    def each_line() -> Iterator[list[str]]:
        for line in text.split("\n"):
            matches = tokenizer.matches(line)
            matches_of_line.append(len(matches))
            yield matches

    ids = np.fromiter(map(places.__getitem__, chain.from_iterable(each_line())), np.int32)  # (matches,)
    keeps = np.fromiter(map(tokenizer.keeps, places), np.bool_, len(places))  # asked once for each different match
    kept = keeps[ids]  # (matches,)
    kept_before = np.concatenate([[0], np.cumsum(kept)])  # (matches + 1,)
    line_ends = kept_before[np.cumsum(matches_of_line)[:-1]]  # (L,): the last part has no line end
    words = list(compress(places, keeps))  # W
    ids = (np.cumsum(keeps, dtype=np.int32) - 1)[ids[kept]]  # (n,)
    return BlockTokens(words, np.bincount(ids, minlength=len(words)), ids, line_ends)


def tokenized(texts: Iterable[str], settings: TokenSettings, processes: int) -> Generator[BlockTokens, None, None]:
    """The tokens of every block, in order.

    Raises:
        FirthError: a worker process ended early.
    """
    texts = iter(texts)
    first = list(islice(texts, SMALL + 1)) if processes > 1 else []
    if len(first) <= SMALL:
        tokenizer = Tokenizer(settings)
        yield from (block_tokens(tokenizer, text) for text in chain(first, texts))
    else:
        yield from _in_processes(chain(first, texts), settings, processes)


def _in_processes(texts: Iterable[str], settings: TokenSettings, processes: int) -> Iterator[BlockTokens]:
    """As `tokenized`, with at most two blocks for each process on the way."""
    context = multiprocessing.get_context("spawn")  # a fork would copy locks that other threads hold
    waiting: deque[Future[BlockTokens]] = deque()
    with ProcessPoolExecutor(processes, mp_context=context, initializer=prepare_worker) as pool:
        try:
            for text in texts:
                waiting.append(pool.submit(_work, settings, text))
                if len(waiting) == 2 * processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool:
            raise FirthError(
                "a worker process ended early: memory ran out, it was killed, or the program that calls Firth"
                ' lacks `if __name__ == "__main__":`'
            ) from None
        finally:
            for future in waiting:
                future.cancel()


def _work(settings: TokenSettings, text: str) -> BlockTokens:
    return block_tokens(_tokenizer(settings), text)


_tokenizer = cache(Tokenizer)  # made once in each worker process


def prepare_worker() -> None:
    """Leave Ctrl-C to the parent, and end with it, also when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
