"""The path through the lessons, in order: each uses what the ones before it have built."""

import importlib
from dataclasses import dataclass
from types import ModuleType


@dataclass(frozen=True)
class Lesson:
    """A stop on the path.

    Attributes:
        name: by which it is called.
        line: what it is about.
        seconds: about how long it takes.
    """

    name: str
    line: str
    seconds: int = 1

    @property
    def module(self) -> ModuleType:
        """The page itself: `teach(page, seed)` prints it and returns what `picture.draw(figure, result)` draws."""
        return importlib.import_module(f"pipeline.lessons.{self.file}")

    @property
    def picture(self) -> ModuleType:
        """What draws it."""
        return importlib.import_module(f"pipeline.lessons.pictures.{self.file}")

    @property
    def file(self) -> str:
        """The name of its file, without the ending."""
        return self.name.replace("-", "_")


PATH = (
    Lesson("linear-regression", "a straight line finds four points: forward, loss, gradient, step"),
    Lesson("classifier", "a network of 8, 4 and 3 neurons tells small pictures apart"),
    Lesson("one-hot", "why numbering words says nothing, and the company they keep says much", 4),
    Lesson("skip-gram", "a word predicts those around it, against all words and then against a few", 3),
    Lesson("cbow", "the words around it together predict a word", 2),
    Lesson("char-rnn", "a network that remembers, RNN and LSTM, reads the news and writes", 30),
)


def lesson_named(name: str) -> Lesson:
    """The lesson of a name.

    Raises:
        KeyError: there is none.
    """
    return {lesson.name: lesson for lesson in PATH}[name]


def after(lesson: Lesson) -> Lesson | None:
    """The next one on the path."""
    rest = PATH[PATH.index(lesson) + 1 :]
    return rest[0] if rest else None
