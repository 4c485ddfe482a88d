"""Token ids to batches: subsampling, windows, noise, and the cut into steps.

The stream of kept tokens is continuous. A step's centers have all their context wherever the chunks that were read,
the blocks or the steps happen to end: only a sentence's end and the window limit it.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from pipeline.settings import TrainSettings
from pipeline.text.chunk import Chunk
from pipeline.training.batch import Batch, Bools, of_targets
from pipeline.training.drawn import Drawn, Ids, Noise
from pipeline.training.leaves import LeafPathMaker
from pipeline.training.objective import Objective
from pipeline.training.paths import TextPathMaker
from pipeline.training.runs import runs_of_inputs, runs_of_targets, weights_of_targets
from pipeline.training.sampling import (
    AliasTable,
    Purpose,
    generator,
    keep_probability,
    noise_distribution,
)
from pipeline.training.step_shape import StepShape
from pipeline.training.steps import Steps
from pipeline.training.stream import NO_SENTENCE, Part, Stream
from storage.errors import SettingError

PLACES_AT_ONCE = 1 << 20
"""Places of `positives` made at once, so that a wide window does not need much memory."""
MOST_STEPS = 256
"""Of a part: between two parts a training can be left, and the steps of full softmax are long."""


class BatchMaker:
    """Makes the batches of an epoch from its chunks of token ids.

    Args:
        counts: (V,) of the vocabulary's words.
        settings: sample, window, negative, ns_exponent, seed, epochs.
        shape: how many centers make a step, and which share their noise.
        tokens: of the vocabulary in a pass over the text, where that is not the sum of the counts.
    """

    def __init__(
        self,
        counts: NDArray[np.int64],
        settings: TrainSettings,
        shape: StepShape | None = None,
        tokens: int | None = None,
    ) -> None:
        keep = keep_probability(counts, settings.sample)  # (V,)
        self.settings = settings
        self.objective = Objective.of(settings, counts)
        self.shape = shape or StepShape.for_settings(settings)
        self._keep = keep.astype(np.float32)
        self._met, self._weights = _runs(self.objective, self.shape)
        self._draws = _draws(self.objective, counts, settings, self.shape)
        self.tokens = int(counts.sum()) if tokens is None else tokens

    def epoch(self, chunks: Iterable[Chunk], epoch: int) -> Iterator[Batch]:
        """The batches of one pass, in the order of the text."""
        for part in self.parts(chunks, epoch):
            yield from self.steps(part)

    def parts(self, chunks: Iterable[Chunk], epoch: int) -> Iterator[Part]:
        """The same text, subsampled and cut where steps begin; each part can be made into steps by itself."""
        margin, centers = self.settings.window, self.shape.step
        pending = Stream.padding(margin + self.epochs_first_run(epoch), 0)
        for number, chunk in enumerate(chunks):
            pending = pending.then(self._kept(chunk, epoch, number))
            steps = (len(pending) - 2 * margin) // centers
            if steps > 0:
                used = steps * centers
                yield from self._cut(pending[: used + 2 * margin], epoch, number + 1)
                pending = pending[used:]
        left = len(pending) - margin
        if left > 0:
            filled = -(-left // centers) * centers
            padding = Stream.padding(filled - left + margin, int(pending.place[-1]))
            yield from self._cut(pending.then(padding), epoch, 0)

    def epochs_first_run(self, epoch: int) -> int:
        """How many tokens of its first runs an epoch lacks, drawn anew for each; 0 where there are no runs."""
        if self._met is None:
            return 0
        return int(generator(self.settings.seed, Purpose.RUNS, epoch).integers(self._met.shape[1]))

    def _cut(self, stream: Stream, epoch: int, number: int) -> Iterator[Part]:
        """Parts of a stream of S N centers, with C tokens before and after them, that need not too much memory.

        They are as even as can be, since processes share them out.
        """
        margin, centers = self.settings.window, self.shape.step
        steps = (len(stream) - 2 * margin) // centers
        places = steps * centers * (2 * margin + 1)
        parts = min(steps, max(-(-places // PLACES_AT_ONCE), -(-steps // MOST_STEPS)))  # one step's places may be more
        ends = [steps * part // parts * centers for part in range(parts + 1)]
        for index, (start, end) in enumerate(pairwise(ends)):
            yield Part(stream[start : end + 2 * margin], (epoch, number, index))

    def _kept(self, chunk: Chunk, epoch: int, number: int) -> Stream:
        """Subsample a chunk and draw the window of each token that is kept."""
        seed = self.settings.seed
        draws = generator(seed, Purpose.SUBSAMPLING, epoch, number).random(len(chunk.ids), dtype=np.float32)
        kept = np.flatnonzero(draws < self._keep.take(chunk.ids))
        low = 1 if self.settings.shrink_windows and not self.shape.run else self.settings.window
        windows = generator(seed, Purpose.WINDOW, epoch, number).integers(
            low, self.settings.window, len(kept), endpoint=True
        )
        return Stream(chunk.ids[kept], chunk.sentence[kept], windows, chunk.known_before + kept)

    def steps(self, part: Part) -> Steps:
        """Cut a part's S L N centers into S steps, and draw what they need.

        A part is cut into L stretches, and each step takes N centers of each, so that its lanes are far apart.
        """
        margin, shape, stream = self.settings.window, self.shape, part.stream
        count = (len(stream) - 2 * margin) // shape.step
        tokens, words = (
            sliding_window_view(ids, shape.centers + 2 * margin)[:: shape.centers].reshape(shape.lanes, count, -1)
            for ids in (stream.ids, np.where(stream.sentence == NO_SENTENCE, NO_SENTENCE, stream.ids))
        )  # (L, S, N + 2C): one lane's steps after the other in the text
        tokens, words = (np.ascontiguousarray(ids.swapaxes(0, 1)) for ids in (tokens, words))  # (S, L, N + 2C)
        positive = self._positives(stream).reshape(-1, shape.lanes, count, shape.centers)  # (2C + 1, L, S, N)
        occurrences = occurrences_in_rows(words.reshape(count, -1)).reshape(tokens.shape)  # padding counts as no word
        before = part.key[0] * self.tokens
        return Steps(
            self.objective.architecture,
            tokens,
            np.ascontiguousarray(positive.transpose(2, 1, 0, 3)),
            occurrences,
            self._draws(self._targets(tokens, positive), generator(self.settings.seed, Purpose.NOISE, *part.key)),
            (before + stream.place[margin :: shape.step]) / (self.tokens * self.settings.epochs),
            self._weights,
        )

    def _targets(self, tokens: Ids, positive: Bools) -> Ids:
        """(S, L, N + 2c) the target words; in CBOW what no context predicts is -1."""
        words = of_targets(self.objective.architecture, tokens, self.settings.window)
        if self.objective.architecture == "skipgram":
            return words
        predicted = positive.any(axis=0).swapaxes(0, 1)
        return np.where(predicted, words, np.int32(-1))

    def _positives(self, stream: Stream) -> Bools:
        """(2C + 1, len - 2C) which neighbors are contexts: of the window's, and where there are runs, of theirs."""
        found: Bools = positives(stream, self.settings.window).T
        if self._met is not None:
            found.reshape(len(found), -1, self._met.shape[1], copy=False)[...] &= self._met[:, None]
        return found


