"""The layer library of the lessons: every layer runs forward, and hands back the function that runs it backward.

A layer turns its input x into an output y. If the loss L changes by dL/dy for each number of y, then by the chain rule
it changes by dL/dx = dL/dy dy/dx for each number of x, and by dL/dw = dL/dy dy/dw for each number that the layer holds.
So `y, back = layer(x)` runs forward, and `d_x = back(d_y)` backward: it returns the gradient of the input, which the
layer before it asks for, and adds the layer's own gradients to those it has. What it needs from forward it remembers:
it was made there. A network runs forward through its layers, and backward through what they handed back, in reverse.

Letters: n examples (any number of axes), I inputs, O outputs, V rows; `d_` before a name is the loss's gradient of it.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Floats = NDArray[Any]
"""Of float64, or of float32 where a lesson is in a hurry."""
Ids = NDArray[np.int64]
Backward = Callable[[Floats], Floats]


class Parameter:
    """Numbers that are learned, and the gradient that has come back to them since the last step."""

    def __init__(self, value: Floats) -> None:
        self.value = value
        self.gradient = np.zeros_like(value)


class Linear:
    """y = x w + b, with w (I, O) and b (O,): lesson 1's line, for many inputs and outputs."""

    def __init__(self, w: Floats, b: Floats | None = None) -> None:
        self.w, self.b = Parameter(w), Parameter(np.zeros_like(w[0]) if b is None else b)
        self.parameters = [self.w, self.b]

    @classmethod
    def random(cls, inputs: int, outputs: int, generator: np.random.Generator, kind: DTypeLike = float) -> "Linear":
        """Weights so small that the outputs are about as large as the inputs: normal, of deviation 1 / sqrt(I)."""
        return cls((generator.normal(size=(inputs, outputs)) / np.sqrt(inputs)).astype(kind))

    def __call__(self, x: Floats) -> tuple[Floats, Backward]:
        """(n, I) to (n, O)."""

        def back(d_y: Floats) -> Floats:
            flat = d_y.reshape(-1, d_y.shape[-1])
            self.w.gradient += x.reshape(-1, x.shape[-1]).T @ flat
            self.b.gradient += flat.sum(axis=0)
            d_x: Floats = d_y @ self.w.value.T
            return d_x

        return x @ self.w.value + self.b.value, back


class Rows:
    """y = the row of each id: what `Linear` would make of one-hot vectors, without multiplying by their zeros."""

    def __init__(self, table: Floats) -> None:
        self.table = Parameter(table)
        self.parameters = [self.table]

    def __call__(self, ids: Ids) -> tuple[Floats, Backward]:
        """Ids (n,) to rows (n, O). Ids have no gradient, so what comes back is that of the table."""

        def back(d_y: Floats) -> Floats:
            ones = one_hot(ids.ravel(), self.table.value)
            self.table.gradient += ones.T @ d_y.reshape(len(ones), -1)  # a row that was used twice gets both
            return self.table.gradient

        return self.table.value[ids], back


def one_hot(ids: Ids, like: Floats) -> Floats:
    """(n, V): for each id a row of zeros with a 1 at its place, for a table of V rows `like` this one."""
    rows = np.zeros((len(ids), len(like)), like.dtype)
    rows[np.arange(len(ids)), ids] = 1
    return rows


def sigmoid(x: Floats) -> tuple[Floats, Backward]:
    """y = 1 / (1 + exp(-x)), from 0 to 1, which is a tanh of half the slope; dy/dx = y (1 - y)."""
    y = 0.5 + 0.5 * np.tanh(0.5 * x)
    return y, lambda d_y: d_y * y * (1 - y)


def tanh(x: Floats) -> tuple[Floats, Backward]:
    """y = tanh x, from -1 to 1; dy/dx = 1 - y y."""
    y = np.tanh(x)
    return y, lambda d_y: d_y * (1 - y * y)


def softmax(scores: Floats) -> Floats:
    """p = exp(score) / sum of exp(scores) along the last axis: all above 0, and together 1."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))  # the largest is 1, so that none overflows
    shares: Floats = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def cross_entropy(scores: Floats, targets: Ids) -> tuple[float, Floats]:
    """The mean of - log p(target) over n examples, in nats, and its gradient of the scores: (p - [target]) / n."""
    p = softmax(scores).reshape(-1, scores.shape[-1])
    examples = np.arange(len(p))
    loss = -float(np.log(p[examples, targets.ravel()]).mean())
    p[examples, targets.ravel()] -= 1
    return loss, (p / len(p)).reshape(scores.shape)


class Descent:
    """Gradient descent: each number moves against its gradient, by the learning rate times it."""

    def __init__(self, parameters: Sequence[Parameter]) -> None:
        self.parameters = parameters

    def step(self, rate: float) -> None:
        """Move all parameters, and forget their gradients."""
        for parameter in self.parameters:
            parameter.value -= rate * parameter.gradient
            parameter.gradient[...] = 0


class Adam:
    """Descent in which each number moves by about the rate, whatever the size of its gradients (Kingma and Ba 2015).

    It goes against a running mean of its gradients, divided by the root of a running mean of their squares.
    """

    def __init__(self, parameters: Sequence[Parameter], keep: float = 0.9, keep_square: float = 0.999) -> None:
        self.parameters, self.keep, self.keep_square = parameters, keep, keep_square
        self.means = [np.zeros_like(each.value) for each in parameters]
        self.squares = [np.zeros_like(each.value) for each in parameters]
        self.steps = 0

    def step(self, rate: float) -> None:
        """Move all parameters, and forget their gradients."""
        self.steps += 1
        grown, grown_square = 1 - self.keep**self.steps, 1 - self.keep_square**self.steps  # the means began at 0
        for at, parameter in enumerate(self.parameters):
            self.means[at] += (1 - self.keep) * (parameter.gradient - self.means[at])
            self.squares[at] += (1 - self.keep_square) * (parameter.gradient**2 - self.squares[at])
            parameter.value -= rate / grown * self.means[at] / (np.sqrt(self.squares[at] / grown_square) + 1e-8)
            parameter.gradient[...] = 0
