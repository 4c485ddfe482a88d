"""The reference trainer: every model in float64, one pair of input and target at a time.

This is the clean, minimal twin of `fast`: it refuses every trick, shares no array code with it, and is slow (about
10,000 words/s). It exists to be read and to be compared with. What it computes is a step of gradient descent on the
loss summed over a batch; with a batch of a single pair that is the order of Mikolov's program.

For every center n, the input side gives the examples (rows of `vectors` that make the input vector h, target words):

    skip-gram   one example for all p contexts: h is the center's row, the targets are the contexts
    CBOW        one example: h is the mean or sum of the contexts' rows, the target is the center
    fastText    either of them, with all rows of a word in the place of its own

and the output side the loss and gradient of h with its targets:

    negative sampling      the target with label 1 and weight 1, and each of the K noise words of n's group with
                           label 0 and weight  targets * negative / K
    hierarchical softmax   the inner nodes on each target's path; in skip-gram a pair may count less (`runs`)
    full softmax           every word, once for each target

All gradients are taken at the parameters before the step; what skip-gram with hierarchical softmax misses by that is
added (`order`). A gradient belongs to an occurrence of a row, so that each can move at its own rate
(`batch.row_rates`): a token of the step, with fastText a row of a different word of the step; a noise word of a group,
a node of the tree as `node_updates` says, a word of the vocabulary in full softmax: a lane.
"""

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np

from pipeline.models import cbow, fasttext, hierarchical_softmax, negative_sampling, skip_gram, softmax
from pipeline.models.negative_sampling import Float64s
from pipeline.training import order
from pipeline.training.batch import SHARING, Batch, Floats
from pipeline.training.drawn import Noise
from pipeline.training.node_updates import NodeUpdates
from pipeline.training.objective import Objective
from pipeline.training.parameters import Parameters
from pipeline.training.pieces import Pieces
from pipeline.training.updates import Update, apply, of_token


class Target(NamedTuple):
    """A word to predict, where it stands among the lane's targets, and how much the pair counts."""

    word: int
    place: int
    weight: float = 1.0


Piece = tuple[int, tuple[int, int]]
"""Of fastText: a row, and of which word it is the how-manieth."""

Output = tuple[float, Float64s, list[Update]]
"""The loss of an example, the gradient of its input vector, (D,), and those of the rows of `contexts`."""