def _runs(objective: Objective, shape: StepShape) -> tuple[Bools | None, NDArray[np.float32] | None]:
    """Who meets whom in runs, and how much a pair counts; None where there are none, or each counts once."""
    run = shape.run
    if not run:
        return None, None
    if not objective.tree:
        return runs_of_inputs(run), None
    if shape.centers % (2 * run):
        raise SettingError(f"{shape} does not divide into pairs of runs, as hierarchical softmax needs them")
    return runs_of_targets(run), weights_of_targets(run)


Draws = Callable[[Ids, np.random.Generator], Drawn | None]
"""What an output side needs drawn or listed for S steps, whose target words are (S, L, N + 2c)."""


def _draws(objective: Objective, counts: NDArray[np.int64], settings: TrainSettings, shape: StepShape) -> Draws:
    if objective.tree:
        if objective.architecture == "cbow":
            of_leaves = LeafPathMaker(objective.tree)
            return lambda words, _: of_leaves.paths(words)
        return TextPathMaker(objective.tree, settings.window, shape.run).paths
    if objective.loss == "softmax":
        return lambda *_: None
    table = AliasTable(noise_distribution(counts, settings.ns_exponent))
    groups = (shape.lanes, shape.centers // shape.group, shape.noise)  # (L, G, K)
    reach = 0 if objective.architecture == "cbow" else 1 if shape.run else settings.window

    def noise(words: Ids, random: np.random.Generator) -> Noise:
        drawn = table.draw(random, (len(words), *groups))  # (S, L, G, K)
        occurrences = occurrences_in_rows(drawn.reshape(len(words), -1)).reshape(drawn.shape)
        return Noise(drawn, occurrences, settings.negative, shape.block, reach)

    return noise


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
    turned: Bools = found.T
    return turned


def occurrences_in_rows(ids: Ids) -> Ids:
    """For each entry of a matrix, how often its value stands in its row; the same shape."""
    keys = (ids.astype(np.int64) << 32) | np.arange(ids.size).reshape(ids.shape)  # sorting a key brings its place along
    keys.sort(axis=1)
    values = keys >> 32
    starts = np.ones(ids.shape, np.bool_)
    np.not_equal(values[:, 1:], values[:, :-1], out=starts[:, 1:])
    first = np.flatnonzero(starts)
    lengths = np.diff(first, append=starts.size)
    result = np.empty(ids.size, np.int32)
    result[keys.ravel() & 0xFFFFFFFF] = np.repeat(lengths, lengths)
    return result.reshape(ids.shape)
