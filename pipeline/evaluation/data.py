"""The questions: WordSim-353, SimLex-999 and Google's analogies, as they come with gensim.

WordSim-353: Finkelstein et al., "Placing Search in Context" (WWW 2001). SimLex-999: Hill, Reichart and Korhonen,
"SimLex-999" (Computational Linguistics 2015). Analogies: Mikolov et al., "Efficient Estimation of Word
Representations in Vector Space" (2013).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.errors import InputError

WORDSIM = "wordsim353.tsv"
SIMLEX = "simlex999.txt"
ANALOGIES = "questions-words.txt"


@dataclass(frozen=True)
class RatedPair:
    """Two words and how similar people found them."""

    first: str
    second: str
    rating: float


@dataclass(frozen=True)
class Question:
    """`a` is to `b` as `c` is to `expected`; questions of one kind form a section."""

    section: str
    a: str
    b: str
    c: str
    expected: str


def bundled(name: str) -> Path:
    """Where the installed gensim keeps the test file `name`."""
    from gensim.test.utils import datapath

    return Path(datapath(name))


def read_pairs(path: Path) -> list[RatedPair]:
    """Read lines of `word TAB word TAB rating`; lines that start with # are comments.

    Raises:
        InputError: a line is not of this form; the message names file and line.
    """
    pairs = []
    for number, line in _lines(path):
        if line.startswith("#"):
            continue
        try:
            first, second, rating = line.split("\t")
            pairs.append(RatedPair(first, second, float(rating)))
        except ValueError:
            raise InputError(f"{path}, line {number}: not `word TAB word TAB rating`: {line!r}") from None
    return pairs


def read_questions(path: Path) -> list[Question]:
    """Read sections, each a line `: name` and then lines of four words.

    Raises:
        InputError: a line is not of this form, or stands before the first section; the message names file and line.
    """
    questions = []
    section = None
    for number, line in _lines(path):
        if line.startswith(":"):
            section = line.lstrip(": ")
            continue
        words = line.split()
        if section is None or len(words) != 4:
            raise InputError(f"{path}, line {number}: not four words in a `: section`: {line!r}")
        questions.append(Question(section, *words))
    return questions


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, numbered from 1, without the white space at their ends."""
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, start=1):
            if text := line.strip():
                yield number, text