class ReferenceTrainer:
    """Textbook steps on float64 parameters."""

    def __init__(self, objective: Objective) -> None:
        self.objective = objective
        self._output = {"ns": _negative, "hs": self._hierarchical, "softmax": _softmax}[objective.loss]

    def step(self, parameters: Parameters, batch: Batch, rate: float) -> float:
        """Move `parameters` by one step of learning rate `rate`; return the batch's summed loss before it, in nats."""
        loss, updates = self._gradients(parameters, batch)
        apply([*updates, *self._of_the_order(parameters, batch, rate)], parameters, rate)
        return loss

    def loss(self, parameters: Parameters, batch: Batch) -> float:
        """The batch's summed loss, in nats; moves nothing."""
        return self._gradients(parameters, batch)[0]

    def _gradients(self, parameters: Parameters, batch: Batch) -> tuple[float, list[Update]]:
        example = self._skip_gram if self.objective.architecture == "skipgram" else self._cbow
        total, updates = 0.0, list[Update]()
        for lane, n in np.ndindex(batch.centers.shape):
            contexts = [n + int(o) for o in np.flatnonzero(batch.positive[lane, n])]
            if contexts:
                loss, found = example(parameters, batch, (lane, n), contexts)
                total += loss
                updates += found
        return total, updates

    def _skip_gram(
        self, parameters: Parameters, batch: Batch, at: tuple[int, int], contexts: list[int]
    ) -> tuple[float, list[Update]]:
        lane, place = at[0], at[1] + batch.window
        weights = [batch.targets.weight(context - at[1]) for context in contexts]
        words = batch.tokens[lane, contexts].tolist()
        targets = [Target(*each) for each in zip(words, contexts, weights, strict=True)]
        if parameters.pieces:
            return self._with_pieces(parameters, batch, at, [place], targets, mean=True)
        h = skip_gram.forward(_rows(parameters.vectors, batch.tokens[lane, [place]]))
        loss, d_h, updates = self._output(parameters, batch, at, h, targets)
        (d_row,) = skip_gram.gradient(d_h)
        return loss, [*updates, of_token(batch, lane, place, d_row)]

    def _cbow(
        self, parameters: Parameters, batch: Batch, at: tuple[int, int], contexts: list[int]
    ) -> tuple[float, list[Update]]:
        (lane, n), mean = at, self.objective.mean
        target = Target(int(batch.centers[lane, n]), n)
        if parameters.pieces:
            return self._with_pieces(parameters, batch, at, contexts, [target], mean=mean)
        h = cbow.forward(_rows(parameters.vectors, batch.tokens[lane, contexts]), mean)
        loss, d_h, updates = self._output(parameters, batch, at, h, [target])
        d_rows = cbow.step_factor(len(contexts), mean) * cbow.gradient(d_h, len(contexts), mean)
        pairs = zip(contexts, d_rows, strict=True)
        return loss, [*updates, *(of_token(batch, lane, place, d_row) for place, d_row in pairs)]

    def _with_pieces(
        self,
        parameters: Parameters,
        batch: Batch,
        at: tuple[int, int],
        places: list[int],
        targets: list[Target],
        *,
        mean: bool,
    ) -> tuple[float, list[Update]]:
        """One example of fastText, whose input words stand at these places of the lane."""
        rows = _pieces_of(parameters, batch, at[0], places)
        h = fasttext.forward(_rows(parameters.vectors, [row for row, _ in rows]), mean)
        loss, d_h, updates = self._output(parameters, batch, at, h, targets)
        return loss, [*updates, *self._of_pieces(parameters, batch, rows, d_h)]

    def _of_pieces(self, parameters: Parameters, batch: Batch, rows: list[Piece], d_h: Float64s) -> Iterator[Update]:
        """From the gradient of an input vector of fastText to those of its rows."""
        pieces, architecture = _needed(parameters.pieces), self.objective.architecture
        mean = self.objective.mean or architecture == "skipgram"
        d_rows = fasttext.step_factor(len(rows), mean) * fasttext.gradient(d_h, len(rows), mean)
        counts = _times_used(pieces, batch, architecture)
        for (row, entry), d_row in zip(rows, d_rows, strict=True):
            met = math.ceil(counts[row] / SHARING) if mean else counts[row] * len(pieces[entry[0]])
            yield Update("vectors", row, entry, met, d_row)

    def _of_the_order(self, parameters: Parameters, batch: Batch, rate: float) -> Iterator[Update]:
        """In skip-gram with hierarchical softmax, what attracts the inputs of a target to each other."""
        if not self.objective.tree or self.objective.architecture == "cbow":
            return
        h = partial(_skip_gram_input, parameters, batch)
        for (lane, n), d_h in order.attraction(self.objective.tree, batch, parameters.contexts, h, rate):
            place = n + batch.window
            if parameters.pieces:
                yield from self._of_pieces(parameters, batch, _pieces_of(parameters, batch, lane, [place]), d_h)
            else:
                yield of_token(batch, lane, place, skip_gram.gradient(d_h)[0])

    def _hierarchical(
        self, parameters: Parameters, batch: Batch, at: tuple[int, int], h: Float64s, targets: list[Target]
    ) -> Output:
        tree = self.objective.tree
        if tree is None:
            raise ValueError("hierarchical softmax needs a tree")
        total, d_h, updates = 0.0, np.zeros_like(h), list[Update]()
        for word, place, weight in targets:
            points, codes = tree.path(word)
            u, labels = _rows(parameters.contexts, points), codes.astype(np.float64)
            total += weight * hierarchical_softmax.loss(h, u, labels)
            d_input, d_nodes = (weight * each for each in hierarchical_softmax.gradient(h, u, labels))
            d_h += d_input
            updates += NodeUpdates(tree, batch).of(at, place, h, d_nodes, weight)
        return total, d_h, updates


