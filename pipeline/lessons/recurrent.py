"""Networks that remember: a plain recurrent cell, an LSTM, and back-propagation through time for both.

A recurrent network reads one character at a time and keeps a state: what it has read so far, in H numbers. The same
cell with the same weights makes from each character x and the state before it the state after it. Written out over T
steps this is a network of T layers that share their weights, and nothing new is needed to train it: run forward through
the steps, keep what each hands back, and run backward through them from the last to the first. That is back-propagation
through time (Werbos 1990). The gradient reaches a step along two ways, from its own prediction and from the step after.

`Plain` (Elman 1990)      h = tanh(x + h w)

On the way back each step multiplies the gradient by w and by a slope of at most 1, so over many steps it vanishes, and
what happened long ago cannot be learned; or it explodes, and one unlucky passage throws all weights about. Against the
second helps `clip`: a gradient longer than a bound is made as long as the bound. Against the first helps another cell:

`LSTM` (Hochreiter and Schmidhuber 1997; forget gate: Gers and others 2000)

    i, f, o = sigmoid of three, g = tanh of the fourth quarter of x + h w
    c = f c + i g             a memory that is kept (f), and written to (i)
    h = o tanh(c)             and read (o)

From c to the c before, the gradient is only multiplied by f. Where the gate is open, it comes back whole.

Letters: T steps, B streams of text read side by side, H state, A characters of the alphabet.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import DTypeLike

from pipeline.lessons.layers import Floats, Ids, Linear, Parameter, Rows, sigmoid, tanh

BackInTime = Callable[[Floats], tuple[Floats, Floats]]
"""From the gradient of a state to that of the input and that of the state before."""


class Plain:
    """h = tanh(x + h w + b); the state is h, (1, B, H)."""

    states, width = 1, 1

    def __init__(self, size: int, generator: np.random.Generator, kind: DTypeLike = float) -> None:
        self.again = Linear.random(size, size, generator, kind)

    def __call__(self, x: Floats, state: Floats) -> tuple[Floats, BackInTime]:
        """One step: inputs (B, H) and state to the next state."""
        sums, back_from_sums = self.again(state[0])
        h, back_from_h = tanh(x + sums)

        def back(d_state: Floats) -> tuple[Floats, Floats]:
            d_x = back_from_h(d_state[0])
            return d_x, back_from_sums(d_x)[None]

        return h[None], back


class LSTM:
    """Gates around a memory; the state is h and c, (2, B, H)."""

    states, width = 2, 4

    def __init__(self, size: int, generator: np.random.Generator, kind: DTypeLike = float) -> None:
        self.again = Linear.random(size, 4 * size, generator, kind)
        self.again.b.value[size : 2 * size] = 1  # f begins open: remember, until you know what to forget

    def __call__(self, x: Floats, state: Floats) -> tuple[Floats, BackInTime]:
        """One step: inputs (B, 4 H) and state to the next state."""
        h, c = state
        size = h.shape[-1]
        sums, back_from_sums = self.again(h)
        gates, back_from_gates = sigmoid((x + sums)[:, : 3 * size])
        g, back_from_g = tanh((x + sums)[:, 3 * size :])
        i, f, o = np.split(gates, 3, axis=-1)
        c_new = f * c + i * g
        read, back_from_read = tanh(c_new)

        def back(d_state: Floats) -> tuple[Floats, Floats]:
            d_h, d_c = d_state
            d_c = d_c + back_from_read(d_h * o)
            d_gates = back_from_gates(np.concatenate([d_c * g, d_c * c, d_h * read], axis=-1))
            d_x = np.concatenate([d_gates, back_from_g(d_c * i)], axis=-1)
            return d_x, np.stack([back_from_sums(d_x), d_c * f])

        return np.stack([o * read, c_new]), back


class CharacterModel:
    """Reads characters and predicts the next one: a row for each, a cell, and scores.

    Args:
        cell: Plain or LSTM.
        alphabet: how many characters there are.
        size: of the state.
        generator: for the weights.
        kind: float64, or float32 for speed.
    """

    def __init__(
        self,
        cell: type[Plain] | type[LSTM],
        alphabet: int,
        size: int,
        generator: np.random.Generator,
        kind: DTypeLike = float,
    ) -> None:
        self.cell = cell(size, generator, kind)
        self.rows = Rows(generator.normal(0, 0.1, (alphabet, self.cell.width * size)).astype(kind))
        self.scores = Linear.random(size, alphabet, generator, kind)
        self.parameters: list[Parameter] = [
            *self.rows.parameters,
            *self.cell.again.parameters,
            *self.scores.parameters,
        ]

    def start(self, streams: int) -> Floats:
        """The state before anything was read: zeros."""
        w = self.scores.w.value
        return np.zeros((self.cell.states, streams, len(w)), w.dtype)

    def read(self, ids: Ids, state: Floats) -> tuple[Floats, Floats, Callable[[Floats], None]]:
        """Read characters, (T, B): the scores of the next ones, (T, B, A), the last state, and the way back."""
        x, back_from_x = self.rows(ids)  # (T, B, H or 4 H)
        states, backs = [state], list[BackInTime]()
        for step in x:
            state, back_from_state = self.cell(step, state)
            states.append(state)
            backs.append(back_from_state)
        scores, back_from_scores = self.scores(np.stack([each[0] for each in states[1:]]))

        def back(d_scores: Floats) -> None:
            d_h, d_x = back_from_scores(d_scores), np.empty_like(x)
            d_state = np.zeros_like(state)
            for t in reversed(range(len(x))):
                d_state[0] += d_h[t]
                d_x[t], d_state = backs[t](d_state)
            back_from_x(d_x)

        return scores, state, back


def clip(parameters: Sequence[Parameter], most: float) -> float:
    """Shorten all gradients together to length `most`, where they are longer; return how long they were."""
    length = float(np.sqrt(sum(float((each.gradient**2).sum()) for each in parameters)))
    if length > most:
        for each in parameters:
            each.gradient *= most / length
    return length
