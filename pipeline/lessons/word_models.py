"""What the lessons on skip-gram and CBOW share: two matrices, passes through the text, and what they show of it.

Every word has two rows, one for when it is given (`vectors`, the result) and one for when it is predicted (`contexts`):
a word seldom stands beside itself, so one row for both would have to be far from itself. How a given word turns into a
loss and gradients is what the two lessons are about; they take both from the files that the trainer of `firth train`
descends, in pipeline/models.

Letters: V words, D dimensions, K noise words, p contexts of a center.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from pipeline.lessons.layers import Descent, Floats, Ids, Parameter
from pipeline.lessons.page import Page
from pipeline.lessons.slope import largest_error
from pipeline.lessons.small_text import BRACES, SmallText, mates, nearest
from pipeline.progress import Meter
from pipeline.training.sampling import noise_distribution

DIMENSIONS, SPREAD = 10, 0.2
NOISE = 5
PASSES, RATE = 15, 0.05
SHOWN = 8
KINDS = ("full softmax", "negative sampling")


class Place(NamedTuple):
    """A place in the text.

    Attributes:
        center: the word there.
        contexts: the words around it, (p,).
        noise: for each of them the words drawn to be told from it, (p, K).
    """

    center: int
    contexts: Ids
    noise: Ids


class Gradient(NamedTuple):
    """The loss at one place and the gradients of the rows that it touches.

    Attributes:
        loss: in nats, summed over the words to predict.
        targets: how many these are.
        inputs, d_inputs: which rows of `vectors`, (p,), and their gradients, (p, D).
        outputs, d_outputs: the same of `contexts`.
        factor: by what the step multiplies the learning rate of the inputs.
    """

    loss: float
    targets: int
    inputs: Ids
    d_inputs: Floats
    outputs: Ids
    d_outputs: Floats
    factor: float = 1.0


Example = Callable[["WordModel", Place], Gradient]
"""A way to learn from a place."""


class WordModel:
    """Two rows for each word: `vectors` and `contexts`, (V, D)."""

    def __init__(self, size: int, generator: np.random.Generator) -> None:
        self.vectors = Parameter(generator.normal(0, SPREAD, (size, DIMENSIONS)))
        self.contexts = Parameter(np.zeros((size, DIMENSIONS)))

    def receive(self, found: Gradient, factor: float) -> None:
        """Add a gradient to those of the rows; a word that stands twice in it gets both."""
        np.add.at(self.vectors.gradient, found.inputs, factor * found.d_inputs)
        np.add.at(self.contexts.gradient, found.outputs, found.d_outputs)


@dataclass(frozen=True, eq=False)
class Learned:
    """What came of one way to train.

    Attributes:
        vectors: (V, D).
        losses: of each pass, mean nats for each word that was to be predicted.
        error: the largest relative difference between gradient and slope.
    """

    vectors: Floats
    losses: tuple[float, ...]
    error: float


@dataclass(frozen=True, eq=False)
class Result:
    """What a lesson found.

    Attributes:
        text: what was read.
        center, contexts: the example that is shown.
        probabilities: of all words, at the end of training: one vector for each context, (p, V).
        combined: (V,) for CBOW the prediction from all contexts together.
        learned: by the names in KINDS.
    """

    text: SmallText
    center: int
    contexts: Ids
    probabilities: Floats
    combined: Floats | None
    learned: dict[str, Learned]

    def neighbors(self, kind: str, word: str) -> list[str]:
        """As many nearest words as the text has words of the same use."""
        return [near for near, _ in nearest(self.text, self.learned[kind].vectors, word, len(mates(word)))]


def train(text: SmallText, example: Example, generator: np.random.Generator, title: str) -> tuple[WordModel, Learned]:
    """Pass through the places of the text in an order of chance, and step after each; the rate falls to 0."""
    model = WordModel(len(text.words), generator)
    descent, losses = Descent([model.vectors, model.contexts]), list[float]()
    with Meter(title) as meter:
        for done in range(PASSES):
            found, total, targets = places(text, generator), 0.0, 0
            for at in generator.permutation(len(found)):
                gradient = example(model, found[at])
                model.receive(gradient, gradient.factor)
                descent.step(RATE * (1 - done / PASSES))
                total, targets = total + gradient.loss, targets + gradient.targets
            losses.append(total / targets)
            meter.show(done + 1, PASSES, f"loss {losses[-1]:.3f}")
    return model, Learned(model.vectors.value, tuple(losses), gradient_error(model, example, found[1]))


def places(text: SmallText, generator: np.random.Generator) -> list[Place]:
    """All places of the text; a word is noise with the probability that the trainer gives it."""
    centers = list(text.centers())
    ends = np.cumsum([len(contexts) for _, contexts in centers])
    noise = generator.choice(len(text.words), (ends[-1], NOISE), p=noise_distribution(text.counts, 0.75))
    drawn = np.split(noise, ends[:-1])
    return [Place(center, contexts, words) for (center, contexts), words in zip(centers, drawn, strict=True)]


def gradient_error(model: WordModel, example: Example, place: Place) -> float:
    """The finite-difference check, of all rows: those that are not touched have to have no slope."""
    model.receive(example(model, place), 1.0)
    claims = [(each.value, each.gradient.copy()) for each in (model.vectors, model.contexts)]
    for each in (model.vectors, model.contexts):
        each.gradient[...] = 0
    return largest_error(lambda: example(model, place).loss, claims)


def place_of(text: SmallText, word: str) -> tuple[int, Ids]:
    """A center that is `word`, and the three contexts that it has somewhere."""
    return next(each for each in text.centers() if text.words[each[0]] == word and len(each[1]) == 3)


def show_text(page: Page, text: SmallText) -> None:
    """Some sentences, and how many there are."""
    page.say(f"{len(text.sentences)} sentences of {len(text.words)} different words; {DIMENSIONS} numbers a word. Six:")
    page.lines([text.shown(sentence) for sentence in text.sentences[:6]])


def show_losses(page: Page, losses: Sequence[float]) -> None:
    """How the loss falls."""
    rows = [
        (str(at + 1), f"{losses[at]:.3f}", page.bar(losses[at] / losses[0])) for at in (0, 1, 2, 4, 9, len(losses) - 1)
    ]
    page.table(("after pass", "mean loss", ""), rows, right=(0, 1))


def show_neighbors(page: Page, result: Result) -> None:
    """The nearest words of some, by both ways, and for how many words they are the same."""
    asked = [brace[0] for brace in BRACES]
    rows = [(word, *(", ".join(result.neighbors(kind, word)) for kind in KINDS)) for word in asked]
    page.table(("nearest to", *KINDS), rows)
    same, words = same_neighbors(result)
    page.say(
        f"For {same} of the {words} words that have others of their use, both ways end with the same nearest words."
    )


def same_neighbors(result: Result) -> tuple[int, int]:
    """For how many words both ways find the same nearest, and how many words there are."""
    words = [word for brace in BRACES for word in brace]
    same = [set(result.neighbors(KINDS[0], word)) == set(result.neighbors(KINDS[1], word)) for word in words]
    return sum(same), len(same)


def show_probabilities(
    page: Page, text: SmallText, headers: Sequence[str], predictions: Floats, answers: Sequence[int] | Ids
) -> None:
    """Predictions, (m, V), as columns, of the words most probable in one of them; the answer of each is marked."""
    shown = most_probable(predictions, answers)
    columns = list(zip(predictions, answers, strict=True))
    rows = [(text.words[word], *(_marked(p[word], word == answer) for p, answer in columns)) for word in shown]
    rest = (f"{len(text.words) - len(shown)} others", *(_marked(1 - p[shown].sum(), False) for p in predictions))
    page.table(("", *headers), [*rows, rest], right=range(1, 1 + len(headers)))


def most_probable(predictions: Floats, answers: Sequence[int] | Ids) -> Ids:
    """The words with the largest share in some prediction, and the answers, by their share in the last one."""
    largest = np.argsort(-predictions.max(axis=0), kind="stable")[:SHOWN]
    shown = np.union1d(largest, answers)
    ordered: Ids = shown[np.argsort(-predictions[-1, shown], kind="stable")]
    return ordered


def _marked(share: float, answer: bool) -> str:
    return f"{'* ' if answer else ''}{share:.1%}"


def show_check(page: Page, result: Result) -> None:
    """The finite-difference check of both ways."""
    page.heading("Is it the gradient?")
    errors = " and ".join(f"{result.learned[kind].error:.0e} ({kind})" for kind in KINDS)
    page.say(f"Every number of both matrices was moved by finite differences: off by {errors} of the slope.")