def _pieces_of(parameters: Parameters, batch: Batch, lane: int, places: list[int]) -> list[Piece]:
    """The rows of the words at these places."""
    pieces, words = _needed(parameters.pieces), batch.tokens[lane, places].tolist()
    return [(int(row), (word, entry)) for word in words for entry, row in enumerate(pieces[word])]


def _needed(pieces: Pieces | None) -> Pieces:
    if pieces is None:
        raise ValueError("fastText needs the pieces of words")
    return pieces


def _skip_gram_input(parameters: Parameters, batch: Batch, at: tuple[int, int]) -> Float64s:
    """A center's input vector."""
    lane, place = at[0], at[1] + batch.window
    if parameters.pieces:
        rows = [row for row, _ in _pieces_of(parameters, batch, lane, [place])]
        return fasttext.forward(_rows(parameters.vectors, rows), mean=True)
    return skip_gram.forward(_rows(parameters.vectors, batch.tokens[lane, [place]]))


@lru_cache(maxsize=1)
def _times_used(pieces: Pieces, batch: Batch, architecture: str) -> Counter[int]:
    """How often each row is one of a word's, over the different words of a step."""
    words = batch.centers if architecture == "skipgram" else batch.tokens
    return Counter(int(row) for word in set(words.flat) for row in pieces[word])


def _negative(parameters: Parameters, batch: Batch, at: tuple[int, int], h: Float64s, targets: list[Target]) -> Output:
    noise, (lane, n) = batch.drawn, at
    if not isinstance(noise, Noise):
        raise TypeError("negative sampling needs a batch with noise")
    group = batch.group(n)
    drawn = noise.words[lane, group]  # (K,)
    labels = np.repeat([1.0, 0.0], [len(targets), len(drawn)])
    weights = np.repeat([1.0, len(targets) * noise.negative / len(drawn)], [len(targets), len(drawn)])
    u = _rows(parameters.contexts, [*(target.word for target in targets), *drawn])
    d_h, d_u = negative_sampling.gradient(h, u, labels, weights)
    updates = [_of_target(batch, noise, at, target, d_row) for target, d_row in zip(targets, d_u, strict=False)]
    for k, d_row in enumerate(d_u[len(targets) :]):
        count = int(noise.occurrences[lane, group, k])
        updates.append(Update("contexts", int(drawn[k]), ("noise", lane, group, k), count, d_row))
    return negative_sampling.loss(h, u, labels, weights), d_h, updates


def _softmax(parameters: Parameters, batch: Batch, at: tuple[int, int], h: Float64s, targets: list[Target]) -> Output:
    u = _rows(parameters.contexts, slice(None))
    total, d_h, d_u = 0.0, np.zeros_like(h), np.zeros_like(u)
    for target in targets:
        total += softmax.loss(h, u, target.word)
        d_input, d_rows = softmax.gradient(h, u, target.word)
        d_h += d_input
        d_u += d_rows
    words = enumerate(d_u)
    return total, d_h, [Update("contexts", word, ("word", at[0]), len(batch.tokens), d_row) for word, d_row in words]


def _rows(matrix: Floats, chosen: Any) -> Float64s:
    rows: Float64s = matrix[chosen].astype(np.float64)
    return rows


def _of_target(batch: Batch, noise: Noise, at: tuple[int, int], target: Target, gradient: Float64s) -> Update:
    """Each block of centers pulls a target by itself, so one within reach of several counts so many times."""
    (lane, n), centers, place = at, batch.centers.shape[1], target.place - batch.targets.present.shape[2] // 2
    first, last = max(place - noise.reach, 0), min(place + noise.reach, centers - 1)  # whose blocks reach it
    blocks = last // noise.block - first // noise.block + 1
    count = int(batch.targets.occurrences[lane, target.place]) * blocks
    return Update("contexts", target.word, ("target", lane, n // noise.block, target.place), count, gradient)
