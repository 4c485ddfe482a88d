"""Token ids to batches: subsampling, windows, noise, and the cut into steps.

The stream of kept tokens is continuous. A step's centers have all their context wherever the chunks that were read,
the blocks or the steps happen to end: only a sentence's end and the window limit it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.token_files import Chunk
from pipeline.training.batch import BLOCK, Batch, Bools, Ids
from pipeline.training.sampling import (
    AliasTable,
    Purpose,
    generator,
    keep_probability,
    noise_distribution,
)
from storage.errors import SettingError

NO_SENTENCE = -1
USUALLY_OWED = 30
"""Noise pairs owed to a center with gensim's defaults: 5 for each of 5 + 1 contexts."""
PLACES_AT_ONCE = 1 << 20
"""Places of `positives` made at once, so that a wide window does not need much memory."""


@dataclass(frozen=True)
class StepShape:
    """How text is cut: N centers to a step, in G groups that share K noise words.

    Larger steps amortize Python's overhead, smaller ones keep gradients fresh. Fewer noise words are faster, more of
    them are nearer to independent draws.
    """

    centers: int = 512
    groups: int = 16
    noise: int = 32

    def __post_init__(self) -> None:
        """Refuse what cannot be cut into whole blocks and groups."""
        if self.noise < 1 or self.groups < 1 or self.centers % self.groups or self.centers % BLOCK:
            raise SettingError(f"{self} does not divide into whole blocks of {BLOCK} centers and whole groups")

    @classmethod
    def for_settings(cls, settings: TrainSettings) -> "StepShape":
        """The shape for a window and a number of noise words.

        A center far from a sentence's end has C + 1 contexts on average and is owed `negative` noise pairs for each.
        At the defaults (30 pairs) 512 centers and 32 noise words cost no quality. With more pairs owed, K grows so that
        a noise pair still stands for about one, and N shrinks so that a step still holds about as many pairs.
        """
        owed = settings.negative * (settings.window + 1)
        noise = max(cls.noise, -(-owed // BLOCK) * BLOCK)
        group = cls.centers // cls.groups
        groups = min(cls.groups, max(2, cls.groups * USUALLY_OWED // owed))
        return cls(groups * group, groups, noise)


@dataclass(frozen=True, eq=False)
class Stream:
    """Kept tokens in the order of the text, each with its drawn window."""

    ids: Ids
    sentence: NDArray[np.int64]
    window: NDArray[np.int64]
    place: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ids)

    def __getitem__(self, part: slice) -> "Stream":
        return Stream(self.ids[part], self.sentence[part], self.window[part], self.place[part])

    def then(self, other: "Stream") -> "Stream":
        """Both, one after the other."""
        return Stream(*(np.concatenate(pair) for pair in zip(self._arrays(), other._arrays(), strict=True)))

    def _arrays(self) -> tuple[NDArray[np.integer], ...]:
        return self.ids, self.sentence, self.window, self.place

    @classmethod
    def padding(cls, length: int, place: int) -> "Stream":
        """Tokens that belong to no sentence and have no window, so that they are in no pair."""
        return cls(
            np.zeros(length, np.int32),
            np.full(length, NO_SENTENCE, np.int64),
            np.zeros(length, np.int64),
            np.full(length, place, np.int64),
        )


class BatchMaker:
    """Makes the batches of an epoch from its chunks of token ids.

    Args:
        counts: (V,) of the vocabulary's words.
        settings: sample, window, negative, ns_exponent, seed, epochs.
        shape: how many centers make a step, and which share their noise.
    """

    def __init__(self, counts: NDArray[np.int64], settings: TrainSettings, shape: StepShape | None = None) -> None:
        keep = keep_probability(counts, settings.sample)  # (V,)
        noise = noise_distribution(counts, settings.ns_exponent)  # (V,)
        self.settings = settings
        self.shape = shape or StepShape.for_settings(settings)
        self._keep = keep.astype(np.float32)
        self._noise = AliasTable(noise)
        self._total = int(counts.sum()) * settings.epochs

    def epoch(self, chunks: Iterable[Chunk], epoch: int) -> Iterator[Batch]:
        """The batches of one pass, in the order of the text."""
        margin, centers = self.settings.window, self.shape.centers
        pending = Stream.padding(margin, 0)
        for number, chunk in enumerate(chunks):
            pending = pending.then(self._kept(chunk, epoch, number))
            steps = (len(pending) - 2 * margin) // centers
            if steps > 0:
                used = steps * centers
                yield from self._steps(pending[: used + 2 * margin], epoch, number)
                pending = pending[used:]
        yield from self._last_steps(pending, epoch)

    def _last_steps(self, pending: Stream, epoch: int) -> Iterator[Batch]:
        margin, centers = self.settings.window, self.shape.centers
        left = len(pending) - margin
        if left > 0:
            filled = -(-left // centers) * centers
            end = int(pending.place[-1])
            yield from self._steps(pending.then(Stream.padding(filled - left + margin, end)), epoch, -1)

    def _kept(self, chunk: Chunk, epoch: int, number: int) -> Stream:
        """Subsample a chunk and draw the window of each token that is kept."""
        seed = self.settings.seed
        draws = generator(seed, Purpose.SUBSAMPLING, epoch, number).random(len(chunk.ids), dtype=np.float32)
        kept = np.flatnonzero(draws < self._keep.take(chunk.ids))
        windows = generator(seed, Purpose.WINDOW, epoch, number).integers(
            1, self.settings.window, len(kept), endpoint=True
        )
        return Stream(chunk.ids[kept], chunk.sentence[kept], windows, chunk.known_before + kept)

    def _steps(self, stream: Stream, epoch: int, number: int) -> Iterator[Batch]:
        """Cut a stream of S N centers, with C tokens before and after them, into S batches."""
        margin, centers = self.settings.window, self.shape.centers
        random = generator(self.settings.seed, Purpose.NOISE, epoch, number + 1)
        part = max(1, PLACES_AT_ONCE // (2 * margin + 1) // centers) * centers
        for start in range(0, len(stream) - 2 * margin, part):
            yield from self._batches(stream[start : start + part + 2 * margin], epoch, random)

    def _batches(self, stream: Stream, epoch: int, random: np.random.Generator) -> Iterator[Batch]:
        margin, shape = self.settings.window, self.shape
        steps = (len(stream) - 2 * margin) // shape.centers
        tokens, words = (
            sliding_window_view(ids, shape.centers + 2 * margin)[:: shape.centers]  # (S, N + 2C)
            for ids in (stream.ids, np.where(stream.sentence == NO_SENTENCE, NO_SENTENCE, stream.ids))
        )
        positive = positives(stream, margin).reshape(steps, shape.centers, -1)  # (S, N, 2C + 1)
        noise = self._noise.draw(random, (steps, shape.groups, shape.noise))  # (S, G, K)
        token_occurrences = occurrences_in_rows(words)  # (S, N + 2C); padding counts as no word
        noise_occurrences = occurrences_in_rows(noise.reshape(steps, -1)).reshape(noise.shape)
        done = (epoch * (self._total // self.settings.epochs) + stream.place[margin :: shape.centers]) / self._total
        for step in range(steps):
            yield Batch(
                tokens=tokens[step],
                positive=positive[step],
                noise=noise[step],
                negative=self.settings.negative,
                token_occurrences=token_occurrences[step],
                noise_occurrences=noise_occurrences[step],
                progress=float(done[step]),
            )


def positives(stream: Stream, margin: int) -> Bools:
    """Which neighbors are contexts, (len - 2C, 2C + 1): within the center's window, in its sentence, not itself."""
    count = len(stream) - 2 * margin
    sentence = stream.sentence[margin : margin + count]
    window = stream.window[margin : margin + count]
    found = np.zeros((2 * margin + 1, count), np.bool_)
    for place in range(2 * margin + 1):
        distance = abs(place - margin)
        if distance:
            np.equal(stream.sentence[place : place + count], sentence, out=found[place])
            found[place] &= window >= distance
    return np.ascontiguousarray(found.T)


def occurrences_in_rows(ids: Ids) -> Ids:
    """For each entry of a matrix, how often its value stands in its row; the same shape."""
    width = ids.shape[1]
    keys = (ids.astype(np.int64) << 32) | np.arange(width)  # sorting a key brings its place along
    keys.sort(axis=1)
    values = keys >> 32
    starts = np.ones(ids.shape, np.bool_)
    np.not_equal(values[:, 1:], values[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    lengths = np.diff(first, append=starts.size)
    result = np.empty(ids.shape, np.int32)
    np.put_along_axis(result, keys & 0xFFFFFFFF, np.repeat(lengths, lengths).reshape(ids.shape), axis=1)
    return result
