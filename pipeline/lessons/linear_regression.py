"""A straight line finds four points: the four steps of all learning, in plain Python.

Four points are given, X = 1, 2, 3, 4 and Y = 4, 3, 2, 1. A line y = w x + b is to go through them, and all it has to
begin with is w = b = 0. It learns in four steps, which every later lesson repeats with more numbers:

    1. run forward               y = w x + b
    2. measure the loss          how far is y from the target t?  e = (y - t)^2 / 2
    3. send its gradient back    de/dy = y - t,  de/dw = de/dy dy/dw = (y - t) x,  de/db = y - t
    4. step against it           w = w - 0.1 de/dw,  b = b - 0.1 de/db

Step 3 is the chain rule: w moves y by x for each unit, and y moves the loss by y - t. Step 4 goes downhill a little
way, since the slope is true only where it was taken. The points come in order, and the line moves after each: that is
stochastic gradient descent, and the trainers of word vectors in this program do nothing else.

What is reported is the squared error divided by 0.5, summed over a pass through the points, each taken before the line
moves on its account. That is four times e, so its slope is four times the one above; a constant factor changes neither
where the bottom is nor the way down, only the learning rate by which it is reached.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pipeline.lessons.page import Page

X = (1, 2, 3, 4)
Y = (4, 3, 2, 1)
RATE = 0.1
PASSES = 200


@dataclass(frozen=True)
class Pass:
    """What one pass through the points left behind.

    Attributes:
        loss: the reported loss, summed over the points as they came.
        w, b: the line after it.
    """

    loss: float
    w: float
    b: float


@dataclass(frozen=True)
class Result:
    """What the lesson found.

    Attributes:
        passes: one after the other.
        error: the largest relative difference between the gradient and the slope of e.
    """

    passes: tuple[Pass, ...]
    error: float


def forward(w: float, b: float, x: float) -> float:
    """Step 1: the height of the line at x."""
    return w * x + b


def loss(y: float, target: float) -> float:
    """Step 2: e, half the squared distance."""
    return (y - target) ** 2 / 2


def reported_loss(y: float, target: float) -> float:
    """The same four times as large: the squared error divided by 0.5."""
    return (y - target) ** 2 / 0.5


def backward(x: float, y: float, target: float) -> tuple[float, float]:
    """Step 3: de/dw and de/db."""
    d_y = y - target
    return d_y * x, d_y


def learn(passes: int = PASSES) -> Iterator[Pass]:
    """Step 4, again and again: pass through the points, and move the line after each."""
    w = b = 0.0
    for _ in range(passes):
        total = 0.0
        for x, target in zip(X, Y, strict=True):
            y = forward(w, b, x)
            total += reported_loss(y, target)
            d_w, d_b = backward(x, y, target)
            w, b = w - RATE * d_w, b - RATE * d_b
        yield Pass(total, w, b)


def largest_error(w: float, b: float, step: float = 1e-4) -> float:
    """How far `backward` is from the slope of `loss`, relatively: moved up and down a little, at each of the points."""
    errors = []
    for x, target in zip(X, Y, strict=True):
        d_w, d_b = backward(x, forward(w, b, x), target)
        for claimed, move_w, move_b in ((d_w, step, 0.0), (d_b, 0.0, step)):
            above = loss(forward(w + move_w, b + move_b, x), target)
            below = loss(forward(w - move_w, b - move_b, x), target)
            errors.append(abs((above - below) / (2 * step) - claimed) / abs(claimed))
    return max(errors)


def teach(page: Page, seed: int) -> Result:  # noqa: ARG001 - nothing here is left to chance
    """Let the line learn, and print what it does."""
    page.say("Four points, (1, 4), (2, 3), (3, 2) and (4, 1), and a line y = wx + b that starts flat at 0.")
    page.say(
        "At each point: run forward to y; measure the squared error; its slope is (y - target) x along w and"
        f" y - target along b; move both by {RATE} times that, downhill. {PASSES} passes:"
    )
    page.line("")
    passes = []
    for i, now in enumerate(learn()):
        page.line(f"After iteration {i}, loss: {now.loss:.2f}. y = {now.w:.2f}x + {now.b:.2f}")
        passes.append(now)
    error = largest_error(0.0, 0.0)
    page.heading("Is it the gradient?")
    page.say(
        "Moved up and down by 0.0001, the loss changes as the formulas say, at every point, along w and along b: they"
        f" differ by {error:.0e} of the slope. Every lesson ends with this check."
    )
    return Result(tuple(passes), error)
