"""A network that remembers learns to write, character by character: a plain RNN, and an LSTM.

A language model says how probable each next character is, given all before it. It is measured in bits: a character
that it gave the probability p costs - log2 p bits, and the mean over text that it has not seen says how well it knows
the language (Shannon 1951). All characters alike cost log2 of their number; counting after the last two gets it down to
less than three bits; a network has to do better.

Both networks read the news stories of the demo corpus in several streams side by side, some steps at a time:

    read        scores, state, back = model.read(characters, state)
    loss        - log p(next character), its mean over all steps and streams
    send back   through time, from the last step of the piece to the first; the state goes on into the next piece, the
                gradient does not come back from there (truncated back-propagation through time)
    clip, step  Adam: descent in which each number has a pace of its own

`recurrent` has the two cells and explains them. Nothing in them knows of words, spaces or English; what they write at
the end is made of what the characters before let them expect. The temperature divides the scores before softmax: below
1 the probable becomes more probable, and the text more careful; above 1 it gets wild.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from pipeline.lessons.counting import bits_of_counting
from pipeline.lessons.layers import Adam, Floats, Ids, cross_entropy, softmax
from pipeline.lessons.page import WIDTH, Page
from pipeline.lessons.recurrent import LSTM, CharacterModel, Plain, clip
from pipeline.lessons.slope import largest_error
from pipeline.progress import Meter
from pipeline.text.demo import news

Cell = type[Plain] | type[LSTM]

CELLS: dict[str, tuple[Cell, float]] = {"RNN": (Plain, 0.004), "LSTM": (LSTM, 0.015)}  # with the rate of the beginning
HELD_OUT = 0.1
LONGEST = 1.0  # gradients are clipped to this length
TEMPERATURES = (0.4, 0.8, 1.2)
START, WRITTEN = "the ", 220
ORDERS = (0, 1, 2, 3)
SENTENCE = 68  # characters


@dataclass(frozen=True)
class Size:
    """How much is read, and by how large a network.

    Attributes:
        characters: of the text; all if it has fewer.
        hidden: numbers in a state.
        streams: that are read side by side.
        steps: of a piece, through which the gradient goes back.
        passes: through the text.
        looks: at the held-out text in each pass.
    """

    characters: int = 10**6
    hidden: int = 128
    streams: int = 32
    steps: int = 24
    passes: int = 4
    looks: int = 2


FULL = Size()


@dataclass(frozen=True, eq=False)
class Text:
    """Characters as numbers.

    Attributes:
        alphabet: the characters, by number.
        seen, unseen: the text to learn from and, its last tenth, the text to be measured on.
    """

    alphabet: str
    seen: Ids
    unseen: Ids

    @classmethod
    def of(cls, text: str) -> "Text":
        """The text in lower case."""
        text = text.lower()
        alphabet = "".join(sorted(set(text)))
        ids = np.array([alphabet.index(character) for character in text])
        end = len(ids) - int(len(ids) * HELD_OUT)
        return cls(alphabet, ids[:end], ids[end:])


@dataclass(frozen=True)
class Training:
    """How a network learned.

    Attributes:
        read: characters read at each look.
        bits: per held-out character, at each look.
        clipped: the share of steps whose gradient was clipped.
    """

    read: tuple[int, ...]
    bits: tuple[float, ...]
    clipped: float


@dataclass(frozen=True, eq=False)
class Result:
    """What the lesson found.

    Attributes:
        counted: bits per held-out character by counting, by order.
        trained: by cell.
        samples: what the LSTM writes, by temperature.
        sentence: held-out text, and the bits that each of its characters costs the LSTM.
        errors: by cell, the largest relative difference between gradient and slope.
    """

    counted: dict[int, float]
    trained: dict[str, Training]
    samples: dict[float, str]
    sentence: tuple[str, Floats]
    errors: dict[str, float]


def pieces(ids: Ids, streams: int, steps: int) -> Iterator[tuple[Ids, Ids]]:
    """The text as parallel streams, piece by piece: characters (T, B), and to each the next one."""
    length = (len(ids) - 1) // streams
    rows = np.arange(streams) * length
    for start in range(0, length, steps):
        at = rows + np.arange(start, min(start + steps, length))[:, None]  # (T, B)
        yield ids[at], ids[at + 1]


def train(model: CharacterModel, text: Text, size: Size, rate: float, look: Callable[[int], None]) -> float:
    """Pass through the text again and again; the rate falls to 0. Return the share of gradients that were clipped.

    Args:
        model: what learns.
        text: from its seen part.
        size: how much.
        rate: of the beginning.
        look: is called now and then, with the number of characters read, and at the end.
    """
    descent, clipped = Adam(model.parameters), 0
    work = [piece for _ in range(size.passes) for piece in pieces(text.seen, size.streams, size.steps)]
    marks = np.linspace(0, len(work), size.passes * size.looks + 1)[1:].round().astype(int).tolist()
    state, read = model.start(size.streams), 0
    for done, (characters, following) in enumerate(work):
        if done % (len(work) // size.passes) == 0:
            state = model.start(size.streams)  # the text begins again
        scores, state, back = model.read(characters, state)
        _, d_scores = cross_entropy(scores, following)
        back(d_scores)
        clipped += clip(model.parameters, LONGEST) > LONGEST
        descent.step(rate * (1 - done / len(work)))
        read += characters.size
        if done + 1 in marks:
            look(read)
    return clipped / len(work)


def bits(model: CharacterModel, ids: Ids, streams: int = 20) -> float:
    """Mean bits for each character of a text that is read in streams."""
    state, total, read = model.start(streams), 0.0, 0
    for characters, following in pieces(ids, streams, 100):
        scores, state, _ = model.read(characters, state)
        total += cross_entropy(scores, following)[0] * characters.size
        read += characters.size
    return total / read / float(np.log(2))


def write(model: CharacterModel, text: Text, generator: np.random.Generator, temperature: float) -> str:
    """Let it write: draw a character from its prediction, give it that to read, and so on."""
    written, state = START, model.start(1)
    scores, state, _ = model.read(np.array([[text.alphabet.index(character)] for character in START]), state)
    while len(written) < WRITTEN:
        p = softmax(scores[-1, 0].astype(float) / temperature)
        drawn = int(generator.choice(len(p), p=p))
        written += text.alphabet[drawn]
        scores, state, _ = model.read(np.array([[drawn]]), state)
    return written


def surprise(model: CharacterModel, ids: Ids) -> Floats:
    """Bits that each character of a text costs after those before it, (n - 1,)."""
    scores, _, _ = model.read(ids[:-1, None], model.start(1))
    p: Floats = softmax(scores[:, 0].astype(float))[np.arange(len(ids) - 1), ids[1:]]
    return -np.log2(p)


def gradient_error(cell: Cell, generator: np.random.Generator) -> float:
    """The finite-difference check through six steps of time, of every number of a small network."""
    model, ids = CharacterModel(cell, 5, 3, generator), generator.integers(5, size=(7, 2))

    def loss() -> float:
        return cross_entropy(model.read(ids[:-1], model.start(2))[0], ids[1:])[0]

    scores, _, back = model.read(ids[:-1], model.start(2))
    back(cross_entropy(scores, ids[1:])[1])
    return largest_error(loss, [(each.value, each.gradient) for each in model.parameters])


def teach(page: Page, seed: int, size: Size = FULL) -> Result:
    """Train both networks, and print how they come to know the language."""
    text = Text.of("\n".join(news())[: size.characters])
    generator = np.random.default_rng(seed)
    counted = {order: bits_of_counting(order, text.seen, text.unseen, len(text.alphabet)) for order in ORDERS}
    _show_text(page, text, counted)
    models, found = {}, {}
    for name, (cell, rate) in CELLS.items():
        models[name] = CharacterModel(cell, len(text.alphabet), size.hidden, generator, np.float32)
        found[name] = _trained(name, models[name], text, size, rate)
    _show_training(page, found, size)
    writer = models["LSTM"]
    samples = {temperature: write(writer, text, generator, temperature) for temperature in TEMPERATURES}
    _show_samples(page, samples)
    errors = {name: gradient_error(cell, generator) for name, (cell, _) in CELLS.items()}
    _show_check(page, errors)
    return Result(counted, found, samples, _sentence(writer, text), errors)


def _sentence(model: CharacterModel, text: Text) -> tuple[str, Floats]:
    """The beginning of a story that the network has not seen, and what its characters cost."""
    start = int(np.argmax(text.unseen == text.alphabet.index("\n")))  # the end of a line, which is the one before
    ids = text.unseen[start : start + SENTENCE]
    return "".join(text.alphabet[at] for at in ids[1:]), surprise(model, ids)


def _trained(name: str, model: CharacterModel, text: Text, size: Size, rate: float) -> Training:
    read, found = list[int](), list[float]()
    total = size.passes * len(text.seen)

    def look(characters: int) -> None:
        read.append(characters)
        found.append(bits(model, text.unseen))
        meter.show(characters, total, f"{found[-1]:.3f} bits a character")

    with Meter(name) as meter:
        clipped = train(model, text, size, rate, look)
    return Training(tuple(read), tuple(found), clipped)


def _show_text(page: Page, text: Text, counted: dict[int, float]) -> None:
    page.say(
        f"{len(text.seen):,} characters of news to learn from, {len(text.unseen):,} to be measured on;"
        f" {len(text.alphabet)} different ones, so {np.log2(len(text.alphabet)):.2f} bits each if all were alike."
        " What counting can do:"
    )
    names = ("how frequent each is", "after the one before", "after the two before", "after the three before")
    rows = [(str(order), names[order], f"{cost:.2f}", page.bar(cost / 6)) for order, cost in counted.items()]
    page.table(("order", "", "bits a character", ""), rows, right=(0, 2))


def _show_training(page: Page, found: dict[str, Training], size: Size) -> None:
    page.heading("Two networks read")
    page.say(f"Held-out bits a character, of a plain RNN and an LSTM with {size.hidden} numbers of state:")
    columns = [found[name] for name in CELLS]
    looks = zip(columns[0].read, *(column.bits for column in columns), strict=True)
    rows = [(f"{read:,}", *(f"{cost:.2f}" for cost in costs)) for read, *costs in looks]
    page.table(("characters read", *CELLS), rows, right=(0, 1, 2))
    shares = " and ".join(f"{found[name].clipped:.0%} ({name})" for name in CELLS)
    page.say(f"Gradients longer than {LONGEST} were clipped: {shares} of the steps.")


def _show_samples(page: Page, samples: dict[float, str]) -> None:
    page.heading("The LSTM writes")
    for temperature, sample in samples.items():
        page.say(f"At temperature {temperature}:")
        page.lines(textwrap.wrap(sample, WIDTH - 4))


def _show_check(page: Page, errors: dict[str, float]) -> None:
    page.heading("Is it the gradient?")
    found = " and ".join(f"{error:.0e} ({name})" for name, error in errors.items())
    page.say(f"Through six steps of time, every number of a small network of each kind: off by {found} of the slope.")
