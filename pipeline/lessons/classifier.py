"""A network tells three kinds of picture apart: neurons in layers, and back-propagation through them.

A picture has 8 pixels, two rows of four, and four of them are lit: a row (the upper or the lower), a half (the left or
the right), or a checkerboard (one or the other). Which kind is it? The two pictures of a kind are each other's opposite
and together light every pixel once. So a single layer, whose scores only add pixels up, is lost: the two scores that a
class gives to the two pictures of a kind add up to the same number for every kind. A class can win both of its pictures
only if its number is the largest, and only one class has that. Two layers can do better:

    sums   = x w + b                  8 pixels to 4 sums
    lit    = sigmoid(sums)            4 hidden neurons, each dark (0) or lit (1) or between
    scores = lit v + c                4 neurons to 3 scores
    p      = softmax(scores)          3 probabilities, which together are 1
    L      = - log p(kind)            the loss, in nats

Back-propagation is lesson 1's third step, once for each layer from the last to the first, each handing the gradient of
its input to the one before:

    dL/dscores = p - [kind]           [kind] is 1 at the right kind and 0 elsewhere
    dL/dlit    = dL/dscores v^T       and on the way   dL/dv = lit^T dL/dscores,  dL/dc = dL/dscores
    dL/dsums   = dL/dlit lit (1 - lit)
    dL/dx      = dL/dsums w^T         and on the way   dL/dw = x^T dL/dsums,      dL/db = dL/dsums

`Network` runs forward and backward side by side. What the four neurons are for, nobody says: it is found on the way.
"""

from dataclasses import dataclass

import numpy as np

from pipeline.lessons.layers import Backward, Descent, Floats, Ids, Linear, cross_entropy, sigmoid, softmax
from pipeline.lessons.page import Page
from pipeline.lessons.slope import largest_error

KINDS = ("row", "half", "checkerboard")
PICTURES = {  # name -> pixels, row by row; the two of a kind follow each other
    "upper row": "####....",
    "lower row": "....####",
    "left half": "##..##..",
    "right half": "..##..##",
    "checkerboard": "#.#..#.#",
    "the other": ".#.##.#.",
}
HIDDEN = 4
NOISE = 0.25
EXAMPLES, TOGETHER, PASSES, RATE = 600, 10, 100, 1.0


class Network:
    """8 inputs, 4 hidden neurons, 3 outputs."""

    def __init__(self, generator: np.random.Generator) -> None:
        self.hidden = Linear.random(8, HIDDEN, generator)
        self.output = Linear.random(HIDDEN, len(KINDS), generator)
        self.parameters = [*self.hidden.parameters, *self.output.parameters]

    def __call__(self, x: Floats) -> tuple[Floats, Backward]:
        """Scores (n, 3) of pictures (n, 8)."""
        sums, back_from_sums = self.hidden(x)  # (n, 4)
        lit, back_from_lit = sigmoid(sums)  # (n, 4)
        scores, back_from_scores = self.output(lit)  # (n, 3)
        return scores, lambda d_scores: back_from_sums(back_from_lit(back_from_scores(d_scores)))

    def lit(self, x: Floats) -> Floats:
        """How brightly each hidden neuron is lit by each picture, (n, 4)."""
        return sigmoid(self.hidden(x)[0])[0]


@dataclass(frozen=True, eq=False)
class Result:
    """What the lesson found.

    Attributes:
        accuracies: the share of unseen pictures told right after each pass, by the network.
        single: the same by a single layer.
        weights: (8, 4) what each hidden neuron looks for.
        lit: (6, 4) how brightly it is lit by each of the six clean pictures.
        error: the largest relative difference between gradient and slope.
    """

    accuracies: tuple[float, ...]
    single: tuple[float, ...]
    weights: Floats
    lit: Floats
    error: float


def clean() -> Floats:
    """The six pictures without noise, (6, 8)."""
    return np.array([[float(pixel == "#") for pixel in pixels] for pixels in PICTURES.values()])


def drawn(generator: np.random.Generator, n: int) -> tuple[Floats, Ids]:
    """Pictures with noise, (n, 8), and the kind of each, (n,)."""
    which = generator.integers(len(PICTURES), size=n)
    return clean()[which] + generator.normal(0, NOISE, (n, 8)), which // 2


def train(network: Network | Linear, seen: tuple[Floats, Ids], unseen: tuple[Floats, Ids]) -> tuple[float, ...]:
    """Lesson 1's four steps, ten pictures at a time; the share of unseen pictures told right after each pass."""
    descent, accuracies = Descent(network.parameters), []
    for _ in range(PASSES):
        for start in range(0, EXAMPLES, TOGETHER):
            now = slice(start, start + TOGETHER)
            scores, back = network(seen[0][now])
            _, d_scores = cross_entropy(scores, seen[1][now])
            back(d_scores)
            descent.step(RATE)
        accuracies.append(float((network(unseen[0])[0].argmax(axis=1) == unseen[1]).mean()))
    return tuple(accuracies)


