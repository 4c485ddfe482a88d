"""`Tally`: counts the pairs of a part of the text, in as much memory as it may use.

A cell is two words; its key is row * V + column. Cells of two frequent words are counted in a square of numbers, as in
GloVe's `cooccur`; all others are noted one by one with their distance, in the lowest bits behind the key, so that one
sort brings equal cells together. When there is no room for more notes, they become a run on disk.
"""

from pathlib import Path

import numpy as np

from pipeline.cooccurrence.runs import Run
from pipeline.cooccurrence.units import Int64s, units
from pipeline.text.token_files import Ids
from storage.errors import SettingError

LARGEST_SIDE = 2048
"""Of the square: more words would be counted slowly, since it would not fit the processor's caches."""
NOTE_BYTES = 48
"""Of each note, with what its sorting needs besides."""
FEWEST_NOTES = 1 << 16


class Tally:
    """Counts.

    Args:
        size_v: V.
        window: the largest distance.
        symmetric: count to both sides, which makes cells of the rarer word under the more frequent one, row <= column;
            or count only what stands to the left, row the center and column the word to its left.
        memory: bytes that it may use.
        folder: for the runs.

    Raises:
        SettingError: the vocabulary and the window are so large that a key with its distance has more than 63 bits.
    """

    def __init__(self, size_v: int, window: int, *, symmetric: bool, memory: int, folder: Path) -> None:
        self._size, self._units, self._symmetric, self._folder = size_v, units(window), symmetric, folder
        self._bits = (window - 1).bit_length()
        if (size_v * size_v) << self._bits >= 1 << 63:
            raise SettingError(f"{size_v:,} words are too many for window {window}; raise min_count or lower window")
        self.side = min(size_v, LARGEST_SIDE, int((memory / 4 / 8) ** 0.5))
        self._square = np.zeros(self.side * self.side, np.int64)
        self._notes = np.empty(max(FEWEST_NOTES, (memory - self._square.nbytes) // NOTE_BYTES), np.int64)
        self._noted = 0
        self._ids, self._sentence = np.empty(0, np.int64), np.empty(0, np.int64)
        self.runs: list[Path] = []

    def pass_over(self, ids: Ids, sentence: Int64s) -> None:
        """See tokens, (n,), whose pairs with those before them are counted elsewhere; arguments as in `Chunk`."""
        window = len(self._units)
        self._ids = np.concatenate([self._ids, ids])[-window:]
        self._sentence = np.concatenate([self._sentence, sentence])[-window:]

    def add(self, ids: Ids, sentence: Int64s) -> None:
        """Count the pairs of these tokens, (n,), with each other and with those before them."""
        before = len(self._ids)
        both, sentences = np.concatenate([self._ids, ids]), np.concatenate([self._sentence, sentence])
        for distance in range(1, min(len(self._units), len(both) - 1) + 1):
            first = max(before - distance, 0)
            together = sentences[first:-distance] == sentences[first + distance :]
            self._count(both[first:-distance][together], both[first + distance :][together], distance)
        self.pass_over(ids, sentence)

    def finish(self) -> list[Path]:
        """Write what is not written yet; returns the files of all runs."""
        self._write_notes()
        keys = np.flatnonzero(self._square)
        words = (keys // self.side) * self._size + keys % self.side
        self._write(Run(words, self._square[keys]))
        return self.runs

    def _count(self, left: Int64s, right: Int64s, distance: int) -> None:
        """Count pairs of words, (n,) and (n,)."""
        high = np.maximum(left, right)
        rows, columns = (np.minimum(left, right), high) if self._symmetric else (right, left)
        frequent = high < self.side
        np.add.at(self._square, rows[frequent] * self.side + columns[frequent], self._units[distance - 1])
        rare = ~frequent
        self._note(((rows[rare] * self._size + columns[rare]) << self._bits) + (distance - 1))

    def _note(self, notes: Int64s) -> None:
        while len(notes):
            some, notes = np.split(notes, [len(self._notes) - self._noted])
            self._notes[self._noted : self._noted + len(some)] = some
            self._noted += len(some)
            if self._noted == len(self._notes):
                self._write_notes()

    def _write_notes(self) -> None:
        notes = self._notes[: self._noted]
        notes.sort()
        weights = self._units[notes & ((1 << self._bits) - 1)]
        self._noted = 0
        self._write(Run.of(notes >> self._bits, weights))

    def _write(self, run: Run) -> None:
        if len(run.keys):
            path = self._folder / f"run-{len(self.runs)}"
            run.write(path)
            self.runs.append(path)
