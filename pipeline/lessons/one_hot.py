"""Why one-hot vectors say nothing, and how the company a word keeps says more.

A network works on numbers, so words must become numbers. The plainest way is to number the V words of a vocabulary and
to give each a vector of V numbers, all 0 but one:

    king    0 0 1 0 0 0 ...
    queen   0 0 0 0 1 0 ...

The inner product of two different ones is always 0, their distance always the square root of 2: a king is as far from a
queen as from a banana. And they take V x V numbers. For layers that is no loss, since one-hot vectors need never be
written down: a one-hot vector times a matrix is one row of it,

    x w = w[king]

so `Linear` on one-hot vectors is `Rows` on numbers, forward and backward. Those rows are what the next lessons learn.

What should a row say? "You shall know a word by the company it keeps" (Firth 1957). So count, for each word, how often
each other word stands within two places of it, and take that row of counts as its vector, each count as its square root
so that `the` and `of` do not drown the rest. Words that keep like company point the same way: their cosine, the inner
product of vectors of length 1, is near 1. Nothing is learned here; it is only counted, and has V x V numbers again.
What is missing is a way to say the same with a hundred numbers a word.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.lessons.layers import Floats, Ids, Linear, Rows, cross_entropy, one_hot
from pipeline.lessons.page import Page
from pipeline.lessons.slope import largest_error
from pipeline.progress import Meter
from pipeline.settings import TokenSettings
from pipeline.text.demo import wikipedia
from pipeline.text.tokens import Tokenizer

MIN_COUNT = 30
REACH = 2
GROUPS = {
    "numbers": ("two", "three", "four", "five"),
    "months": ("january", "june", "july", "december"),
    "directions": ("north", "south", "east", "west"),
    "countries": ("france", "italy", "spain", "china"),
    "verbs": ("can", "may", "could", "would"),
    "times": ("years", "months", "days", "hours"),
}
ASKED = ("three", "january", "north", "france", "can", "years", "said")
LARGE = 400_000  # words of a usual large model, which has 300 numbers a word


@dataclass(frozen=True, eq=False)
class Result:
    """What the lesson found.

    Attributes:
        words: (V,) the frequent words of the text.
        counts: (V, V) how often each stands near each.
        unit: (V, V) the square roots of it, each row of length 1.
        error: the largest relative difference between gradient and slope.
    """

    words: tuple[str, ...]
    counts: Ids
    unit: Floats
    error: float

    def count(self, word: str, other: str) -> int:
        """How often one stands near the other."""
        return int(self.counts[self.words.index(word), self.words.index(other)])

    def cosines(self, words: Sequence[str]) -> Floats:
        """The cosine of each with each."""
        rows = self.unit[[self.words.index(word) for word in words]]
        cosines: Floats = rows @ rows.T
        return cosines

    def nearest(self, word: str, n: int) -> list[tuple[str, float]]:
        """The n words whose company is most like that of a word, with their cosines."""
        cosines = self.unit @ self.unit[self.words.index(word)]
        order = [row for row in np.argsort(-cosines, kind="stable") if self.words[row] != word]
        return [(self.words[row], float(cosines[row])) for row in order[:n]]


def company(text: Sequence[Ids], size: int, reach: int = REACH) -> Ids:
    """How often each word stands within `reach` of each, (V, V); ids of -1 are no words."""
    pairs = []
    for ids in text:
        for distance in range(1, reach + 1):
            left, right = ids[:-distance], ids[distance:]
            both = (left >= 0) & (right >= 0)
            pairs.append(left[both] * size + right[both])
    counts: Ids = np.bincount(np.concatenate(pairs), minlength=size * size).reshape(size, size)
    counts += counts.T.copy()  # a neighbor is one from either side
    return counts


def read(lines: Iterable[str]) -> tuple[tuple[str, ...], list[Ids]]:
    """The frequent words, the most frequent first, and each line as their numbers; -1 is any other word."""
    tokenizer = Tokenizer(TokenSettings())
    tokens = [tokenizer.tokens(line) for line in lines]
    counted = Counter(token for line in tokens for token in line)
    words = tuple(word for word, count in counted.most_common() if count >= MIN_COUNT)
    number = {word: at for at, word in enumerate(words)}
    return words, [np.array([number.get(token, -1) for token in line], np.int64) for line in tokens]


def gradient_error(generator: np.random.Generator) -> float:
    """The finite-difference check of `Rows`, which is `Linear` on one-hot vectors."""
    rows, ids, targets = Rows(generator.normal(size=(5, 3))), np.array([1, 4, 1]), np.array([0, 2, 1])
    scores, back = rows(ids)
    back(cross_entropy(scores, targets)[1])
    claim = (rows.table.value, rows.table.gradient)
    return largest_error(lambda: cross_entropy(rows(ids)[0], targets)[0], [claim])


def teach(page: Page, seed: int) -> Result:
    """Compare one-hot vectors with counted company, on the Wikipedia articles of the demo corpus."""
    with Meter("reading") as meter:
        lines = []
        for line in wikipedia():
            lines.append(line)
            meter.show(len(lines), None, f"{len(lines):,} paragraphs")
    words, text = read(lines)
    _show_one_hot(page, words)
    error = gradient_error(np.random.default_rng(seed))
    _show_rows(page, words)
    counts = company(text, len(words))
    unit = np.sqrt(counts)
    unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)  # a word without company stays 0
    result = Result(words, counts, unit, error)
    _show_company(page, result, sum(len(line) for line in text))
    page.heading("Is it the gradient?")
    page.say(f"`Rows` passes the finite-difference check as well: its gradient differs by {error:.0e} of the slope.")
    return result


def _show_one_hot(page: Page, words: Sequence[str]) -> None:
    size = len(words)
    three = ("three", "four", "water")
    ones = one_hot(np.array([words.index(word) for word in three]), np.eye(1, size)[0])
    page.say(f"{size:,} words stand at least {MIN_COUNT} times in 106 articles of Wikipedia. As one-hot vectors:")
    rows = [(word, *(f"{ones[i] @ ones[j]:.0f}" for j in range(3))) for i, word in enumerate(three)]
    page.table(("inner product", *three), rows, right=(1, 2, 3))
    page.say(
        f"`four` is no more like `three` than `water` is, and so it is for all {size * (size - 1) // 2:,} pairs."
        f" Written down, these vectors would take {4 * size**2 / 1e6:.0f} MB; those of {LARGE:,} words"
        f" {4 * LARGE**2 / 1e9:.0f} GB, where 300 numbers a word take {4 * LARGE * 300 / 1e9:.2f} GB."
    )


def _show_rows(page: Page, words: Sequence[str]) -> None:
    page.heading("A one-hot vector picks a row")
    table = np.array([[0.5, -1.0, 2.0], [0.1, 0.2, 0.3], [7.0, 8.0, 9.0]])
    (product,), _ = Linear(table)(np.array([[0.0, 1.0, 0.0]]))
    lines = [" ".join(f"{number:5.1f}" for number in row) for row in (*table, product)]
    page.lines([f"           {lines[0]}", f"0 1 0   x  {lines[1]}   =  {lines[3]}", f"           {lines[2]}"])
    page.say(f"So `{words[1]}` need not be {len(words):,} numbers, only the number 1: it picks row 1 of a table.")


def _show_company(page: Page, result: Result, tokens: int) -> None:
    page.heading("The company a word keeps")
    page.say(f"How often some words stand within {REACH} places of each other, in {tokens:,} words of text:")
    beside = ("in", "on", "of", "until", "the", "from")
    rows = [(word, *(str(result.count(word, other)) for other in beside)) for word in ("january", "july", "france")]
    page.table(("", *beside), rows, right=range(1, 1 + len(beside)))
    page.say("Words whose company is most like that of a word, with the cosine of their rows of counts:")
    page.lines(
        [f"{word:<9} {', '.join(f'{near} {cosine:.2f}' for near, cosine in result.nearest(word, 5))}" for word in ASKED]
    )
    page.say("Numbers, months, points of the compass, countries: nobody said so, it stands in the text.")