def gradient_error(network: Network, x: Floats, kinds: Ids) -> float:
    """The finite-difference check of all that the network learns, through both layers."""
    scores, back = network(x)
    back(cross_entropy(scores, kinds)[1])
    claims = [(each.value, each.gradient.copy()) for each in network.parameters]
    for each in network.parameters:
        each.gradient[...] = 0
    return largest_error(lambda: cross_entropy(network(x)[0], kinds)[0], claims)


def both_ways(network: Network, x: Floats, kind: int) -> list[tuple[str, Floats, Floats]]:
    """Of one picture, (8,), row by row: a stage's name, its values on the way forward, its gradient on the way back."""
    sums, back_from_sums = network.hidden(x[None])
    lit, back_from_lit = sigmoid(sums)
    scores, back_from_scores = network.output(lit)
    d_scores = cross_entropy(scores, np.array([kind]))[1]
    d_lit = back_from_scores(d_scores)
    d_sums = back_from_lit(d_lit)
    d_x = back_from_sums(d_sums)
    for each in network.parameters:
        each.gradient[...] = 0
    return [
        ("8 pixels", x[:4], d_x[0, :4]),
        ("", x[4:], d_x[0, 4:]),
        ("4 sums", sums[0], d_sums[0]),
        ("4 neurons", lit[0], d_lit[0]),
        ("3 scores", scores[0], d_scores[0]),
    ]


def teach(page: Page, seed: int) -> Result:
    """Train the network and a single layer on the same pictures, and print what they make of others."""
    generator = np.random.default_rng(seed)
    seen, unseen = drawn(generator, EXAMPLES), drawn(generator, EXAMPLES)
    network, single = Network(generator), Linear.random(8, len(KINDS), generator)
    page.say("Six pictures of 8 pixels, and to each of them noise is added. Of which kind are they?")
    _show_pictures(page)
    _show_both_ways(page, network, seen[0][0], int(seen[1][0]))
    error = gradient_error(network, seen[0][:TOGETHER], seen[1][:TOGETHER])
    alone, accuracies = train(single, seen, unseen), train(network, seen, unseen)
    _show_accuracies(page, alone, accuracies)
    result = Result(accuracies, alone, network.hidden.w.value, network.lit(clean()), error)
    _show_neurons(page, result.lit)
    page.heading("Is it the gradient?")
    page.say(f"Moved by finite differences, all {8 * 4 + 4 + 4 * 3 + 3} numbers agree, to {error:.0e} of the slope.")
    return result


def _show_pictures(page: Page) -> None:
    rows = [[pixels[:4], pixels[4:]] for pixels in PICTURES.values()]
    shown = ["".join(f"{row[line]:<14}" for row in rows) for line in (0, 1)]
    page.lines(["".join(f"{name:<14}" for name in PICTURES), *(line.replace(".", "·") for line in shown)])


def _show_both_ways(page: Page, network: Network, x: Floats, kind: int) -> None:
    page.heading("Forward and back, side by side")
    page.say(f"A {KINDS[kind]} in the network before it has learned anything. Read down the left, then up the right:")
    stages = both_ways(network, x, kind)
    page.table(
        ("", "forward: values", "back: gradients"),
        [(name, _numbers(values), _numbers(gradient)) for name, values, gradient in stages],
    )
    p = softmax(stages[-1][1])
    shares = ", ".join(f"{share:.0%} {name}" for name, share in zip(KINDS, p, strict=True))
    page.say(f"The scores mean {shares}: a loss of {-np.log(p[kind]):.2f} nats.")


def _show_accuracies(page: Page, alone: tuple[float, ...], accuracies: tuple[float, ...]) -> None:
    page.heading("Pictures that it has not seen")
    marks = [0, 1, 4, 9, 19, 49, PASSES - 1]
    rows = [(str(at + 1), f"{alone[at]:.1%}", f"{accuracies[at]:.1%}", page.bar(accuracies[at])) for at in marks]
    page.table(("after pass", "single layer", "network", ""), rows, right=(0, 1, 2))


def _show_neurons(page: Page, lit: Floats) -> None:
    page.heading("Which neurons light up for which picture")
    rows = [(name, *(f"{value:.2f}" for value in row)) for name, row in zip(PICTURES, lit, strict=True)]
    page.table(("", *(f"neuron {n + 1}" for n in range(HIDDEN))), rows, right=range(1, 1 + HIDDEN))
    page.say(
        "Nobody told the neurons what to look for. Each ended as a question whose answer helps the layer above, and"
        " the kind is read off from all four answers together."
    )


def _numbers(values: Floats) -> str:
    return " ".join(f"{round(value, 2) + 0.0:+.2f}" for value in values.tolist())  # 0.0 makes 0 of -0
